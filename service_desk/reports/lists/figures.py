"""The facts behind a number of a report, the map of arrivals and the deadlines ahead, as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.columns import Column, local
from service_desk.cases.exporting import DIRECT
from service_desk.reports import ahead, asking, behind, heat
from service_desk.reports.exporting import Exportable, Listed, Rows
from service_desk.reports.figures import Question, question
from service_desk.reports.forms import HeatForm
from service_desk.reports.lists.cells import text
from service_desk.reports.periods import usual
from service_desk.rest.sums import PATIENT_SECONDS

GROUP = _("Reports")
#: So many facts are read at once, and so long is looked for them, so that a slice of a worker ends in time.
_SIZE, _SECONDS = 2_000, 3.0
_FACTS = (
    text("number", _("Number"), lambda line: line.title),
    text("text", _("Matter"), lambda line: line.text),
    text("who", _("Person"), lambda line: line.who),
    Column("at", pgettext_lazy("report", "When"), lambda line: local(line.at), moment=True),
    text("outcome", _("How it went"), lambda line: line.outcome),
    text("seconds", _("Seconds"), lambda line: "" if line.seconds is None else int(line.seconds)),
)


@dataclass(frozen=True, slots=True)
class _Behind:
    """The facts as the page lists them, newest first."""

    asked: Question
    which: behind.Narrower

    def piece(self, after: str) -> tuple[list[Any], str]:
        """The next ones; the cursor is that of the page."""
        cursor = behind.cursor_of(after)
        rows, end = behind.spans(self.asked, self.which, cursor, size=_SIZE, most_seconds=_SECONDS)
        return behind.lines_of(self.asked, rows), f"{end[0].timestamp():.6f}_{end[1]}" if end else ""

    def count(self, most: int) -> int:
        """Counted with patience by a worker; what nobody can count while a page waits is long."""
        seconds = PATIENT_SECONDS if most > DIRECT + 1 else None
        number = behind.count(self.asked, self.which, seconds=seconds)
        return most if number is None else min(number, most)


def _facts(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    figure = asking.figure_named(query.get("figure", ""))
    return _Behind(asking.asked_in(user, query, figure), asking.which_of(query, figure))


def _columns(query: QueryDict) -> Sequence[Column]:
    figure = asking.figure_named(query.get("figure", ""))
    left_out = {name for name, there in (("outcome", figure.outcomes), ("seconds", figure.timed)) if not there}
    return tuple(column for column in _FACTS if column.key not in left_out)


def _page(query: QueryDict) -> str:
    figure = asking.figure_named(query.get("figure", ""))
    rest = {name: value for name, value in query.items() if name not in ("figure", "after")}
    return f"{reverse('report-facts', args=[figure.key])}?{urlencode(rest)}"


# --- When customers come, and what comes due -------------------------------------------------------------------------
_HEAT = (
    text("weekday", _("Weekday"), lambda row: row[0]),
    text("hour", pgettext_lazy("report", "Hour"), lambda row: row[1]),
    text("count", pgettext_lazy("report", "All"), lambda row: row[2].count),
    text("average", _("On average"), lambda row: f"{row[2].average:.2f}"),
    text("people", _("People needed"), lambda row: row[2].need.people),
)
_AHEAD = (
    text("day", _("Day"), lambda row: row[0].isoformat()),
    text("weekday", _("Weekday"), lambda row: row[1]),
    text("hours", pgettext_lazy("report", "Hours"), lambda row: row[2]),
    text("count", _("Clocks"), lambda row: row[3]),
)


def _heat(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    """As the page draws it; of what is wrong in the address, the usual."""
    form = HeatForm(asking.with_days(query, usual(asking.today())))
    form.is_valid()
    of = form.cleaned_data.get("of") or "arrivals"
    found = heat.heat(question(user, of, form.period(usual(asking.today())), "slot"), form.cleaned_data.get("minutes"))
    return Listed([(day, hour, cells[place]) for place, day in enumerate(found.weekdays) for hour, cells in found.rows])


def _ahead(user: Any, _query: QueryDict, _shown: Sequence[Column]) -> Rows:
    found = ahead.ahead(user, asking.today())
    return Listed(
        [
            (day.day, day.weekday, f"{begins}:00–{ends}:00", slot.count)
            for day in found.days
            for (begins, ends), slot in zip(found.heads, day.slots, strict=True)
        ]
    )


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "report-facts", _("Facts behind a figure"), "report.export", _page, _columns, _facts, opens="report.view",
            group=GROUP, alone=False,
        ),
        Exportable(
            "heat", _("When customers come"), "report.export", "report-heat", lambda _q: _HEAT, _heat,
            opens="report.view", group=GROUP,
        ),
        Exportable(
            "ahead", _("Deadlines ahead"), "report.export", "report-ahead", lambda _q: _AHEAD, _ahead,
            opens="report.view", group=GROUP,
        ),
    )  # fmt: skip
