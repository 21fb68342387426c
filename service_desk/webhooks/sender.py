"""The sender's loop: needs PostgreSQL alone, finds its way back to it by itself, and leaves on SIGTERM."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from service_desk.loop import connection_lost, give_up_connection, show_life
from service_desk.webhooks.emitting import CHANNEL
from service_desk.webhooks.sending import Sending, fan_out

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0  # a lost NOTIFY costs at most this
_LEAVE_SECONDS = 22.0
_SESSION = (
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '5s'",
    f"LISTEN {CHANNEL}",
)


class Sender:
    """One process that carries events out; any number may run at once."""

    def __init__(self, *, stopping: Callable[[], bool]) -> None:
        self.stopping = stopping
        self.sending = Sending()
        self._session: Any = None  # the connection that has our settings and listens

    def run(self) -> None:
        """Work until told to stop; then let what is on its way land, and leave."""
        while not self.stopping():
            show_life()
            self._guarded(self.step)
        leave_by = time.monotonic() + _LEAVE_SECONDS
        while len(self.sending.flights) and time.monotonic() < leave_by:
            self.sending.flights.wait(_PAUSE_SECONDS)
            self._guarded(self.sending.land)
        self._guarded(self.sending.land)
        self.sending.flights.close()
        connection.close()

    def step(self) -> None:
        """One turn: write down what has landed, fan out, send what is due, then wait."""
        self._settle()
        self.sending.land()
        fanned = fan_out()
        if self.sending.launch() == 0 and fanned == 0:
            self._wait()

    def _settle(self) -> None:
        connection.ensure_connection()
        if self._session is connection.connection:
            return
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
        self._session = connection.connection

    def _wait(self) -> None:
        """Until a NOTIFY, something that has landed, or a second has passed."""
        raw = self._session
        raw.poll()
        if not raw.notifies:
            select.select([raw, self.sending.flights.wake], [], [], _PAUSE_SECONDS)
            raw.poll()
        raw.notifies.clear()

    def _guarded(self, work: Callable[[], object]) -> None:
        """Run `work`; when PostgreSQL is away, forget the connection and try again in a second."""
        try:
            work()
        except Exception as error:
            if not connection_lost(error):
                raise
            log.warning("webhooks: PostgreSQL does not answer, trying again: %s", str(error).partition("\n")[0])
            self._session = None
            give_up_connection()
            time.sleep(_PAUSE_SECONDS)  # no wait for what lands: nobody can write it down, and it would wake at once
