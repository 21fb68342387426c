"""The list of calls and the page of one: what happened, what the rules say of it, as what it was registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from service_desk.calls.candidates import caller_of
from service_desk.calls.faces import face_of
from service_desk.calls.figures import figures
from service_desk.calls.filters import CallFilters
from service_desk.calls.models import CallDeadline, CallMessage, CallSettlement
from service_desk.calls.screen import phase_of, wants_sound
from service_desk.calls.seeing import calls_visible_to, nobodys_calls
from service_desk.calls.views.common import find, is_part
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.rest.paging import listed
from service_desk.telephony.models import Call, CallFact, CallLink, TransferNote

_FEW = 10
_EVENTS = 200
_ORDER = ("-id",)


@login_required
@require_GET
def call_list(request: HttpRequest) -> HttpResponse:
    """Calls, the newest first, by what the address asks for."""
    require(request.user, "call.view")
    form = CallFilters(request.GET, user=request.user)
    form.is_valid()
    rows = form.narrow(calls_visible_to(request.user)).select_related("integration", "agent", "claimed_by")
    shown = listed(request, rows, _ORDER)
    context = {
        "form": form,
        "rows": dressed(shown.items, now()),
        "lost": shown.lost,
        "filtered": bool(form.chosen),
        "sound": wants_sound(request.user) if can(request.user, "call.by_hand") else None,
        "next_url": shown.next_url,
        "previous_url": shown.previous_url,
    }
    return render(request, "calls/list.html", context)


def dressed(calls: list[Call], moment: datetime) -> list[dict[str, Any]]:
    """The calls with their registration, its clock and the rules they broke; three queries, however many."""
    keys = [call.pk for call in calls]
    settled = {
        row.call_id: row for row in CallSettlement.objects.standing().filter(call__in=keys).select_related("case")
    }
    clocks = {row.call_id: face_of(row, moment) for row in CallDeadline.objects.standing().filter(call__in=keys)}
    broken: dict[int, list[str]] = {}
    for call_id, rule in CallFact.objects.breached().filter(call__in=keys).values_list("call_id", "rule"):
        broken.setdefault(call_id, []).append(rule)
    return [
        {
            "call": call,
            "settled": settled.get(call.pk),
            "clock": clocks.get(call.pk),
            "broken": sorted(broken.get(call.pk, [])),
        }
        for call in calls
    ]


@login_required
@require_GET
def call_detail(request: HttpRequest, ref: str) -> HttpResponse:
    """One call: its events, its facts by rule, its transfers, its registration."""
    require(request.user, "call.view")
    call, user, moment = find(request, ref), request.user, now()
    clock = CallDeadline.objects.standing().filter(call=call).first()
    settlements = list(
        CallSettlement.objects.filter(call=call).select_related("case", "message__for_whom", "by", "undone_by")
    )
    visible = calls_visible_to(user).select_related("agent", "claimed_by")
    up = CallLink.objects.filter(child=call).first()
    context = {
        "call": call,
        "phase": phase_of(call),
        "caller": caller_of(call, user),
        "clock": face_of(clock, moment) if clock else None,
        "events": list(call.events.order_by("counted_at", "seq", "id")[:_EVENTS]),
        "facts": [(fact, figures(fact.rule, fact.detail)) for fact in call.facts.order_by("rule")],
        "up": visible.filter(pk=up.parent_id).first() if up else None,
        "up_guessed": bool(up and up.by_guess),
        "down": list(visible.filter(up__parent=call).order_by("id")[:_FEW]),
        "note": TransferNote.objects.filter(call=call).select_related("noted_by").first(),
        "settled": next((row for row in settlements if row.undone_at is None), None),
        "history": [row for row in settlements if row.undone_at is not None],
        "seen_cases": _seen(settlements, user),
        "messages_left": list(CallMessage.objects.visible_to(user).filter(call=call).select_related("for_whom")),
        "may_settle": bool(can(user, "call.settle", call)),
        "may_claim": call.answered_at is not None and bool(can(user, "call.claim", call)),
        "may_unsettle": bool(can(user, "call.unsettle", call)),
    }
    return render(request, "calls/detail_part.html" if is_part(request) else "calls/detail.html", context)


def _seen(settlements: list[CallSettlement], user: Any) -> set[int]:
    """Which of the cases named here this person may know of (P6)."""
    named = {row.case_id for row in settlements if row.case_id is not None}
    return set(Case.objects.visible_to(user).filter(pk__in=named).values_list("pk", flat=True)) if named else set()


@login_required
@require_GET
def to_register(request: HttpRequest) -> HttpResponse:
    """What this person's calls still owe, the next due first, and calls that nobody has claimed: a part of the desk."""
    require(request.user, "call.view")
    moment = now()
    owed = CallDeadline.objects.to_register().of(request.user).select_related("call__integration")
    clocks = list(owed[: _FEW + 1])
    nobodys = list(
        nobodys_calls(request.user)
        .filter(answered_at__gt=moment - timedelta(days=2))
        .select_related("integration")
        .order_by("-id")[:_FEW]
    )
    context = {
        "owed": [(clock.call, face_of(clock, moment)) for clock in clocks[:_FEW]],
        "more": len(clocks) > _FEW,
        "nobodys": nobodys,
        "may_register": bool(can(request.user, "case.register")),
    }
    return render(request, "calls/to_register.html", context)


@login_required
@require_GET
def of_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """The last calls from a customer's numbers: a part of the customer's page."""
    require(request.user, "call.view")
    customer = get_object_or_404(Customer, pk=pk)
    numbers = list(customer.numbers.exclude(e164=None).values_list("e164", flat=True)[:50])
    found = calls_visible_to(request.user).filter(customer_e164__in=numbers) if numbers else Call.objects.none()
    calls = list(found.select_related("integration", "agent", "claimed_by").order_by("-id")[:_FEW])
    return render(request, "calls/of_thing.html", {"rows": dressed(calls, now())})


@login_required
@require_GET
def of_case(request: HttpRequest, number: str) -> HttpResponse:
    """The calls that were about a case: a part of the case's page."""
    require(request.user, "call.view")
    case = get_object_or_404(Case.objects.visible_to(request.user), number=number)
    settled = CallSettlement.objects.standing().filter(case=case).values("call")
    calls = calls_visible_to(request.user).filter(pk__in=settled).select_related("integration", "agent", "claimed_by")
    return render(request, "calls/of_thing.html", {"rows": dressed(list(calls.order_by("-id")[:_FEW]), now())})
