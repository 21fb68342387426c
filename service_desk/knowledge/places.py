"""Where a finding was made, as far as somebody may know of it (P6): rooms above say what their things are called.

A finding keeps words of a text. Whoever may not see the case it stands in sees neither the words nor the case.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """What a thing is called and where it is shown; of a private one no words are handed on."""

    label: str
    url: str
    private: bool = False


#: The places of one kind that this person may know of, by what stands behind `kind:`.
Resolver = Callable[[Any, Collection[str]], Mapping[str, Place]]
_RESOLVERS: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """Say how things of this kind are found; called when a room is ready."""
    _RESOLVERS[kind] = resolver


def seen_by(user: Any, things: Iterable[str]) -> dict[str, Place]:
    """The things that this person may know of; one that is missing is not for them, or is not there."""
    by_kind: dict[str, dict[str, str]] = {}
    for thing in things:
        kind, _colon, rest = thing.partition(":")
        by_kind.setdefault(kind, {})[rest] = thing
    found: dict[str, Place] = {}
    for kind, names in by_kind.items():
        resolver = _RESOLVERS.get(kind)
        if resolver is not None:
            found |= {names[rest]: place for rest, place in resolver(user, names.keys()).items()}
    return found
