"""The board in parts, each with a mark of what it shows: drawn once for all who see the same, sent when it changes.

A mark is made of everything that stands in the part, so whoever has the same mark is shown the same words: nothing of
one person's can reach another by it, and no right has to be compared.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from service_desk.dashboard.board.lines import Line
from service_desk.dashboard.board.now import Board
from service_desk.people.access import can
from service_desk.people.rules import LEADING_ROLES

#: Stands in drawn parts for the token of a form, which is each session's own.
TOKEN = "token-of-this-session"  # noqa: S105 - a place, no secret
#: What has a time or an age in it is drawn anew at least so often; browsers count the seconds by themselves.
REDRAWN_SECONDS = 30
NAMES = {
    "board": ("time", "mine", "urgent", "next", "agents", "gaps", "engine", "foot"),
    "wall": ("wall_tiles", "wall_clocks", "wall_time", "wall_agents", "wall_engine"),
}
_OF_CLOCK = ("id", "kind_label", "state", "started_at", "due_at", "ended_at", "remaining", "tone", "explain_url")
_MOST_KEPT = 600


@dataclass(frozen=True, slots=True)
class Parts:
    """A board as one person is shown it: the mark of each part, and its words when they are wanted."""

    board: Board
    marks: dict[str, str]
    context: dict[str, Any]
    _events: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Of all together."""
        return _digest(list(self.marks.items()))

    def html(self, name: str) -> str:
        """One part; the forms in it have `TOKEN` where their token belongs."""
        mark = self.marks[name]
        kept = _drawn.get(mark)
        if kept is None:
            kept = render_to_string(f"dashboard/board_part_{name}.html", self.context)
            with _drawing:
                _drawn[mark] = kept
                while len(_drawn) > _MOST_KEPT:
                    _drawn.popitem(last=False)
        return kept

    def event(self, names: tuple[str, ...]) -> bytes:
        """These parts as an event of a stream; many boards that show the same get the same bytes."""
        kept = self._events.get(names)
        if kept is None:
            parts = {name: [self.marks[name], self.html(name)] for name in names}
            told = {"at": round(self.board.at.timestamp(), 3), "mark": self.mark, "parts": parts}
            kept = f"event: parts\ndata: {json.dumps(told, ensure_ascii=False)}\n\n".encode()
            self._events[names] = kept
        return kept

    def whole(self, token: str) -> dict[str, SafeString]:
        """All parts for a page, in places that a later one can be put into."""
        return {
            name: format_html(
                '<div class="part" id="board-part-{}" data-part="{}" data-mark="{}">{}</div>',
                name, name, mark, mark_safe(self.html(name).replace(TOKEN, token)),  # noqa: S308 - a template's words
            )
            for name, mark in self.marks.items()
        }  # fmt: skip


_drawn: OrderedDict[str, str] = OrderedDict()
_drawing = Lock()


def parts_of(user: Any, found: Board, page: str) -> Parts:
    """The parts of this page (a key of NAMES) for who sees this board."""
    may = (bool(can(user, "case.register")), bool(user.has_role(*LEADING_ROLES)))
    context = {
        "board": found, "may_register": may[0], "may_call_in": may[1], "here": reverse("board"), "csrf_token": TOKEN,
    }  # fmt: skip
    shows = _what_shows(found)
    language = get_language()
    marks = {name: _digest([name, language, may, shows[name]]) for name in NAMES[page]}
    return Parts(found, marks, context)


def forget() -> None:
    """Draw all anew."""
    with _drawing:
        _drawn.clear()


def _what_shows(found: Board) -> dict[str, Any]:
    """Whatever would look different, part by part, but for the seconds that browsers count by themselves."""
    lately = int(found.at.timestamp() // REDRAWN_SECONDS)
    tiles = {group: [[tile.figure.key, tile.number] for tile in shown] for group, shown in found.tiles.items()}
    urgent, following = _of_lines(found.urgent), _of_lines(found.following)
    agents = [
        tiles.get("agents"),
        [[each.person.pk, str(each.person), each.state.value, each.load] for each in found.agents],
    ]
    engine = [tiles.get("engine"), [[check.code, check.ok] for check in found.checks], lately]
    time = tiles.get("time")
    return {
        "time": [tiles.get("urgent"), time, tiles.get("complaints")],
        "mine": found.mine,
        "urgent": [urgent, lately],
        "next": [following, lately],
        "agents": agents,
        "gaps": [[_minute(gap.starts_at), _minute(gap.ends_at), label] for label, gap in found.gaps],
        "engine": engine,
        "foot": _minute(found.at),
        "wall_tiles": tiles.get("urgent"),
        "wall_clocks": [bool(urgent), urgent or following, lately],
        "wall_time": time,
        "wall_agents": tiles.get("agents"),
        "wall_engine": engine,
    }


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)


def _of_lines(lines: Iterable[Line]) -> list[Any]:
    return [
        [
            *(line.id, line.href, line.title, line.matter, line.customer, line.who, line.severity, line.note),
            line.case and [line.case.product_type_id, str(line.case.handler), line.case.emergency_is_running],
            line.answers and [line.answers.answered_by, line.answers.waits_for, line.answers.mine],
            [str(getattr(line.clock, name, "")) for name in _OF_CLOCK],
        ]
        for line in lines
    ]


def _digest(what: Any) -> str:
    return hashlib.blake2b(repr(what).encode(), digest_size=12).hexdigest()
