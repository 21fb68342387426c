"""Lists behind the board's numbers, the team view and the shift sheets as files: registered with those of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.columns import Column, local
from service_desk.dashboard.board import lines
from service_desk.dashboard.board.columns import Listing, listing
from service_desk.dashboard.board.figures import FIGURES, Figure
from service_desk.dashboard.board.team import teams
from service_desk.dashboard.models import ShiftSheet
from service_desk.deadlines import clock
from service_desk.reports.exporting import Exportable, Listed, Rows, register
from service_desk.reports.lists.cells import columns, keyed, text
from service_desk.rest.keyset import page

GROUP = _("Board")
_SIZE = 500
_LINES = (
    text("entry", pgettext_lazy("list of the board", "Entry"), lambda line: line.title),
    text("customer", _("Customer unit"), lambda line: line.customer),
    text("matter", _("Matter"), lambda line: line.matter),
    text("who", _("Who"), lambda line: line.who),
    text("clock", _("Clock"), lambda line: line.clock.kind_label if line.clock else ""),
    Column("due", _("Next due"), lambda line: local(line.clock.due_at) if line.clock else "", moment=True),
    text("note", _("Note"), lambda line: line.note),
)
_TEAM = (
    text("unit", _("Unit"), lambda row: row[0]),
    text("who", _("Who"), lambda row: row[1].person),
    text("held", _("Open cases"), lambda row: row[1].held),
    text("late", _("Late cases"), lambda row: row[1].late),
    Column("oldest", _("Oldest, registered"), lambda row: local(row[1].oldest), moment=True),
    text("pauses", _("Pauses set in 7 days"), lambda row: row[1].pauses),
)
_SHEETS = columns(ShiftSheet, "given_at", "given_by", "taken_by", "taken_at", "until", "notes")


@dataclass(frozen=True, slots=True)
class _Behind:
    """The rows behind a figure as its page draws them, in the order of the address."""

    user: Any
    figure: Figure
    found: Listing

    def piece(self, after: str) -> tuple[list[Any], str]:
        """Drawn: a line of the board, not its row."""
        shown = page(lines.dressed(self.figure.kind, self.found.rows), order=self.found.order, size=_SIZE,
                     after=after or None)  # fmt: skip
        return lines.lines(self.figure.kind, shown.items, self.user, clock.now()), shown.next or ""

    def count(self, most: int) -> int:
        """All of them, where the board stops at a thousand."""
        return self.found.rows.order_by()[:most].count()


def _rows_of(figure: Figure) -> Any:
    def rows(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
        return _Behind(user, figure, listing(figure, user, query.get("sort", "")))

    return rows


def _page_of(figure: Figure) -> Any:
    def there(query: QueryDict) -> str:
        asked = query.urlencode()
        return reverse("board-list", args=[figure.key]) + (f"?{asked}" if asked else "")

    return there


def _team(user: Any, _query: QueryDict, _shown: Sequence[Column]) -> Rows:
    return Listed([(team.name, member) for team in teams(user, clock.now()) for member in team.members])


def register_lists() -> None:
    """Called once, when the room is ready."""
    for figure in FIGURES.values():
        register(
            Exportable(
                f"board-{figure.key}", figure.label, "board.export", _page_of(figure), lambda _q: _LINES,
                _rows_of(figure), opens="board.view", group=GROUP, alone=not figure.quiet,
            )
        )  # fmt: skip
    register(
        Exportable(
            "team", _("Team"), "team.export", "board-team", lambda _q: _TEAM, _team, opens="board.team", group=GROUP
        )
    )
    register(
        Exportable(
            "shift-sheets", _("Shift sheets"), "shift.export", "shift-sheets", lambda _q: _SHEETS,
            lambda _user, _q, shown: keyed(ShiftSheet.objects.defer("facts"), shown), opens="shift.sheet",
            group=GROUP,
        )
    )  # fmt: skip
