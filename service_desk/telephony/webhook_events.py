"""What other programs hear of calls: thin, without the customer's number; registered and told from here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from service_desk.telephony.announcing import CallChange, listen
from service_desk.telephony.models import Call
from service_desk.telephony.rules import CallState
from service_desk.webhooks.emitting import Happening, emit_many
from service_desk.webhooks.kinds import register

EXAMPLE = {
    "call": {
        "id": "01KB3M8Q2W7Z5T9X4R6V1N0PDC",
        "call_id": "6b01e2c344-2-1",
        "url": "https://desk.example/api/v1/calls/01KB3M8Q2W7Z5T9X4R6V1N0PDC",
        "state": "answered",
        "direction": "inbound",
    },
    "phone_system": 1,
    "queue": "售后",
    "extension": "8006",
    "agent_code": "A017",
    "agent": 17,
    "started_at": "2026-11-22T02:28:20Z",
    "ringing_at": "2026-11-22T02:28:21Z",
    "answered_at": "2026-11-22T02:28:48Z",
    "ended_at": None,
    "ring_seconds": 26.752,
    "ring_count": 6,
}
_ENDED = {**EXAMPLE, "ended_at": "2026-11-22T02:31:02Z", "ended_by": "customer", "cause": "normal"}
register("call.started", _("Call began"), EXAMPLE)
register("call.ringing", _("Call rings"), EXAMPLE)
register("call.answered", _("Call answered"), EXAMPLE)
register("call.ended", _("Call ended"), _ENDED)
register("call.missed", _("Call missed"), _ENDED)

_BEFORE_ANSWER = frozenset({"", CallState.NEW, CallState.QUEUED, CallState.RINGING, CallState.MISSED})


@listen
def tell(change: CallChange) -> None:
    """One event for each step that the call has taken by this change; what only repeats tells nothing."""
    types = steps_of(change)
    if types:
        data = data_of(change.call)
        emit_many([Happening(each, data, about=f"call:{change.call.pk}") for each in types])


def steps_of(change: CallChange) -> list[str]:
    """What has become of the call since before; several where events were lost or told late."""
    call, before = change.call, change.before
    types = ["call.started"] if not before else []
    if call.state == before:
        return types
    if call.state == CallState.RINGING:
        types.append("call.ringing")
    if call.answered_at is not None and before in _BEFORE_ANSWER:
        types.append("call.answered")
    if call.state in (CallState.ENDED, CallState.MISSED):
        types.append(f"call.{call.state}")
    return types


def data_of(call: Call) -> dict[str, Any]:
    """Ids, times and the result; whoever may know the caller asks for the call itself."""
    data: dict[str, Any] = {
        "call": {
            "id": call.ref,
            "call_id": call.call_id,
            "url": f"{settings.SITE_URL}/api/v1/calls/{call.ref}",
            "state": str(call.state),
            "direction": str(call.direction),
        },
        "phone_system": call.integration_id,
        "queue": call.queue,
        "extension": call.extension,
        "agent_code": call.agent_code,
        "agent": call.agent_id,
        **{name: utc(getattr(call, name)) for name in ("started_at", "ringing_at", "answered_at", "ended_at")},
        "ring_seconds": call.ring_seconds,
        "ring_count": call.ring_count,
    }
    if call.ended_at is not None:
        data |= {"ended_by": str(call.ended_by), "cause": str(call.cause)}
    return data


def utc(moment: datetime | None) -> str | None:
    """As the events write times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
