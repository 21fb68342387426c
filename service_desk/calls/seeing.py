"""Which calls somebody may see: every list, count, page and type-ahead of calls begins here (P6)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from service_desk.calls.models import CallSettlement
from service_desk.cases.models import Case
from service_desk.people.models import Unit
from service_desk.telephony.models import Call
from service_desk.telephony.rules import Direction
from service_desk.telephony.seeing import calls_seen_by, keep_back


def calls_visible_to(user: Any) -> Any:
    """The calls that this person may see; the rule below keeps back what is confidential, for every door."""
    return calls_seen_by(user)


def without_confidential(calls: QuerySet[Call], user: Any) -> QuerySet[Call]:
    """All but those registered as a confidential case that is not theirs: that one called would say too much."""
    hidden = CallSettlement.objects.filter(call=OuterRef("pk"), case__confidential=True).exclude(
        case__in=Case.objects.visible_to(user).filter(confidential=True)
    )
    return calls.filter(~Exists(hidden))


keep_back(without_confidential)


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
