"""The synonyms in force in this process: compared with the database at most every two seconds (K6)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from service_desk.knowledge.articles import synonyms
from service_desk.knowledge.models import SynonymList

EVERY = 2.0  # seconds
_REMEMBERED = 200  # questions


class Current:
    """The groups of one process: a list of its own for each number, put in place by one assignment."""

    def __init__(self) -> None:
        self._held: tuple[int, Sequence[Sequence[str]]] = (0, ())
        self._looked = float("-inf")
        self._asked: dict[str, list[str]] = {}

    def groups(self) -> Sequence[Sequence[str]]:
        """What means the same now."""
        if time.monotonic() - self._looked >= EVERY:
            self._looked = time.monotonic()
            newest = SynonymList.objects.newest().values_list("number", flat=True).first() or 0
            if newest != self._held[0]:
                found = SynonymList.objects.filter(number=newest).values_list("groups", flat=True).first()
                self._held, self._asked = (newest, found or ()), {}
        return self._held[1]

    def widened(self, asked: str) -> list[str]:
        """The wordings of a question; a page asks for the same one in each of its rows."""
        groups = self.groups()
        found = self._asked.get(asked)
        if found is None:
            if len(self._asked) >= _REMEMBERED:
                self._asked = {}
            found = self._asked[asked] = synonyms.wordings(asked, groups)
        return found

    def forget(self) -> None:
        """Look again at the next question: whoever has just changed the list sees it at once."""
        self._looked = float("-inf")


_current = Current()


def widened(asked: str) -> list[str]:
    """The question as typed, and in the other words that the desk takes for the same."""
    return _current.widened(asked)


def look_again() -> None:
    """After a change in this process, or between tests."""
    _current.forget()
