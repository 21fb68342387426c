"""Who may be told of a private thing: the room whose thing it is says so, when a notice is about to go further up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

#: (what the notice is about, who might be told, the best first) → who is told, or None when nobody of them may be.
Guard = Callable[[str, list[int]], "int | None"]
_guards: list[Guard] = []


def register(guard: Guard) -> None:
    """A room hands over what guards its things; called once, when the room is ready."""
    _guards.append(guard)


def first_who_may(about: str, candidates: Iterable[int | None]) -> int | None:
    """The first of the candidates who may be told about this thing."""
    people = [pk for pk in dict.fromkeys(candidates) if pk is not None]
    for guard in _guards:
        allowed = guard(about, people)
        people = [] if allowed is None else [allowed]
    return people[0] if people else None
