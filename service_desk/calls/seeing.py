"""Which calls somebody may see: every list, count, page and type-ahead of calls begins here (P6)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from service_desk.calls.models import CallSettlement
from service_desk.cases.models import Case
from service_desk.people.access import can
from service_desk.people.models import Unit
from service_desk.telephony.models import Call
from service_desk.telephony.rules import Direction


def calls_visible_to(user: Any) -> Any:
    """All calls but those registered as a confidential case that is not theirs: that one called would say too much."""
    if not can(user, "call.view"):
        return Call.objects.none()
    hidden = CallSettlement.objects.filter(call=OuterRef("pk"), case__confidential=True).exclude(
        case__in=Case.objects.visible_to(user).filter(confidential=True)
    )
    return Call.objects.filter(~Exists(hidden))


def nobodys_calls(user: Any) -> QuerySet[Call]:
    """Answered by a phone that is nobody's, not registered: those of this person's unit, or of no unit at all."""
    settled = CallSettlement.objects.standing().filter(call=OuterRef("pk"))
    found: QuerySet[Call] = (
        calls_visible_to(user)
        .unclaimed()
        .filter(Q(integration__unit=None) | Q(integration__unit__in=_above(user)), ~Exists(settled))
        .filter(direction=Direction.INBOUND)
    )
    return found


def _above(user: Any) -> list[int]:
    """The person's unit and those it lies in; one query, since there are few units."""
    if user.unit_id is None:
        return []
    parents = dict(Unit.objects.values_list("id", "parent_id"))
    found: list[int] = []
    unit: int | None = user.unit_id
    while unit is not None and unit not in found:
        found.append(unit)
        unit = parents.get(unit)
    return found
