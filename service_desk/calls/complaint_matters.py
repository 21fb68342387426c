"""What an agent should know of complaints while their customer is on the line: the open ones of the agent's circles."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from service_desk.calls.candidates import Matter, tell_of_callers
from service_desk.cases.rules import OPEN_STATES
from service_desk.complaints.models import Complaint
from service_desk.customers.models import Customer
from service_desk.telephony.models import Call

_SHOWN = 3


def matters_of(call: Call, customer: Customer | None, user: Any) -> list[Matter]:
    """Of the customer, or of the number where a private person complained; one query."""
    about = Q(case__customer=customer) if customer is not None else Q()
    if call.customer_e164:
        about |= Q(case__caller_e164=call.customer_e164)
    if not about:
        return []
    found = Complaint.objects.visible_to(user).filter(about, case__state__in=OPEN_STATES).select_related("case")
    return [
        Matter(
            label=_("Complaint %(number)s") % {"number": each.number},
            text=f"{each.get_level_display()} · {each.get_stage_display()} · {each.case.fault}",
            url=each.get_absolute_url(),
        )
        for each in found.order_by("-case_id")[:_SHOWN]
    ]


tell_of_callers(matters_of)
