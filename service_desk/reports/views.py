"""The pages of reports: which there are, one of them with its charts and tables, and the facts behind a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.reports import ahead, charts, heat, words
from service_desk.reports.actions import sums
from service_desk.reports.asking import by_of, figure_named, form_of, today, which_of, with_days
from service_desk.reports.behind import Narrower, behind
from service_desk.reports.dimensions import DIMENSIONS
from service_desk.reports.figures import BESIDE, FIGURES, Figure, dimensions_for, figures_for, question
from service_desk.reports.forms import HeatForm
from service_desk.reports.periods import Period, Span, just_ended, month_of, period_of, usual
from service_desk.reports.shapes import Column, Report, Row, Table
from service_desk.reports.staffing import LEAST_ANSWERED, MOST_LOAD, WITHIN_SECONDS
from service_desk.rest.errors import Invalid

#: The part of a page that asks whether its sum has been computed.
_WAIT = "report-wait"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is drawn, and the way to the facts behind it."""

    label: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as a page draws it."""

    table: Table
    rows: list[tuple[str, str, list[Cell]]]
    total: tuple[str, str, list[Cell]] | None
    charts: list[charts.Chart] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Way:
    """Another view of the same page."""

    label: str
    url: str
    here: bool = False


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Every figure this person may open; the numbers of the last thirty days come card by card."""
    require(request.user, "report.view")
    return render(request, "reports/overview.html", {"figures": figures_for(request.user)})


@login_required
@require_GET
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """The numbers of one figure, for the overview."""
    asked = question(request.user, slug, usual(today()))
    try:
        found, _row = sums.answered(asked, beside=False)
    except Invalid as refusal:
        return render(request, "reports/card.html", {"refusal": refusal})
    if found is None:
        return render(request, "reports/card.html", {"computing": True})
    drawn = _drawn(found.table("total"))
    cells = [
        (cell.label, cell.text, after.text)
        for cell, after in zip(drawn.rows[0][2], drawn.rows[2][2], strict=True)
        if cell.label in (drawn.table.columns[0].label, *(c.label for c in drawn.table.columns if c.unit != "count"))
    ]
    return render(request, "reports/card.html", {"cells": cells, "days": words.days(found.period)})


