"""The loop under every process that needs PostgreSQL alone: work, then wait for a NOTIFY or a second.

It survives everything that can happen to its connection and leaves politely on SIGTERM. Sentinels and auditor are
this loop with different work; who carries things out of the house has one of its own (`carrier.py`).
"""

from __future__ import annotations

import logging
import select
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg2
import psycopg2.errors
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

#: A vanished client or a frozen process must not hold rows: the server ends it after these times.
_SESSION = (
    "SET statement_timeout = '5s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '5s'",
    "SET tcp_keepalives_idle = 10",
    "SET client_connection_check_interval = '5s'",
)
_BACK_OFF = (0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass
class Loop:
    """`work()` returns the seconds until it wants to be called again at the latest (capped at `longest`)."""

    name: str
    channel: str
    work: Callable[[], float]
    longest: float = 1.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; the statement at work is finished first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        failures = 0
        while not self.stopping.is_set():
            show_life()
            try:
                self._ready()
                wait = self.work()
                failures = 0
                self._wait(min(max(wait, 0.0), self.longest))
            except (DatabaseError, InterfaceError, psycopg2.Error, OSError) as error:
                if _is_locked_out(error):
                    # It has waited, and stands in the queue again at once: what is free is taken without a pause.
                    logger.warning("%s: somebody holds a lock for longer than we wait", self.name)
                    continue
                logger.warning("%s: the database is away, trying again: %s", self.name, " ".join(str(error).split()))
                give_up_connection()
                self.stopping.wait(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
                failures += 1
        give_up_connection()

    def _ready(self) -> None:
        """Connect where needed, with the session's limits and its ear on the channel."""
        if connection.connection is not None and not connection.connection.closed:
            return
        connection.close()
        connection.ensure_connection()
        with connection.cursor() as cursor:
            for setting in _SESSION:
                cursor.execute(setting)
            cursor.execute(f"LISTEN {connection.ops.quote_name(self.channel)}")

    def _wait(self, seconds: float) -> None:
        """Sleep until the channel speaks or the time is over."""
        raw = connection.connection
        if raw.notifies or seconds <= 0:
            raw.notifies.clear()
            return
        ready, _, _ = select.select([raw], [], [], seconds)
        if ready:
            raw.poll()
            raw.notifies.clear()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()


def connection_lost(error: Exception) -> bool:
    """Whether `error` says that PostgreSQL is away or has refused to go on, and nothing about what was asked of it.

    A bare psycopg2 error comes from the socket that listens.
    """
    return isinstance(error, OperationalError | InterfaceError | psycopg2.Error) or session_ended(error)


def session_ended(error: Exception) -> bool:
    """Whether the session at work is over, whatever the error is called.

    A server that ends in the middle of a statement is told by the driver as a plain DatabaseError without a code of
    the server's, on a connection that does not yet know that it is closed.
    """
    if not isinstance(error, DatabaseError):
        return False
    cause = error.__cause__
    plain = type(cause) is psycopg2.DatabaseError and cause.pgcode is None
    return plain or connection.connection is None or bool(connection.connection.closed)


def no_fault_of_a_row(error: Exception) -> bool:
    """Whether the server has nothing left to work with, so that no row may be blamed: it would fail with any.

    Class 53 of PostgreSQL's errors: no room on the disk, no memory, no connection left.
    """
    code = getattr(error.__cause__, "pgcode", None) or ""
    return session_ended(error) or (isinstance(error, DatabaseError) and code.startswith("53"))


def _is_locked_out(error: Exception) -> bool:
    """Whether only our patience for a lock has ended, on a connection that is as good as before."""
    told = isinstance(error.__cause__, psycopg2.errors.LockNotAvailable)
    return told and connection.connection is not None and not connection.connection.closed


def show_life() -> None:
    """Tell the supervisor, or systemd, that this loop still turns; without one there is nobody to tell."""
    if settings.PULSE_FILE:
        Path(settings.PULSE_FILE).touch()
    if settings.WATCHDOG_SOCKET:
        _pat(settings.WATCHDOG_SOCKET)


def _pat(address: str) -> None:
    """What sd_notify(3) says; an address that begins with @ is of the abstract kind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        try:
            line.sendto(b"WATCHDOG=1", f"\0{address[1:]}" if address.startswith("@") else address)
        except OSError as error:  # the next turn tries again; if none comes through, the process is started anew
            logger.debug("systemd does not listen: %s", error)


def give_up_connection() -> None:
    """Give the connection up, whatever state it is in."""
    try:
        connection.close()
    except (DatabaseError, InterfaceError):
        connection.connection = None
