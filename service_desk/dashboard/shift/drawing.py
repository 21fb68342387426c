"""What stands on a shift sheet: the desk as it is now, as far as it concerns the next shift."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from service_desk.calls.models import CallDeadline, CallMessage
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case, CaseDeadline, HandOver, Promise
from service_desk.cases.rules import HandOverState
from service_desk.deadlines.rules import ClockKind

#: So many rows of each kind; what is beyond is said.
MOST = 200


def draw(user: Any, until: datetime) -> dict[str, Any]:
    """Open emergencies, clocks, promises and calls due until then, offers without an answer; nothing confidential."""
    cases = Case.objects.visible_to(user).filter(confidential=False).open()
    emergencies = cases.in_emergency().for_page().order_by("emergency_started_at", "id")
    clocks = (
        CaseDeadline.objects.open()
        .filter(case__in=cases, due_at__lte=until)
        .select_related("case__product_type", "case__customer", "case__handler")
        .order_by("due_at", "id")
    )
    promises = (
        Promise.objects.filter(settled_at=None, due_at__lte=until, case__in=cases)
        .select_related("case__product_type", "case__customer", "by")
        .order_by("due_at", "id")
    )
    offers = (
        HandOver.objects.filter(state=HandOverState.PROPOSED, case__in=cases)
        .select_related("case__product_type", "case__customer", "giver", "receiver")
        .order_by("proposed_at", "id")
    )
    return {
        "emergencies": [
            _case(case) | {"since": printed(case.emergency_started_at), "who": str(case.handler)}
            for case in emergencies[: MOST + 1]
        ],
        "clocks": [
            _case(each.case) | {"what": each.kind, "due": printed(each.due_at), "who": str(each.case.handler)}
            for each in clocks[: MOST + 1]
        ],
        "promises": [
            _case(each.case) | {"what": each.text, "due": printed(each.due_at), "who": str(each.by)}
            for each in promises[: MOST + 1]
        ],
        "hand_overs": [
            _case(each.case)
            | {
                "what": each.remaining[:500],
                "since": printed(each.proposed_at),
                "who": f"{each.giver} → {each.receiver}",
            }
            for each in offers[: MOST + 1]
        ],
        "calls": [_call(each) for each in _calls(user, until)[: MOST + 1]],
    }


def _calls(user: Any, until: datetime) -> QuerySet[CallDeadline]:
    """Calls still to be registered (C3), and callers who were promised a call back (C11)."""
    owed = CallDeadline.objects.open().filter(due_at__lte=until)
    found: QuerySet[CallDeadline] = (
        owed.filter(
            Q(kind=ClockKind.REGISTRATION, call__in=calls_visible_to(user))
            | Q(kind=ClockKind.PROMISE, message__in=CallMessage.objects.visible_to(user))
        )
        .select_related("call__agent", "call__claimed_by", "message__for_whom")
        .order_by("due_at", "id")
    )
    return found


def _call(clock: CallDeadline) -> dict[str, str]:
    row = {"what": str(clock.kind), "due": printed(clock.due_at), "severity": ""}
    if clock.message is not None:
        return row | {"message": str(clock.message_id), "who": str(clock.message.for_whom)}
    assert clock.call is not None  # noqa: S101  (a constraint: a clock is of a call or of a message)
    return row | {
        "call": str(clock.call.ref),
        "number": clock.call.masked_number,
        "who": str(clock.call.responsible or ""),
    }


def _case(case: Case) -> dict[str, str]:
    return {
        "number": case.number,
        "matter": f"{case.product_type.name} {case.fault}",
        "customer": case.customer.name,
        "severity": case.severity or "",
    }


def printed(moment: datetime | None) -> str:
    """In the desk's zone, as it is printed."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""
