"""The dispatcher's loop: needs PostgreSQL alone, finds its way back to it by itself, and leaves on SIGTERM."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from service_desk.loop import connection_lost, give_up_connection, show_life
from service_desk.notices.actions import escalate_failures, open_next_channel, repeat_due
from service_desk.notices.outbox import Dispatch
from service_desk.notices.went_back import WallWatch, bring_near

log = logging.getLogger(__name__)

_AT_ONCE = 100
_PAUSE_SECONDS = 1.0  # a lost NOTIFY costs at most this
_LEAVE_SECONDS = 25.0
_SESSION = (
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '5s'",
    "LISTEN notices",
)
_TRANSACTION_TIMEOUT_SINCE = 170000
_BEAT = """
INSERT INTO notices_dispatcherbeat (name, beat_at, detail)
SELECT %(name)s, statement_timestamp(), jsonb_build_object(
    'in_flight', %(flights)s, 'open', count(*),
    'oldest_seconds', COALESCE(floor(extract(epoch FROM statement_timestamp() - min(created_at))), 0))
FROM (SELECT created_at FROM notices_delivery WHERE state IN ('pending', 'sending') LIMIT 10000) waiting
ON CONFLICT (name) DO UPDATE SET beat_at = EXCLUDED.beat_at, detail = EXCLUDED.detail
RETURNING beat_at
"""


class Dispatcher:
    """One process that drains the outbox."""

    def __init__(self, name: str, *, stopping: Callable[[], bool]) -> None:
        self.name = name
        self.stopping = stopping
        self.dispatch = Dispatch(name)
        self._session: Any = None  # the connection that has our settings and listens
        self._next_second = 0.0
        self._wall = WallWatch()

    def run(self) -> None:
        """Work until told to stop; then let the letters on their way land, and leave."""
        while not self.stopping():
            show_life()
            self._guarded(self.step)
        leave_by = time.monotonic() + _LEAVE_SECONDS
        while len(self.dispatch) and time.monotonic() < leave_by:
            self.dispatch.wait(_PAUSE_SECONDS)
            self._guarded(self.dispatch.land)
        self._guarded(self.dispatch.land)
        self.dispatch.close()
        connection.close()

    def step(self) -> None:
        """One turn: write down what has landed, send what is due, once a second everything else, then wait."""
        self._settle()
        landed = self.dispatch.land()
        if landed.given_up or landed.retried or landed.overtaken:
            log.info("%s: %s", self.name, landed)
        self._second()
        if self.dispatch.launch(_AT_ONCE) == 0:
            self._wait()

    def _second(self) -> None:
        """Repeats, next channels, failures and the sign of life, each second."""
        if time.monotonic() < self._next_second:
            return
        self._next_second = time.monotonic() + _PAUSE_SECONDS
        with connection.cursor() as cursor:
            cursor.execute(_BEAT, {"name": self.name, "flights": len(self.dispatch)})
            [(wall,)] = cursor.fetchall()
        if self._wall.went_back(wall) and (near := bring_near()):
            log.warning("%s: the clock has gone back; %s messages waited for a time too far ahead", self.name, near)
        repeat_due(self.name)
        open_next_channel()
        escalate_failures()

    def _settle(self) -> None:
        connection.ensure_connection()
        if self._session is connection.connection:
            return
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
            if connection.connection.server_version >= _TRANSACTION_TIMEOUT_SINCE:
                cursor.execute("SET transaction_timeout = '10s'")
        self._session = connection.connection

    def _wait(self) -> None:
        """Until a NOTIFY, a letter that has landed, or a second has passed."""
        raw = self._session
        raw.poll()
        if not raw.notifies:
            select.select([raw, self.dispatch.wake], [], [], _PAUSE_SECONDS)
            raw.poll()
        raw.notifies.clear()

    def _guarded(self, work: Callable[[], object]) -> None:
        """Run `work`; when PostgreSQL is away, forget the connection and try again in a second."""
        try:
            work()
        except Exception as error:
            if not connection_lost(error):
                raise
            log.warning("%s: PostgreSQL does not answer, trying again: %s", self.name, str(error).partition("\n")[0])
            self._session = None
            give_up_connection()
            time.sleep(_PAUSE_SECONDS)  # no wait for what lands: nobody can write it down, and it would wake at once
