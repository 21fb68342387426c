"""What the address of a report asks: which days, by what, of which part, and which number; page and file alike."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, QueryDict

from service_desk.deadlines.clock import now
from service_desk.people.access import can
from service_desk.reports.behind import Narrower
from service_desk.reports.figures import Question, question
from service_desk.reports.forms import ReportForm
from service_desk.reports.periods import Period, usual
from service_desk.reports.registry import BESIDE, FIGURES, Figure
from service_desk.rest.clean import is_clean


def today() -> date:
    """In the desk's zone, by the database's clock."""
    return now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def figure_named(slug: str) -> Figure:
    """The figure whose facts are asked for; raises Http404."""
    figure = FIGURES.get(slug) or BESIDE.get(slug)
    if figure is None:
        raise Http404
    return figure


def with_days(given: QueryDict, days: Period) -> QueryDict:
    """What stands in the address; the usual days where it names none, so that the form shows them."""
    data = given.copy()
    if not data.get("since") and not data.get("until"):
        data["since"], data["until"] = days.since.isoformat(), days.until.isoformat()
    return data


def form_of(user: Any, query: QueryDict, figure: Figure) -> ReportForm:
    """The form of the address, with the filters that this person may set."""
    people = bool(can(user, "report.view_people"))
    offered = tuple(name for name in figure.filters if people or name != "person")
    return ReportForm(with_days(query, usual(today())), offered)


def by_of(query: QueryDict, figure: Figure) -> str:
    """By what the address tells it apart; blank: as is usual."""
    by = query.get("by", "")
    return by if by in figure.dimensions else ""


def asked_in(user: Any, query: QueryDict, figure: Figure) -> Question:
    """The question of the address; of what is wrong in it, the usual. Raises NotAllowed and Invalid."""
    form = form_of(user, query, figure)
    form.is_valid()
    return question(user, figure.key, form.period(usual(today())), by_of(query, figure), form.chosen)


def which_of(query: QueryDict, figure: Figure) -> Narrower:
    """What of the address names a number; what is none of it is no page."""
    outcome, key, step = (query.get(name) for name in ("outcome", "key", "step"))
    if outcome and outcome not in figure.outcomes:
        raise Http404
    if key is not None and (len(key) > 200 or not is_clean(key)):
        raise Http404
    if not step:
        return Narrower(key, None, outcome or "")
    try:
        at = datetime.fromisoformat(step)
    except ValueError as error:
        raise Http404 from error
    if at.tzinfo is not None:
        raise Http404
    return Narrower(key, at, outcome or "")
