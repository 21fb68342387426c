"""Finds the colleagues that a note names with @; pure, so that saving, checking and drawing read a text alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

#: Not inside an address such as li@example.com.
_NOT_IN_ADDRESS = r"(?<![A-Za-z0-9._%+-])"
_AT = re.compile(_NOT_IN_ADDRESS + "[@＠]")
_GOES_ON = re.compile(r"[A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a text: its place with the @, and whom it may mean."""

    start: int
    end: int
    words: str
    people: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `staff` is set where it is a mention."""

    text: str
    staff: int | None = None


def names_of(people: Iterable[tuple[int, str, str]]) -> dict[str, tuple[int, ...]]:
    """By what they may be called after the @: (number, full name, user name) of each; folded."""
    found: dict[str, tuple[int, ...]] = {}
    for pk, full_name, username in people:
        for name in {full_name.strip().casefold(), username.strip().casefold()} - {""}:
            found[name] = (*found.get(name, ()), pk)
    return found


def find(text: str, names: Mapping[str, tuple[int, ...]]) -> Iterator[Named]:
    """Every @ that a known name follows, the longest that fits; what is no name stays text."""
    longest = max((len(name) for name in names), default=0)
    for at in _AT.finditer(text):
        rest = text[at.end() : at.end() + longest]
        for length in range(len(rest), 0, -1):
            people = names.get(rest[:length].casefold())
            if people and not _is_cut(text, at.end() + length):
                yield Named(at.start(), at.end() + length, text[at.start() : at.end() + length], people)
                break


def _is_cut(text: str, end: int) -> bool:
    """Whether a Latin word goes on where the name would end: @li does not mean a @lisa."""
    return bool(_GOES_ON.match(text[end - 1]) and end < len(text) and _GOES_ON.match(text[end]))


def pieces(text: str, mentioned: Mapping[str, int]) -> list[Piece]:
    """The text cut at its mentions; `mentioned` are the words of each as they were written, and who it is."""
    if not mentioned:
        return [Piece(text)]
    words = sorted(mentioned, key=len, reverse=True)
    found = re.split(_NOT_IN_ADDRESS + "(" + "|".join(re.escape(word) for word in words) + ")", text)
    return [Piece(part, mentioned.get(part)) for part in found if part]
