"""What other programs hear of the registering of calls: settled, or left unregistered when its time was over (C3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext_lazy as _

from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.telephony.models import Call
from service_desk.telephony.webhook_events import EXAMPLE, data_of, utc
from service_desk.webhooks.emitting import Happening, emit, emit_many
from service_desk.webhooks.kinds import register

register("call.settled", _("Call registered"), EXAMPLE | {"settled": {"as": "case", "case": 4711, "reason": ""}})
register("call.unregistered", _("Call left unregistered"), EXAMPLE | {"due_at": "2026-11-23T02:28:48Z"})


def tell_settled(settlement: CallSettlement) -> None:
    """As what the call was registered; nothing when that is a confidential case (P6)."""
    if settlement.case is not None and settlement.case.confidential:
        return
    said = {"as": str(settlement.settled_as), "case": settlement.case_id, "reason": str(settlement.reason)}
    emit("call.settled", data_of(settlement.call) | {"settled": said}, about=f"call:{settlement.call_id}")


def tell_unregistered(late: Iterable[CallDeadline], calls: Mapping[int, Call]) -> None:
    """The time of these calls is over."""
    owed = [(calls[clock.call_id], clock) for clock in late if clock.call_id is not None]
    emit_many(
        [
            Happening("call.unregistered", data_of(call) | {"due_at": utc(clock.due_at)}, f"call:{call.pk}")
            for call, clock in owed
        ]
    )
