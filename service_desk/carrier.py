"""The loop of whoever carries things out of the house: needs PostgreSQL alone, finds back to it, leaves on SIGTERM.

The dispatcher of notices and the sender of webhooks are this loop with different cargo.
"""

from __future__ import annotations

import logging
import select
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.db import connection

from service_desk.loop import connection_lost, give_up_connection, show_life
from service_desk.precedence import Standing

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0  # a lost NOTIFY costs at most this
_SESSION = (
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '5s'",
)
_TRANSACTION_TIMEOUT_SINCE = 170000
#: Seconds of difference to the machine's running time that are a jump.
_NOTED = 2.0


@dataclass
class WallWatch:
    """One process's eye on the database's clock, fed with its time about once a second."""

    _last: tuple[datetime, float] | None = None

    def went_back(self, wall: datetime) -> bool:
        """Whether the clock has gone back since the last look; nobody knows that of the time before the first."""
        running = time.monotonic()
        last, self._last = self._last, (wall, running)
        return last is None or (wall - last[0]).total_seconds() - (running - last[1]) < -_NOTED


class Cargo(Protocol):
    """What is on its way; `wake` becomes readable when something has landed."""

    @property
    def wake(self) -> Any:
        """A socket."""

    def __len__(self) -> int:
        """How many are on their way."""

    def wait(self, seconds: float) -> None:
        """Sleep until something has landed, at most `seconds`."""

    def land(self) -> object:
        """Write down how what has landed ended."""

    def close(self) -> None:
        """Release what waking needs."""


class Carrier(ABC):
    """One process that carries; any number may run at once."""

    channel: ClassVar[str]
    leave_seconds: ClassVar[float] = 25.0

    def __init__(self, name: str, cargo: Cargo, *, stopping: Callable[[], bool]) -> None:
        self.name = name
        self.cargo = cargo
        self.stopping = stopping
        self._session: Any = None  # the connection that has our settings and listens
        self._next_second = 0.0
        self._wall = WallWatch()
        self._standing = Standing()

    @abstractmethod
    def carry(self) -> bool:
        """Send what is due; whether anything was."""

    @abstractmethod
    def each_second(self) -> datetime:
        """What is to be done about once a second; the database's time."""

    @abstractmethod
    def bring_near(self) -> int:
        """After a clock that went back: bring near what the time before has put off too far; how many."""

    def land(self) -> None:
        """Write down how what has landed ended."""
        self.cargo.land()

    def run(self) -> None:
        """Work until told to stop; then let what is on its way land, and leave."""
        while not self.stopping():
            show_life()
            self._guarded(self.step)
        leave_by = time.monotonic() + self.leave_seconds
        while len(self.cargo) and time.monotonic() < leave_by:
            self.cargo.wait(_PAUSE_SECONDS)
            self._guarded(self.land)
        self._guarded(self.land)
        self.cargo.close()
        connection.close()

    def step(self) -> None:
        """One turn: write down what has landed, once a second everything else, send what is due unless steps come
        due by the thousand at this moment, then wait.
        """
        self._settle()
        self.land()
        self._second()
        if self._standing.back() or not self.carry():
            self._wait()

    def _second(self) -> None:
        if time.monotonic() < self._next_second:
            return
        self._next_second = time.monotonic() + _PAUSE_SECONDS
        if self._wall.went_back(self.each_second()) and (near := self.bring_near()):
            log.warning("%s: the clock has gone back; %s waited for a time too far ahead", self.name, near)

    def _settle(self) -> None:
        connection.ensure_connection()
        if self._session is connection.connection:
            return
        with connection.cursor() as cursor:
            for statement in _SESSION:
                cursor.execute(statement)
            if connection.connection.server_version >= _TRANSACTION_TIMEOUT_SINCE:
                cursor.execute("SET transaction_timeout = '10s'")
            cursor.execute(f"LISTEN {connection.ops.quote_name(self.channel)}")
        self._session = connection.connection

    def _wait(self) -> None:
        """Until a NOTIFY, something that has landed, or a second has passed."""
        raw = self._session
        raw.poll()
        if not raw.notifies:
            select.select([raw, self.cargo.wake], [], [], _PAUSE_SECONDS)
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
