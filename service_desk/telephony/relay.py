"""Carries what Asterisk's manager tells into the desk, and begins again when the line breaks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from django.db import DatabaseError, close_old_connections

from service_desk.deadlines.clock import now
from service_desk.telephony.actions import receive_event
from service_desk.telephony.ami import AmiAddress, AmiConnection, AmiError
from service_desk.telephony.catching_up import ACTION_ID, CatchUp
from service_desk.telephony.drivers.asterisk import AmiMapper
from service_desk.telephony.models import Integration
from service_desk.telephony.problems import DoorProblem
from service_desk.telephony.reading import read_event

log = logging.getLogger(__name__)

PING_SECONDS = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
TRIES = 30


@dataclass
class Relay:
    """One phone system's line; `stop` ends it."""

    integration: Integration
    address: AmiAddress
    stop: threading.Event = field(default_factory=threading.Event)
    taken: int = 0
    refused: int = 0
    _connection: AmiConnection | None = None

    def run(self) -> None:
        """Read until stopped; wait a little longer after each failure in a row."""
        pause = FIRST_PAUSE
        while not self.stop.is_set():
            try:
                self.read_once()
                pause = FIRST_PAUSE
            except (AmiError, OSError) as error:
                log.warning("The line to Asterisk is down (%s); trying again in %.0f s", error, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            self.stop.wait(pause)

    def end(self) -> None:
        """Stop, also in the middle of a silence."""
        self.stop.set()
        if self._connection is not None:
            self._connection.end()

    def read_once(self) -> None:
        """One session with the manager, to its end; it begins with what was missed while the line was down."""
        connection = self._connection = AmiConnection(self.address)
        mapper = AmiMapper(now)
        missed = CatchUp(self.integration, mapper, now)
        try:
            missed.begin()
            connection.ask_running(ACTION_ID)
            with self._pinging(connection):
                for message in connection.messages():
                    for item in chain(missed.events(message), mapper.events(message)):
                        self._take(item)
                    if self.stop.is_set():
                        return
        finally:
            self._connection = None
            connection.close()

    def _take(self, item: dict[str, Any]) -> None:
        """Into the desk, as often as the database needs; one event that cannot be read stops nothing."""
        for _try in range(TRIES):
            try:
                receive_event(integration=self.integration, event=read_event(item))
            except DoorProblem as problem:
                if problem.kind != "in-progress":
                    self.refused += 1
                    log.warning("An event of Asterisk was refused: %s", problem.kind)
                    return
            except DatabaseError:
                log.exception("The database did not take an event; trying again")
                close_old_connections()
            else:
                self.taken += 1
                return
            if self.stop.wait(1.0):
                return
        log.error("An event of Asterisk is lost: the database did not answer for %d tries", TRIES)

    @contextmanager
    def _pinging(self, connection: AmiConnection) -> Iterator[None]:
        """A sign of life every few seconds, so that a dead line is noticed."""
        done = threading.Event()

        def ping() -> None:
            while not done.wait(PING_SECONDS):
                try:
                    connection.ping()
                except OSError:
                    return

        thread = threading.Thread(target=ping, name="ami-ping", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=5)
