"""What a room above adds to the page and the forms of a case of its kind: cases asks, knowing none of these rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service_desk.cases.faces import ClockFace
from service_desk.cases.models import Case


@dataclass(frozen=True, slots=True)
class Panels:
    """Templates for the places of the page, each drawn with `about`; and where the page's ways lead."""

    head: str  # above the actions
    beside: str  # among the facts
    crumb: str  # the list that it belongs to, as a template
    print_url: str  # its own sheet
    style: str  # its style sheet
    about: Any


Room = Callable[[Case, Any, datetime, Sequence[ClockFace]], Panels]
#: With which words the form of a move begins, by its fields: (case, verb) → words.
Begin = Callable[[Case, str], Mapping[str, str]]
_rooms: dict[str, Room] = {}
_begins: dict[str, Begin] = {}


def register_panels(kind: str, room: Room, begin: Begin) -> None:
    """Ask `room` for the panels of cases of this kind, `begin` for its first words; called once, when it is ready."""
    _rooms[kind] = room
    _begins[kind] = begin


def first_words(case: Case, verb: str) -> dict[str, str]:
    """What is known already of what this move asks; nothing for most."""
    begin = _begins.get(case.kind)
    return dict(begin(case, verb)) if begin is not None else {}


def panels_of(case: Case, user: Any, now: datetime, clocks: Sequence[ClockFace]) -> Panels | None:
    """The panels of this case for this person; None for a case of a kind that no room adds anything to."""
    room = _rooms.get(case.kind)
    return room(case, user, now, clocks) if room is not None else None
