"""Many boards cost one reading: what all people of equal roles may know is read once, what one knows beyond it, apart.

Shared is only what somebody with these roles would see who holds nothing and is in no circle: it is read for such a
person, made for it, so that nothing of anybody's own can be in it. The few confidential cases that somebody may know of
are then added for that person alone, and so are the notices that wait for their answer: both are asked each time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from threading import Lock
from typing import Any

from django.utils.translation import get_language

from service_desk.cases.models import Case
from service_desk.dashboard.board import now as board
from service_desk.dashboard.board.asking import Form, Statement, ask_for_each, count_all, written
from service_desk.dashboard.board.figures import FIGURES, sees_all_messages
from service_desk.dashboard.board.lines import Line
from service_desk.deadlines import clock
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
    return boards_of([user], since)[user.pk]


def boards_of(people: Sequence[Any], since: float) -> dict[int, board.Board]:
    """The boards of these people by their numbers, none read before `since` (of time.monotonic)."""
    shared = _shared(people, since)
    known = known_beyond(people)
    found: dict[int, board.Board] = {}
    for user in people:
        seen = shared[rights_of(user)]
        if not sees_all_messages(user):
            own = count_all({"call_backs": FIGURES["call_backs"].rows(user)})
            seen = replace(seen, numbers=seen.numbers | own)
        if known[user.pk]:
            seen = board.beyond(user, known[user.pk], seen)
        found[user.pk] = seen
    for person, mine in _mine(found).items():
        found[person] = _with(found[person], mine)
    return found


def forget() -> None:
    """Begin anew."""
    with _keeping:
        _kept.clear()
    board.forget()


#: Stands in the written question for the number of a person.
_NOBODY = -1


@cache
def _known() -> Statement:
    known = Case.objects.known_to(_NOBODY, reads=False).open().filter(confidential=True)
    return written({"known": known}, {"known": Form.PLACES})


def known_beyond(people: Sequence[Any]) -> dict[int, list[int]]:
    """By person: the open cases that they may know of and others with their roles may not; one query."""
    keys = [user.pk for user in people]
    return dict(zip(keys, ask_for_each(_known(), _NOBODY, keys), strict=True))


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


def _shared(people: Iterable[Any], since: float) -> dict[tuple[bool, ...], board.Board]:
    """By rights what everybody with them may see; what has to be read is read at once for all of them."""
    nobodies = {rights_of(user): anybody(user) for user in people}
    language = get_language()  # words stand in a reading
    kept = {rights: _place((*rights, language)) for rights in sorted(nobodies)}
    with ExitStack() as held:
        for each in kept.values():  # in one order, or two who read could wait for each other
            held.enter_context(each.lock)
        old = {rights: nobodies[rights] for rights, each in kept.items() if each.reading is None or each.began < since}
        began = time.monotonic()  # before the first look: what changes while it reads is in the next one
        for rights, reading in board.read_all(old, clock.now()).items() if old else ():
            kept[rights].reading, kept[rights].began = reading, began
        return {rights: each.reading for rights, each in kept.items() if each.reading is not None}


def _place(key: tuple[Any, ...]) -> _Kept:
    with _keeping:
        if len(_kept) >= _MOST_KEPT and key not in _kept:
            del _kept[min(_kept, key=lambda each: _kept[each].began)]
        return _kept.setdefault(key, _Kept())


def _mine(boards: dict[int, board.Board]) -> dict[int, dict[int, list[Any]]]:
    """By person: the notices that wait for their answer, by the case on their board that they are about; one query."""
    cases = {
        person: {f"case:{line.case.pk}": line.case.pk for line in (*found.urgent, *found.following) if line.case}
        for person, found in boards.items()
    }
    abouts = sorted({about for each in cases.values() for about in each})
    if not abouts:
        return {}
    mine: dict[int, dict[int, list[Any]]] = {}
    seen: set[tuple[int, str]] = set()
    rows = Notice.objects.waiting().filter(about__in=abouts, recipient__in=list(boards)).order_by("-id")
    for person, about, chain, key in rows.values_list("recipient", "about", "chain", "key"):
        if about in cases[person] and (person, chain) not in seen:
            seen.add((person, chain))
            mine.setdefault(person, {}).setdefault(cases[person][about], []).append(key)
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
