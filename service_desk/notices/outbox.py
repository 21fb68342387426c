"""Carries deliveries out of the house: claimed under a lease, sent outside any transaction, marked under the fence.

One thread owns the database; each letter on its way has a thread of its own that knows none. So a channel that hangs
fills its own lanes and holds up nobody else, and a dispatcher needs a single connection.
"""

from __future__ import annotations

import json
import logging
import queue
import random
import select
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from service_desk.crashpoints import passing
from service_desk.notices.addressing import address_waiting
from service_desk.notices.channels import CHANNELS, Letter, NotSent
from service_desk.notices.letters import letter_for
from service_desk.notices.live import poke_many, told
from service_desk.notices.models import Delivery
from service_desk.notices.rules import LEASE_SECONDS, MAX_ATTEMPTS, SEND_SECONDS, DeliveryState, retry_after

log = logging.getLogger(__name__)

_LOST_SECONDS = 1.0
_ADDRESSING_SECONDS = 1.0
# `next_attempt_at` moves to the end of the lease with the claim, so one index finds what is due and what was lost. It
# begins with the channel: a queue of letters is not read through for what the other channels may have.
_CLAIM = """
UPDATE notices_delivery SET
    state = 'sending', fence = fence + 1, attempts = attempts + 1, door = %(door)s,
    repeat_possible = repeat_possible OR state = 'sending',
    lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
    next_attempt_at = statement_timestamp() + make_interval(secs => %(lease)s)
WHERE id IN (
    SELECT id FROM notices_delivery
    WHERE state IN ('pending', 'sending') AND next_attempt_at <= statement_timestamp() AND channel = %(channel)s
        AND (created_at <= statement_timestamp() - make_interval(secs => %(age)s) OR created_at > statement_timestamp())
        AND (state = 'pending' OR attempts < %(most)s)
    ORDER BY next_attempt_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, fence
"""
_LOST = """
UPDATE notices_delivery SET state = 'unknown', lease_until = NULL, repeat_possible = TRUE, last_error = 'lease_expired'
WHERE state = 'sending' AND attempts >= %(most)s AND next_attempt_at <= statement_timestamp()
"""
_MARK = """
WITH marked AS (
UPDATE notices_delivery d SET
    state = CASE WHEN o.state = 'dead' AND (d.repeat_possible OR o.uncertain) THEN 'unknown' ELSE o.state END,
    sent_at = CASE WHEN o.state = 'sent' THEN statement_timestamp() END,
    next_attempt_at = statement_timestamp() + make_interval(secs => o.wait),
    lease_until = NULL, last_error = o.error, repeat_possible = d.repeat_possible OR o.uncertain
FROM json_to_recordset(%s::json) AS o(id bigint, fence integer, state text, wait double precision, error text,
    uncertain boolean)
WHERE d.id = o.id AND d.fence = o.fence AND d.state = 'sending'
RETURNING d.notice_id)
SELECT count(*), array_agg(DISTINCT n.about) FROM marked JOIN notices_notice n ON n.id = marked.notice_id
"""


@dataclass
class Counts:
    """What one run did."""

    claimed: int = 0
    sent: int = 0
    retried: int = 0
    given_up: int = 0
    cancelled: int = 0
    overtaken: int = 0  # marked by nobody, because somebody else had claimed the row meanwhile

    def add(self, other: Counts) -> None:
        """Sum up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended; the row is changed only if `fence` is still the claim's."""

    id: int
    fence: int
    state: str
    wait: float = 0.0
    error: str = ""
    uncertain: bool = False


@dataclass
class Flight:
    """One letter on its way."""

    id: int
    fence: int
    channel: str
    attempts: int
    letter: Letter
    started: float = field(default_factory=time.monotonic)


