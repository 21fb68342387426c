"""How a lower room tells the higher ones what has happened, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

NewsT = TypeVar("NewsT")


class Listeners(Generic[NewsT]):
    """Who listens to one kind of news; each hears it once, in the order in which they came."""

    def __init__(self) -> None:
        self._all: list[Callable[[NewsT], None]] = []

    def listen(self, listener: Callable[[NewsT], None]) -> Callable[[NewsT], None]:
        """Call `listener` with all news; where that is told in a transaction, its failure rolls it back."""
        if listener not in self._all:
            self._all.append(listener)
        return listener

    def stop_listening(self, listener: Callable[[NewsT], None]) -> None:
        """Take a listener away again."""
        self._all.remove(listener)

    def announce(self, news: NewsT) -> None:
        """Tell everybody who listens."""
        for listener in tuple(self._all):
            listener(news)
