"""One case: what it is, its clocks, its stream, and what may be done to it now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.cases import paperwork, parts, requesting
from service_desk.cases.actions.changing import survivor_of
from service_desk.cases.actions.watching import watchers_of
from service_desk.cases.faces import clocks_of, faces_of
from service_desk.cases.models import Case, CaseDeadline, CasePause
from service_desk.cases.moves import moves_for
from service_desk.cases.panels import panels_of
from service_desk.cases.present import has
from service_desk.cases.rules import ENDED_STATES, MAIN_WAY, SEVERITY_MEANING, CaseState, is_complaint
from service_desk.cases.tellings import emergency_tellings
from service_desk.cases.ties import ties_of
from service_desk.cases.timeline import Show, stream
from service_desk.cases.views.common import case_for, person, read_at, seen_at, wants_part
from service_desk.customers.models import PhoneNumber
from service_desk.customers.rules import mask_number
from service_desk.deadlines.rules import PART_KINDS, ClockKind
from service_desk.kept import keep, laid_beside
from service_desk.people.access import can

_ELSEWHERE = (ClockKind.EMERGENCY, *PART_KINDS)


@login_required
@require_GET
def case_detail(request: HttpRequest, number: str) -> HttpResponse:
    """The page; htmx asks for its moving part alone when the case has changed."""
    user = person(request)
    case = case_for(request, number, parts=True)
    if case.merged_into_id is not None and "own" not in request.GET:
        return _to_survivor(request, case)
    show = request.GET.get("show", Show.ALL)
    if show not in Show.values:
        show = Show.ALL
    moves = moves_for(user, case)
    clocks = clocks_of(case)
    context = _facts(case, user, clocks) | {
        "moves": moves,
        "ask_first": next((move.instead for move in moves if move.verb == "grade"), ""),
        "seen": seen_at(case),
        "watchers": (watchers := watchers_of(case)),
        "watching": any(each.staff_id == user.pk for each in watchers),
        "stream": stream(case, show, everything=request.GET.get("all") == "1", user=user, clocks=clocks),
        "show": show,
        "shows": Show.choices,
    }
    return render(request, "cases/case_part.html" if wants_part(request) else "cases/case.html", context)


def _to_survivor(request: HttpRequest, case: Case) -> HttpResponse:
    """Where the matter goes on (D5); the merged case's own page is a link away, and the place of who sees no other."""
    survivor = survivor_of(case, person(request))
    if survivor.pk == case.pk:
        return redirect(f"{case.get_absolute_url()}?own=1")
    words = _("%(merged)s was merged into %(number)s; this is the case that goes on.")
    messages.info(request, words % {"merged": case.number, "number": survivor.number})
    return redirect(survivor)


@login_required
@require_GET
def case_print(request: HttpRequest, number: str) -> HttpResponse:
    """The case sheet: everything on paper, numbers masked."""
    case = case_for(request, number, parts=True)
    clocks = clocks_of(case)
    context = _facts(case, person(request), clocks) | {"stream": stream(case, everything=True, clocks=clocks)}
    return render(request, "cases/print.html", context)


def _facts(case: Case, user: Any, rows: Sequence[CaseDeadline]) -> dict[str, Any]:
    """What the page and the sheet of a case both say."""
    laid_beside(case, "pauses", _pauses(case.pk) if has(case, "pauses") else [], back="case")
    clocks = faces_of(case, moment := read_at(case), rows)
    emergency = [clock for clock in clocks if clock.kind == ClockKind.EMERGENCY]
    shown = next((clock for clock in emergency if clock.is_open), emergency[0] if emergency else None)
    began = case.emergency_started_at
    if began is not None and shown is not None:
        began += shown.gap  # a fault that has returned: what lay between is not counted (D4)
    return {
        "case": case,
        "now": moment,
        "clocks": clocks,
        # the emergency's clock stands in its banner, those of parts stand with them
        "open_clocks": [clock for clock in clocks if clock.is_open and clock.kind not in _ELSEWHERE],
        "parts": parts.of_case(case, clocks, moment),
        "more": panels_of(case, user, moment, clocks),
        "graded": not is_complaint(case),
        "paperwork": paperwork.of_case(case, user),
        "ended_clocks": [clock for clock in clocks if not clock.is_open],
        "way": way_of(case),
        "ties": ties_of(case, user),
        "severity_meaning": SEVERITY_MEANING.get(case.severity or "", ""),
        "emergency_clock": shown,
        "emergency_elapsed": ((case.restored_at or case.ended_at or moment) - began) if began else None,
        "told": emergency_tellings(case) if began else [],
        "masked": [(number.contact, mask_number(number.raw)) for number in _numbers(case.customer_id)],
        "masked_caller": mask_number(case.caller_phone) if case.caller_phone else "",
        "may_reveal": bool(can(user, "customer.reveal", case.customer)),
        "answers": requesting.answers_of(case),
        "read_back": requesting.read_back_of(case),
        "registration_took": case.registered_at - case.accepted_at,
    }


@keep
def _pauses(case: int) -> QuerySet[CasePause]:
    return CasePause.objects.filter(case=case).order_by("starts_at")


@keep
def _numbers(customer: int) -> QuerySet[PhoneNumber]:
    return PhoneNumber.objects.filter(customer=customer).select_related("contact").order_by("id")[:8]


def way_of(case: Case) -> list[tuple[str, str, str]]:
    """The main way as (state, label, past | here | ahead); a case that waits stands where it worked."""
    here = CaseState(case.state)
    if here == CaseState.WAITING:
        here = CaseState.RESTORED if case.restored_at else CaseState.IN_PROGRESS
    if here in (CaseState.CANCELLED, CaseState.MERGED):
        done = [CaseState.REGISTERED] + ([CaseState.IN_PROGRESS] if case.started_at else [])
        return [(str(state), str(state.label), "past") for state in done] + [(str(here), str(here.label), "here")]
    # A complaint has no service to restore.
    whole = [state for state in MAIN_WAY if state != CaseState.RESTORED or not is_complaint(case)]
    at = whole.index(here)
    way: list[tuple[str, str, str]] = []
    for index, state in enumerate(whole):
        place = "past" if index < at or case.state in ENDED_STATES else "here" if index == at else "ahead"
        if state == CaseState.RESTORED and place == "past" and case.restored_at == case.resolved_at:
            place = "skipped"  # it was never out of service
        way.append((str(state), str(state.label), place))
    return way
