"""Many boards cost one reading: what all people of equal roles may know is read once, what one knows beyond it, apart.

Shared is only what somebody with these roles would see who holds nothing and is in no circle: it is read for such a
person, made for it, so that nothing of anybody's own can be in it. The few confidential cases that somebody may know of
are then added for that person alone, and so are the notices that wait for their answer: both are asked each time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language

from service_desk.cases.models import Case
from service_desk.dashboard.board import now as board
from service_desk.dashboard.board.asking import COUNTED, count_all
from service_desk.dashboard.board.figures import FIGURES, sees_all_messages
from service_desk.dashboard.board.lines import Line
from service_desk.deadlines import clock
from service_desk.kept import keep
from service_desk.notices.models import Notice
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.people.rules import LEADING_ROLES, READING_ROLES, Role

#: A page gets a reading of this age at most; its stream then tells it what is newer.
SHARED_SECONDS = 0.3
#: Who asks without having heard of anything gets a reading of this age: whoever has heard is asking for a newer one.
UNHEARD_SECONDS = 2.0
_MOST_KEPT = 64


@dataclass(slots=True)
class _Kept:
    """The last reading for people of the same rights, and since when what it says holds."""

    lock: Lock = field(default_factory=Lock)
    began: float = float("-inf")
    reading: board.Board | None = None


_kept: dict[tuple[Any, ...], _Kept] = {}
_keeping = Lock()


def board_of(user: Any, since: float) -> board.Board:
    """The board as this person may see it, not read before `since` (of time.monotonic)."""
    found = _shared(user, since)
    if not sees_all_messages(user):
        own = count_all({"call_backs": FIGURES["call_backs"].rows(user)})
        found = replace(found, numbers=found.numbers | own)
    cases = known_beyond(user)
    if cases:
        found = board.beyond(user, cases, found)
    mine = _mine(user, found)
    return _with(found, mine) if mine else found


def forget() -> None:
    """Begin anew."""
    with _keeping:
        _kept.clear()
    board.forget()


@keep
def _known(person: int) -> QuerySet[Case]:
    known = Case.objects.known_to(person, reads=False).open().filter(confidential=True)
    return known.order_by().only("pk")[: COUNTED + 1]


def known_beyond(user: Any) -> list[int]:
    """The open cases that this person may know of and others with their roles may not."""
    return [case.pk for case in _known(user.pk)]


def rights_of(user: Any) -> tuple[bool, ...]:
    """All that the figures of the board ask of a person who holds nothing: equal here, equal there (tested)."""
    return (
        user.has_role(*READING_ROLES),
        user.has_role(*LEADING_ROLES, Role.AUDITOR),
        bool(can(user, "call.view")),
        bool(can(user, "notice.undelivered")),
    )


def anybody(user: Any) -> Staff:
    """Somebody with these roles who is nobody: holds nothing, is in no circle, was told of nothing."""
    return Staff(pk=None, username="", roles=list(user.roles), is_active=True)


def _shared(user: Any, since: float) -> board.Board:
    rights = rights_of(user)
    key = (*rights, get_language())  # words stand in a reading
    with _keeping:
        if len(_kept) >= _MOST_KEPT and key not in _kept:
            del _kept[min(_kept, key=lambda each: _kept[each].began)]
        kept = _kept.setdefault(key, _Kept())
    with kept.lock:
        if kept.reading is None or kept.began < since:
            began = time.monotonic()  # before the first look: what changes while it reads is in the next one
            kept.reading = board.read(anybody(user), clock.now(), kept_as=rights)
            kept.began = began
        return kept.reading


def _mine(user: Any, found: board.Board) -> dict[int, list[Any]]:
    """The notices that wait for this person's answer, by the case on the board that they are about; one query."""
    cases = {f"case:{line.case.pk}": line.case.pk for line in (*found.urgent, *found.following) if line.case}
    mine: dict[int, list[Any]] = {}
    chains: set[str] = set()
    if cases:
        rows = Notice.objects.of(user).waiting().filter(about__in=cases).order_by("-id")
        for about, chain, key in rows.values_list("about", "chain", "key"):
            if chain not in chains:
                chains.add(chain)
                mine.setdefault(cases[about], []).append(key)
    return mine


def _with(found: board.Board, mine: dict[int, list[Any]]) -> board.Board:
    """The board with the answers that this person owes; the shared one stays as it is."""
    return replace(found, urgent=_answering(found.urgent, mine), following=_answering(found.following, mine))


def _answering(lines: Iterable[Line], mine: dict[int, list[Any]]) -> list[Line]:
    return [
        replace(line, answers=replace(line.answers, mine=mine.get(line.case.pk, [])))
        if line.case and line.answers
        else line
        for line in lines
    ]
