"""Carries events to the endpoints: fanned out, claimed under a lease, sent outside any transaction, marked by fence.

One thread owns the database; each delivery on its way has a thread of its own that knows none. An endpoint that hangs
fills its own lanes and holds up nobody else.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import connection

from service_desk.flights import Flights
from service_desk.rest.posting import Answer, NotPosted, post_signed
from service_desk.webhooks import vault
from service_desk.webhooks.models import Post
from service_desk.webhooks.rules import (
    ANSWER_SECONDS,
    ANSWER_SHOWN,
    BATCH,
    GONE,
    LANES,
    LANES_IN_ALL,
    LEASE_SECONDS,
    MAX_TRIES,
    SEND_SECONDS,
    VERSION,
    PostState,
    retry_after,
)
from service_desk.webhooks.standing import Outcome, note_standing

log = logging.getLogger(__name__)
AGENT = "service-desk-webhook/1"

_FAN_OUT = """
WITH due AS (
    SELECT id, type, names FROM webhooks_event WHERE fanned_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), posts AS (
    INSERT INTO webhooks_post (event_id, endpoint_id, type)
    SELECT due.id, e.id, CASE WHEN due.type = ANY(e.types) THEN due.type
        ELSE (SELECT min(name) FROM unnest(due.names) name WHERE name = ANY(e.types)) END
    FROM due JOIN webhooks_endpoint e ON e.is_active AND e.types && due.names
    ON CONFLICT (event_id, endpoint_id) DO NOTHING
)
UPDATE webhooks_event SET fanned_at = statement_timestamp() FROM due WHERE webhooks_event.id = due.id
"""
# Of each endpoint as many as its lanes are free. `next_try_at` moves to the end of the lease with the claim, so that
# one index finds what is due and what was lost.
_CLAIM = """
UPDATE webhooks_post SET state = 'sending', fence = fence + 1, attempts = attempts + 1,
    next_try_at = statement_timestamp() + make_interval(secs => %(lease)s)
WHERE id IN (
    SELECT found.id FROM webhooks_endpoint e CROSS JOIN LATERAL (
        SELECT p.id FROM webhooks_post p
        WHERE p.endpoint_id = e.id AND p.state IN ('pending', 'sending') AND p.next_try_at <= statement_timestamp()
            AND p.attempts < %(most)s
        ORDER BY p.next_try_at, p.id
        LIMIT %(lanes)s - COALESCE((%(busy)s::json ->> e.id::text)::integer, 0)
        FOR UPDATE SKIP LOCKED) found
    WHERE e.is_active LIMIT %(limit)s)
RETURNING id, fence
"""
_LOST = """
UPDATE webhooks_post SET state = 'dead',
    tries = tries || jsonb_build_array(jsonb_build_object('at', statement_timestamp(), 'error', 'lease_expired'))