@login_required
@require_GET
def report_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One figure; what is wrong in the address is said beside its field."""
    figure = FIGURES.get(slug)
    if figure is None:
        raise Http404
    form = form_of(request.user, request.GET, figure)
    by = by_of(request.GET, figure)
    period, found, row = usual(today()), None, None
    try:
        if form.is_valid():
            period = form.period(period)
            asked = question(request.user, slug, period, by, form.chosen)
            found, row = sums.answered(asked, beside=True)
            if found is None and request.headers.get("HX-Trigger") == _WAIT:
                return HttpResponse(status=204)  # still being computed: the page stays as it is
        else:
            question(request.user, slug, usual(today()), by)  # who may not see it learns nothing of its fields
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
    context = {
        "figure": figure,
        "form": form,
        "period": words.days(period),
        "report": found,
        "tables": _tables(found) if found else [],
        "ways": list(_ways(request, figure, by)),
        "spans": list(_spans(request, period)) if found or row else [],
        "running": period.until >= today(),
        "computed_at": row.done_at if row else None,
        "computing": _WAIT if row and found is None and not form.errors else "",
        "here": request.get_full_path(),
        "by": by or figure.dimensions[0],
    }
    template = "reports/report_part.html" if request.headers.get("HX-Request") == "true" else "reports/report.html"
    return render(request, template, context, status=422 if form.errors else 200)


@login_required
@require_GET
def facts(request: HttpRequest, slug: str) -> HttpResponse:
    """The facts behind one number, as many as it says."""
    figure = figure_named(slug)
    form = form_of(request.user, request.GET, figure)
    by = by_of(request.GET, figure)
    which = which_of(request.GET, figure)
    asked = question(request.user, slug, usual(today()), by)
    found = None
    try:
        if form.is_valid():
            asked = question(request.user, slug, form.period(asked.period), by, form.chosen)
            found = behind(asked, which, request.GET.get("after", ""))
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
    kept = {name: value for name, value in request.GET.items() if name not in ("after", "key", "step", "outcome")}
    following = request.GET.dict() | {"after": found.following} if found and found.following else None
    context = {
        "figure": figure,
        "period": words.days(asked.period),
        "what": [each for each in _what(asked.by, which, figure, asked.period) if each],
        "found": found,
        "timed": str(figure.timed),
        "people": bool(can(request.user, "report.view_people")),
        "outcomes": bool(figure.outcomes),
        "errors": [error for errors in form.errors.values() for error in errors],
        "back": reverse("report-ahead") if slug in BESIDE else f"{reverse('report', args=[slug])}?{urlencode(kept)}",
        "next_url": f"?{urlencode(following)}" if following else "",
    }
    return render(request, "reports/facts.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def heat_page(request: HttpRequest) -> HttpResponse:
    """Arrivals by hour and weekday, and the people they need."""
    require(request.user, "report.view")
    period = usual(today())
    form = HeatForm(with_days(request.GET, period))
    found, figure = None, FIGURES["arrivals"]
    try:
        if form.is_valid():
            figure = FIGURES[form.cleaned_data["of"] or "arrivals"]
            period = form.period(period)
            asked = question(request.user, figure.key, period, "slot")
            found = heat.heat(asked, form.cleaned_data["minutes"])
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
    context = {
        "form": form,
        "found": found,
        "figure": figure,
        "period": words.days(period),
        "handling": words.lasting(found.handling) if found else "",
        "limits": {"load": f"{MOST_LOAD:.0%}", "answered": f"{LEAST_ANSWERED:.0%}", "seconds": int(WITHIN_SECONDS)},
    }
    return render(request, "reports/heat.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def ahead_page(request: HttpRequest) -> HttpResponse:
    """What comes due in the next fortnight."""
    require(request.user, "report.view")
    try:
        found, refusal = ahead.ahead(request.user, today()), None
    except Invalid as error:
        found, refusal = None, error
    context = {"found": found, "refusal": refusal, "figure": BESIDE["due-ahead"]}
    return render(request, "reports/ahead.html", context)


def _what(by: Any, which: Narrower, figure: Figure, period: Period) -> Iterator[str]:
    if which.key is not None:
        yield f"{by.label}: {by.called([which.key])[which.key]}"
    if which.step is not None:
        yield words.step(which.step, period.grain)
    if which.outcome:
        yield str(figure.outcomes[which.outcome])


def _tables(found: Report) -> list[Drawn]:
    return [_drawn(table, charts.of(table, found)) for table in found.tables]


def _drawn(table: Table, drawings: list[charts.Chart] | None = None) -> Drawn:
    rows = [_line(row, table.columns) for row in table.rows]
    return Drawn(table, rows, _line(table.total, table.columns) if table.total else None, drawings or [])


def _line(row: Row, columns: tuple[Column, ...]) -> tuple[str, str, list[Cell]]:
    links = row.links or {}
    cells = [
        Cell(column.label, words.shown(value, column.unit), links.get(column.key, ""))
        for column, value in zip(columns, row.values, strict=True)
    ]
    return row.label, row.link, cells


def _ways(request: HttpRequest, figure: Figure, by: str) -> Iterator[Way]:
    for dimension in dimensions_for(request.user, figure):
        here = dimension.key == (by or figure.dimensions[0])
        yield Way(
            _("by %(what)s") % {"what": DIMENSIONS[dimension.key].label}, _address(request, by=dimension.key), here
        )


def _spans(request: HttpRequest, period: Period) -> Iterator[Way]:
    """The periods that are asked for most, and the ones before and after this."""
    day = today()
    known = (
        (_("Today"), period_of(Span.DAY, day)),
        (_("Yesterday"), just_ended(Span.DAY, day)),
        (_("This week"), period_of(Span.WEEK, day)),
        (_("Last week"), just_ended(Span.WEEK, day)),
        (_("This month"), month_of(day)),
        (_("Last month"), just_ended(Span.MONTH, day)),
        (_("Last 30 days"), usual(day)),
        (_("Earlier"), period.before()),
        (_("Later"), period.after()),
    )
    for label, one in known:
        yield Way(label, _address(request, since=one.since.isoformat(), until=one.until.isoformat()), one == period)


def _address(request: HttpRequest, **more: str) -> str:
    kept = {name: value for name, value in request.GET.items() if value}
    return f"?{urlencode(kept | more)}"
