"""What a room above adds to the page of a case of its kind: cases asks, knowing none of these rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_rooms: dict[str, Room] = {}


def register_panels(kind: str, room: Room) -> None:
    """Ask `room` for the panels of cases of this kind; called once, when it is ready."""
    _rooms[kind] = room


def panels_of(case: Case, user: Any, now: datetime, clocks: Sequence[ClockFace]) -> Panels | None:
    """The panels of this case for this person; None for a case of a kind that no room adds anything to."""
    room = _rooms.get(case.kind)
    return room(case, user, now, clocks) if room is not None else None