WHERE state = 'sending' AND attempts >= %s AND next_try_at <= statement_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery ready to leave; needs no database any more."""

    id: int
    fence: int
    endpoint_id: int
    attempts: int
    url: str
    key: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass
class Counts:
    """What one run did."""

    fanned: int = 0
    claimed: int = 0
    sent: int = 0
    failed: int = 0


def body_of(post: Post) -> bytes:
    """The envelope, the same bytes at every try."""
    envelope = {
        "id": post.event.key,
        "type": post.type,
        "timestamp": post.event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "version": VERSION,
        "data": post.event.data,
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def fan_out() -> int:
    """Give each event that nobody has looked at to the endpoints that want it; how many events."""
    with connection.cursor() as cursor:
        cursor.execute(_FAN_OUT, [BATCH])
        return int(cursor.rowcount)


class Sending:
    """What is on its way from this process; owned by one thread."""

    def __init__(self, *, seconds: float = SEND_SECONDS) -> None:
        self.flights: Flights[tuple[int, int], Outcome] = Flights(seconds=seconds)
        self._parcels: dict[tuple[int, int], Parcel] = {}
        self._unwritten: list[Outcome] = []
        self.wake, self.wait, self.close = self.flights.wake, self.flights.wait, self.flights.close

    def __len__(self) -> int:
        return len(self.flights)

    def launch(self) -> int:
        """Claim what is due as far as lanes are free, commit, and send each in a thread; how many were claimed."""
        busy = Counter(parcel.endpoint_id for parcel in self._parcels.values())
        claimed = self._claim(busy, LANES_IN_ALL - len(self._parcels))
        if claimed:
            for post in Post.objects.with_all().filter(pk__in=claimed):
                self._take_off(post, claimed[post.pk])
        return len(claimed)

    def land(self) -> Counts:
        """Write down how tries ended; what cannot be written yet is kept."""
        for landed in self.flights.landed():
            parcel = self._parcels.pop(landed.key)
            self._unwritten.append(landed.result or failed(parcel, "no_answer", landed.seconds))
        _give_up_lost()
        note_standing(self._unwritten)
        sent = sum(outcome.state == PostState.SENT for outcome in self._unwritten)
        counts = Counts(sent=sent, failed=len(self._unwritten) - sent)
        self._unwritten = []
        return counts

    def _claim(self, busy: Counter[int], limit: int) -> dict[int, int]:
        if limit <= 0:
            return {}
        values: dict[str, Any] = {
            "lease": LEASE_SECONDS,
            "most": MAX_TRIES,
            "lanes": LANES,
            "busy": json.dumps({str(pk): min(count, LANES) for pk, count in busy.items()}),
            "limit": limit,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            return dict(cursor.fetchall())

    def _take_off(self, post: Post, fence: int) -> None:
        endpoint = post.endpoint
        secrets = vault.in_force(endpoint.secret, endpoint.previous_secret)
        parcel = Parcel(
            post.pk, fence, endpoint.pk, post.attempts, endpoint.url, post.event.key, body_of(post), secrets
        )
        if not secrets:  # never unsigned
            self._unwritten.append(failed(parcel, "unreadable", 0.0))
            return
        key = (post.pk, fence)
        self._parcels[key] = parcel
        self.flights.launch(key, partial(send, parcel))


def send(parcel: Parcel) -> Outcome:
    """One try, without a database."""
    began = datetime.now(tz=UTC)
    try:
        answer = post_signed(
            parcel.url,
            message_id=parcel.key,
            body=parcel.body,
            secrets=parcel.secrets,
            agent=AGENT,
            seconds=ANSWER_SECONDS,
        )
    except NotPosted as error:
        return failed(parcel, error.reason, _since(began))
    except Exception as error:
        log.exception("Delivery %s failed", parcel.id)
        return failed(parcel, type(error).__name__, _since(began))
    if answer.ok:
        return Outcome(
            parcel.id, parcel.fence, parcel.endpoint_id, PostState.SENT, tried=_tried(answer, _since(began)), error=""
        )
    return failed(parcel, f"HTTP {answer.status}", _since(began), answer)


def failed(parcel: Parcel, reason: str, seconds: float, answer: Answer | None = None) -> Outcome:
    """How a try ended that did not succeed, and when the next one is."""
    gone = answer is not None and answer.status == GONE
    asked = answer.retry_after if answer is not None else None
    wait = None if gone else retry_after(parcel.attempts, random.random(), asked)  # noqa: S311  (jitter, no secret)
    return Outcome(
        parcel.id,
        parcel.fence,
        parcel.endpoint_id,
        PostState.DEAD if wait is None else PostState.PENDING,
        wait=wait or 0.0,
        error=reason[:ANSWER_SHOWN],
        gone=gone,
        tried={**_tried(answer, seconds), "error": reason[:ANSWER_SHOWN]},
    )


def _tried(answer: Answer | None, seconds: float) -> dict[str, Any]:
    said = {"status": answer.status, "answer": answer.text[:ANSWER_SHOWN]} if answer else {}
    return {**said, "ms": round(seconds * 1000)}


def _since(began: datetime) -> float:
    return (datetime.now(tz=UTC) - began).total_seconds()


def _give_up_lost() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOST, [MAX_TRIES])


def deliver_due(*, seconds: float = SEND_SECONDS) -> Counts:
    """Fan out and send what is due, and wait for it; for Celery and for tests."""
    total, sending = Counts(), Sending(seconds=seconds)
    try:
        while fanned := fan_out():
            total.fanned += fanned
        while True:
            landed = sending.land()
            total.sent, total.failed = total.sent + landed.sent, total.failed + landed.failed
            claimed = sending.launch()
            total.claimed += claimed
            if not claimed and not len(sending.flights):
                sending.land()
                return total
            if len(sending.flights):
                sending.flights.wait(1.0)
    finally:
        sending.flights.close()
