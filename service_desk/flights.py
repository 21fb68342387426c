"""Work that may hang, each piece in a thread of its own, so that the loop that owns the database never waits for it.

What has not come back in time counts as unanswered, whatever its thread does.
"""

from __future__ import annotations

import logging
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

KeyT = TypeVar("KeyT", bound=Hashable)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Landed(Generic[KeyT, ResultT]):
    """A piece of work that is over; without a result it has run out of time."""

    key: KeyT
    result: ResultT | None
    seconds: float


class Flights(Generic[KeyT, ResultT]):
    """What is on its way; owned by one thread. `wake` becomes readable when something has landed."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.wake, self._waker = socket.socketpair()
        self.wake.setblocking(False)
        self._landed: queue.SimpleQueue[tuple[KeyT, ResultT, float]] = queue.SimpleQueue()
        self._began: dict[KeyT, float] = {}

    def __len__(self) -> int:
        return len(self._began)

    def keys(self) -> list[KeyT]:
        """What is on its way."""
        return list(self._began)

    def launch(self, key: KeyT, work: Callable[[], ResultT]) -> None:
        """Start `work`, which must not raise and knows no database."""
        self._began[key] = time.monotonic()
        threading.Thread(target=self._fly, args=[key, work], name=f"flight-{key}", daemon=True).start()

    def landed(self) -> list[Landed[KeyT, ResultT]]:
        """What is over since the last time, what has run out of time included."""
        self._drain()
        found: list[Landed[KeyT, ResultT]] = []
        while not self._landed.empty():
            key, result, took = self._landed.get()
            if self._began.pop(key, None) is not None:
                found.append(Landed(key, result, took))
        moment = time.monotonic()
        late = [key for key, began in self._began.items() if moment - began > self.seconds]
        return found + [Landed(key, None, moment - self._began.pop(key)) for key in late]

    def wait(self, seconds: float) -> None:
        """Sleep until something has landed, at most `seconds`."""
        select.select([self.wake], [], [], seconds)

    def close(self) -> None:
        """Release the sockets; what is still on its way finds nobody."""
        self.wake.close()
        self._waker.close()

    def _fly(self, key: KeyT, work: Callable[[], ResultT]) -> None:
        began = time.monotonic()
        self._landed.put((key, work(), time.monotonic() - began))
        try:
            self._waker.send(b"!")
        except OSError as error:  # closed meanwhile
            log.debug("Landed after closing: %s", error)

    def _drain(self) -> None:
        try:
            while self.wake.recv(4096):
                pass
        except BlockingIOError:
            return
