"""The tables of telephony, one file a theme; other modules import them from here."""

from service_desk.telephony.models.calls import (
    Call,
    CallEvent,
    CallFact,
    CallLink,
    CallRecord,
    SeenEvent,
    TransferNote,
    settled_before,
)
from service_desk.telephony.models.integrations import CallLimits, Extension, Integration, RefusedDelivery

__all__ = [
    "Call",
    "CallEvent",
    "CallFact",
    "CallLimits",
    "CallLink",
    "CallRecord",
    "Extension",
    "Integration",
    "RefusedDelivery",
    "SeenEvent",
    "TransferNote",
    "settled_before",
]
