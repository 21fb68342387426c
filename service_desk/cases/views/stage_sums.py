"""Whose minutes they were, for those who lead: sums per person or unit, and the cases behind each figure (D6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from service_desk.cases import stage_sums as figures
from service_desk.cases.forms.stage_sums import PeriodForm
from service_desk.cases.stage_sums import KINDS, SORTS, By, Period, Row
from service_desk.cases.views.common import person
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.people.models import Staff, Unit
from service_desk.rest.errors import Invalid

LABELS: dict[str, Promise] = {
    "name": gettext_lazy("Who"),
    "cases": gettext_lazy("Cases"),
    "first_responder": gettext_lazy("As first responder"),
    "handler": gettext_lazy("As handler"),
    "hand_over": gettext_lazy("Hand-over unanswered"),
    "customer": gettext_lazy("Waiting for the customer"),
    "others": gettext_lazy("Waiting for others"),
    "whole": gettext_lazy("All together"),
    "late_cases": gettext_lazy("Late cases"),
    "late": gettext_lazy("Of it in late cases"),
    "pauses": gettext_lazy("Pauses set"),
    "paused": gettext_lazy("Paused for"),
}
#: Columns behind which stand cases; pauses are those of the cases where somebody pressed 'wait'.
_LINKED = frozenset({"cases", "late_cases", "whole", "late", *KINDS})


@dataclass(frozen=True, slots=True)
class Column:
    """A head that sorts."""

    name: str
    label: str
    url: str
    direction: str  # ascending, descending or empty
    counts: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure and the way to the cases behind it."""

    label: str
    value: Any
    counts: bool
    url: str


@login_required
@require_GET
def stage_sums(request: HttpRequest) -> HttpResponse:
    """The table; what is wrong in the address is said beside its field."""
    user, moment = person(request), now()
    require(user, "stages.view")
    by = By.UNIT if request.GET.get("by") == By.UNIT else By.PERSON
    sort, down = _sort(request)
    usual = figures.usual_period(moment)
    form = _form(request, usual)
    rows: list[Row] = []
    try:
        period = form.period(usual)
        rows = figures.in_order(figures.sums(user, period, by, now=moment), sort, down=down)
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
        period = usual
    context = {
        "form": form,
        "period": period,
        "by": by,
        "columns": list(_columns(request, sort, down=down)),
        "rows": [(row.name, list(_cells(request, row, by))) for row in rows],
        "ways": [(each, each.label, _address(request, by=each)) for each in By],
        "cases_url": reverse("case-list"),
    }
    return render(request, "cases/stage_sums.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def stage_cases(request: HttpRequest) -> HttpResponse:
    """The cases behind one figure, those with most of it first."""
    user, moment = person(request), now()
    require(user, "stages.view")
    by = By.UNIT if request.GET.get("by") == By.UNIT else By.PERSON
    usual = figures.usual_period(moment)
    form = _form(request, usual)
    whose = _number(request.GET.get("of", ""))
    kind = request.GET.get("kind", "")
    late = kind in ("late", "late_cases")
    found = []
    try:
        period = form.period(usual)
        found = figures.cases_behind(user, period, by, whose, now=moment, kind=kind, late=late)
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
        period = usual
    context = {
        "name": _name(by, whose),
        "what": LABELS[kind] if kind in _LINKED else LABELS["whole"],
        "period": period,
        "cases": found,
        "errors": [error for errors in form.errors.values() for error in errors],
        "back": f"{reverse('stage-sums')}?{_kept(request)}",
    }
    return render(request, "cases/stage_cases.html", context)


def _form(request: HttpRequest, usual: Period) -> PeriodForm:
    given = request.GET.dict()
    given.setdefault("since", usual.since.isoformat())
    given.setdefault("until", usual.until.isoformat())
    form = PeriodForm(given)
    form.is_valid()
    return form


def _sort(request: HttpRequest) -> tuple[str, bool]:
    asked = request.GET.get("sort", "-late")
    name = asked.removeprefix("-")
    return (name, asked.startswith("-")) if name in SORTS else ("late", True)


def _columns(request: HttpRequest, sort: str, *, down: bool) -> Iterator[Column]:
    for name in SORTS:
        here = name == sort
        other = name if here and down else f"-{name}"
        if name == "name":
            other = "-name" if here and not down else "name"
        direction = ("descending" if down else "ascending") if here else ""
        yield Column(name, str(LABELS[name]), _address(request, sort=other), direction, name != "name")


def _cells(request: HttpRequest, row: Row, by: By) -> Iterator[Cell]:
    for name in SORTS[1:]:
        value = getattr(row, name)
        way = {"of": "" if row.id is None else str(row.id), "kind": name, "by": by.value}
        url = f"{reverse('stage-cases')}?{_kept(request, **way)}" if value and name in _LINKED else ""
        yield Cell(str(LABELS[name]), value, isinstance(value, int), url)


def _kept(request: HttpRequest, **more: str) -> str:
    """The period and the grouping of the address, which go along."""
    given = {
        name: request.GET[name] for name in ("since", "until", "unit", "service_line", "by") if name in request.GET
    }
    return urlencode(given | more)


def _address(request: HttpRequest, **more: str) -> str:
    given = {"sort": request.GET["sort"]} if "sort" in request.GET else {}
    return f"?{_kept(request, **(given | more))}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _name(by: By, whose: int | None) -> str:
    if whose is None:
        return _("without a unit")
    found = (Unit if by == By.UNIT else Staff).objects.filter(pk=whose).first()
    return str(found) if found else "–"
