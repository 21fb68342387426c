"""Looking at the numbers of a case in full: masked everywhere else, and each look recorded with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import said
from service_desk.cases.models import Case
from service_desk.people.access import require
from service_desk.people.actions import note_reveal
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import NotFound

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Number:
    """A number in full and whose it is; `whose` is empty for the customer unit's own."""

    whose: str
    raw: str


def reveal(*, case: Case, actor: Any, reason: str) -> list[Number]:
    """The caller's number and the customer's, in full; raises NotFound, NotAllowed, or Invalid on `reason`."""
    with transaction.atomic():
        if not Case.objects.visible_to(actor).filter(pk=case.pk).exists():
            raise NotFound(_("There is no such case."))
        require(actor, "customer.reveal", case.customer)
        demand_clean({"reason": reason})
        why = said(reason, "reason", limit=200)
        found = _numbers_of(case)
        note_reveal(
            verb="customer.reveal",
            thing=f"case:{case.pk}",
            actor=actor,
            detail={"customer": case.customer_id, "reason": why},
            numbers=len(found),
        )
    return found


def _numbers_of(case: Case) -> list[Number]:
    numbers = [Number(case.caller_name or _("Caller"), case.caller_phone)] if case.caller_phone else []
    known = case.customer.numbers.select_related("contact").order_by("id")[:_SHOWN]
    return numbers + [Number(str(number.contact or ""), number.raw) for number in known]
