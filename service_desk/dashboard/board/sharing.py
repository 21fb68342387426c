"""Many open boards cost one reading: who sees the same shares it for a moment; whose board stands still gets no page.

Shared is only what somebody with the same roles would see who holds nothing and is in no circle: it is read for such a
person, made for it, so that nothing of anybody's own can be in it. Who has something confidential open reads alone;
the notices that wait for oneself are asked for each person, each time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.translation import get_language

from service_desk.cases.models import Case, CaseCircle
from service_desk.cases.rules import OPEN_STATES
from service_desk.dashboard.board import now as board
from service_desk.dashboard.board.lines import Line
from service_desk.deadlines import clock
from service_desk.notices.models import Notice
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.people.rules import LEADING_ROLES, READING_ROLES, Role

#: A reading serves others for so long. An open page that hears of a change asks later than this (js/board.js), so that
#: what it gets was read after the change.
SHARED_SECONDS = 0.3
#: Who asks without having heard of anything gets a reading of this age: whoever has heard is asking for a newer one.
UNHEARD_SECONDS = 2.0
#: What stands still is drawn anew at least so often, for the ages that the checks show.
REDRAWN_SECONDS = 30
#: Stands in shared pages for the token of the form, which is each session's own.
_TOKEN = "token-of-this-session"  # noqa: S105 - a place, no secret
_MOST_KEPT = 64


@dataclass(slots=True)
class Reading:
    """A board as it was read, and the pages drawn of it so far."""

    board: board.Board
    mark: str
    pages: dict[tuple[Any, ...], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Kept:
    lock: Lock = field(default_factory=Lock)
    began: float = float("-inf")
    reading: Reading | None = None


_kept: dict[tuple[Any, ...], _Kept] = {}
_keeping = Lock()


def moving_part(
    user: Any, template: str, *, has: str, heard: bool, here: str, token: Callable[[], str]
) -> tuple[str, str] | None:
    """The moving part of a board as HTML, and its mark; None when the page that `has` a mark shows just that.

    `heard`: the page asks because something has happened.
    """
    reading = _reading(user, SHARED_SECONDS if heard or not has else UNHEARD_SECONDS)
    mine = _mine(user, reading.board)
    mark = _digest([reading.mark, template, get_language(), sorted(str(key) for keys in mine.values() for key in keys)])
    if has == mark:
        return None
    may = (bool(can(user, "case.register")), user.has_role(*LEADING_ROLES))
    if mine:
        html = _drawn(_with(reading.board, mine), template, may, here)
    else:
        kind = (template, *may)
        html = reading.pages.get(kind) or reading.pages.setdefault(kind, _drawn(reading.board, template, may, here))
    return html.replace(_TOKEN, token()), mark


def forget() -> None:
    """Begin anew."""
    with _keeping:
        _kept.clear()


def reads_alone(user: Any) -> bool:
    """Whether this person may know of something open that others with their roles may not."""
    circle = CaseCircle.objects.filter(staff=user, until=None, case__state__in=OPEN_STATES)
    own = Case.objects.open().filter(Q(handler=user) | Q(first_responder=user), confidential=True)
    return circle.exists() or own.exists()


def _reading(user: Any, age: float) -> Reading:
    language = get_language()  # words stand in a reading
    if reads_alone(user):
        return _at_most_this_old(age, ("person", user.pk, language), lambda: user)
    return _at_most_this_old(age, (*rights_of(user), language), lambda: _anybody(user))


def rights_of(user: Any) -> tuple[bool, ...]:
    """All that the figures of the board ask of a person who holds nothing: equal here, equal there (tested)."""
    return (
        user.has_role(*READING_ROLES),
        user.has_role(*LEADING_ROLES, Role.AUDITOR),
        bool(can(user, "call.view")),
        bool(can(user, "notice.undelivered")),
    )


def _anybody(user: Staff) -> Staff:
    """Somebody with these roles who holds nothing, whom nobody knows."""
    return Staff(pk=0, username="", roles=list(user.roles), is_active=True)


def _at_most_this_old(age: float, key: tuple[Any, ...], reader: Callable[[], Any]) -> Reading:
    with _keeping:
        if len(_kept) >= _MOST_KEPT and key not in _kept:
            del _kept[min(_kept, key=lambda each: _kept[each].began)]
        kept = _kept.setdefault(key, _Kept())
    with kept.lock:
        if kept.reading is None or time.monotonic() - kept.began > age:
            began = time.monotonic()  # before the first look: what changes while it reads is in the next one
            found = board.read(reader(), clock.now())
            kept.reading, kept.began = Reading(found, _digest(_what_shows(found))), began
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


def _drawn(found: board.Board, template: str, may: tuple[bool, bool], here: str) -> str:
    context = {
        "board": found, "may_register": may[0], "may_call_in": may[1], "here": here, "csrf_token": _TOKEN,
    }  # fmt: skip
    return render_to_string(template, context)


def _what_shows(found: board.Board) -> list[Any]:
    """Whatever would look different, but for the seconds that browsers count by themselves."""
    rows = [
        [line.id, line.who, line.matter, line.note, line.answers and [line.answers.answered, line.answers.waits_for]]
        + [str(getattr(line.clock, name, "")) for name in ("state", "due_at", "tone", "ended_at")]
        for line in (*found.urgent, *found.following)
    ]
    return [
        [[tile.figure.key, tile.number] for tiles in found.tiles.values() for tile in tiles],
        rows,
        [[each.person.pk, str(each.person), each.state.value, each.load] for each in found.agents],
        [[gap.starts_at.isoformat(), gap.ends_at.isoformat(), label] for label, gap in found.gaps],
        [[check.code, check.ok] for check in found.checks],
        int(found.at.timestamp() // REDRAWN_SECONDS),
    ]


def _digest(what: Any) -> str:
    return hashlib.blake2b(repr(what).encode(), digest_size=12).hexdigest()