class Dispatch:
    """Claims, launches and lands deliveries; owned by one thread."""

    def __init__(self, door: str, *, older_than: float = 0.0, seconds: float = SEND_SECONDS) -> None:
        self.door = door
        self.older_than = older_than
        self.seconds = seconds
        self.wake, self._waker = socket.socketpair()
        self.wake.setblocking(False)
        self._landed: queue.SimpleQueue[tuple[Flight, Outcome]] = queue.SimpleQueue()
        self._flights: dict[tuple[int, int], Flight] = {}
        self._unwritten: list[Outcome] = []
        self._next_lost = 0.0  # when to look again for what was given up with its sender
        self._next_addressing = 0.0  # and for notices whose letters are still to be written

    def __len__(self) -> int:
        return len(self._flights)

    def close(self) -> None:
        """Release the wake-up sockets; letters still on their way come back when their lease ends."""
        self.wake.close()
        self._waker.close()

    def wait(self, seconds: float) -> None:
        """Sleep until a letter has landed, at most `seconds`."""
        select.select([self.wake], [], [], seconds)

    def address(self) -> bool:
        """Write the letters of one batch of a storm's notices; whether there was one."""
        if time.monotonic() < self._next_addressing:
            return False
        found = address_waiting(older_than=self.older_than)
        if not found:
            self._next_addressing = time.monotonic() + _ADDRESSING_SECONDS
        return found

    def launch(self, limit: int) -> int:
        """Claim what is due as far as the lanes of its channel are free, and send each in a thread."""
        busy = Counter(flight.channel for flight in self._flights.values())
        claimed: dict[int, int] = {}
        for kind, channel in CHANNELS.items():
            free = min(channel.lanes - busy[kind], limit - len(claimed))
            if free > 0:
                claimed.update(self._claim(kind, free))
        if claimed:
            passing("outbox.claimed")
            rows = Delivery.objects.filter(pk__in=claimed).select_related(
                "notice__recipient", "notice__instead_of", "address"
            )
            for row in rows:
                self._take_off(row, claimed[row.pk])
        return len(claimed)

    def land(self) -> Counts:
        """Write down how attempts ended, those included that have run out of time; keeps what cannot be written yet."""
        self._drain_wake()
        while not self._landed.empty():
            flight, outcome = self._landed.get()
            if self._flights.pop((flight.id, flight.fence), None):
                self._unwritten.append(outcome)
        for flight in [f for f in self._flights.values() if time.monotonic() - f.started > self.seconds]:
            del self._flights[flight.id, flight.fence]
            self._unwritten.append(_failed(flight, NotSent("No answer in time.", uncertain=True)))
        counts = mark(self._unwritten)
        self._unwritten = []
        if time.monotonic() >= self._next_lost:
            self._next_lost = time.monotonic() + _LOST_SECONDS
            counts.given_up += _give_up_lost()
        return counts

    def _claim(self, kind: str, limit: int) -> list[tuple[int, int]]:
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM,
                {
                    "door": self.door,
                    "lease": LEASE_SECONDS,
                    "channel": kind,
                    "age": self.older_than,
                    "most": MAX_ATTEMPTS,
                    "limit": limit,
                },
            )
            claimed: list[tuple[int, int]] = cursor.fetchall()
        return claimed

    def _take_off(self, row: Delivery, fence: int) -> None:
        notice = row.notice
        if notice.repeat_no > 0 and (notice.acked_at or notice.stopped_at):
            self._unwritten.append(Outcome(row.pk, fence, DeliveryState.CANCELLED))
            return
        try:
            letter = letter_for(row)
        except Exception as error:
            # One poisonous notice must not stop the rest; it is given up in sight and escalated.
            log.exception("Delivery %s cannot be written", row.pk)
            self._unwritten.append(Outcome(row.pk, fence, DeliveryState.DEAD, error=repr(error)[:500]))
            return
        flight = Flight(row.pk, fence, row.channel, row.attempts, letter)
        self._flights[flight.id, flight.fence] = flight
        threading.Thread(target=self._fly, args=[flight], name=f"send-{row.channel}-{row.pk}", daemon=True).start()

    def _fly(self, flight: Flight) -> None:
        self._landed.put((flight, send(flight)))
        try:
            self._waker.send(b"!")
        except OSError as error:  # closed meanwhile: the dispatcher has left and the lease brings the letter back
            log.debug("Landed after closing: %s", error)

    def _drain_wake(self) -> None:
        try:
            while self.wake.recv(4096):
                pass
        except BlockingIOError:
            return


def send(flight: Flight) -> Outcome:
    """One attempt, without a database."""
    try:
        CHANNELS[flight.channel].send(flight.letter)
        passing("outbox.sent")
    except NotSent as error:
        return _failed(flight, error)
    except Exception as error:
        log.exception("Channel %s failed on delivery %s", flight.channel, flight.id)
        return _failed(flight, NotSent(repr(error)[:500], uncertain=True))
    return Outcome(flight.id, flight.fence, DeliveryState.SENT)


def _failed(flight: Flight, error: NotSent) -> Outcome:
    wait = None if error.final else retry_after(flight.attempts, random.random())  # noqa: S311  (jitter, no secret)
    state = DeliveryState.DEAD if wait is None else DeliveryState.PENDING
    return Outcome(flight.id, flight.fence, state, wait or 0.0, error.reason.replace("\0", "")[:500], error.uncertain)


def mark(outcomes: list[Outcome]) -> Counts:
    """Write outcomes down; one whose row was claimed by somebody else meanwhile changes nothing."""
    if not outcomes:
        return Counts()
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [json.dumps([vars(outcome) for outcome in outcomes])])
        written, abouts = cursor.fetchone()
    poke_many(told(abouts or ()))
    states = Counter(outcome.state for outcome in outcomes)
    return Counts(
        sent=states[DeliveryState.SENT],
        retried=states[DeliveryState.PENDING],
        given_up=states[DeliveryState.DEAD],
        cancelled=states[DeliveryState.CANCELLED],
        overtaken=len(outcomes) - written,
    )


def _give_up_lost() -> int:
    """What has had its last attempt and whose sender never came back: it may have arrived; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_LOST, {"most": MAX_ATTEMPTS})
        lost: int = cursor.rowcount
    return lost


def deliver_due(door: str, limit: int = 200, *, older_than: float = 0.0, seconds: float = SEND_SECONDS) -> Counts:
    """Send what is due, at most `limit` letters, and wait for them; for Celery and for tests."""
    total = Counts()
    dispatch = Dispatch(door, older_than=older_than, seconds=seconds)
    try:
        while True:
            total.add(dispatch.land())
            addressed = dispatch.address()
            # Only after landing: while all lanes are taken nothing is claimed, though more may be due.
            claimed = dispatch.launch(limit - total.claimed) if total.claimed < limit else 0
            total.claimed += claimed
            if claimed == 0 and not len(dispatch) and not addressed:
                total.add(dispatch.land())
                return total
            if len(dispatch):
                dispatch.wait(1.0)
    finally:
        dispatch.close()
