"""What stands on a shift sheet: the desk as it is now, as far as it concerns the next shift."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from service_desk.cases.models import Case, CaseDeadline, HandOver, Promise
from service_desk.cases.rules import HandOverState

#: So many rows of each kind; what is beyond is said.
MOST = 200


def draw(user: Any, until: datetime) -> dict[str, Any]:
    """Open emergencies, clocks and promises due until then, hand-overs without an answer; nothing confidential."""
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
