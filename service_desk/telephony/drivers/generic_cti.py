"""The generic CTI form that many systems send to Zammad and its likes: newCall, answer, hangup; form or JSON.

It has neither times nor ids: an event counts from its arrival, and the same words are the same event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from service_desk.telephony.drivers.base import (
    FORM,
    JSON,
    Clock,
    Delivery,
    Item,
    id_of,
    invalid,
    is_internal,
    read_form,
    read_json,
    text_of,
    written,
)
from service_desk.telephony.rules import Cause, IntegrationKind

_TYPES = {"newCall": "call.ringing", "answer": "call.answered", "hangup": "call.ended"}
_CAUSES = {
    "normalClearing": Cause.NORMAL, "busy": Cause.BUSY, "cancel": Cause.ABANDONED, "noAnswer": Cause.NO_ANSWER,
    "congestion": Cause.FAILED, "notFound": Cause.FAILED, "forwarded": Cause.TRANSFERRED,
}  # fmt: skip
_DIRECTIONS = {"in": "inbound", "out": "outbound"}


class GenericCtiDriver:
    """`event`, `direction`, `from`, `to`, `callId`, and by event `answeringNumber`, `cause`, `queue`, `user[]`."""

    kind: str = IntegrationKind.GENERIC_CTI
    media_types = frozenset({JSON, FORM})

    def read(self, raw: bytes, media_type: str, clock: Clock) -> Delivery:
        given = _fields(raw, media_type)
        name = given.get("event")
        if not isinstance(name, str) or name not in _TYPES:
            raise invalid(
                "/event", "not_allowed", _("One of these is expected: %(values)s.") % {"values": ", ".join(_TYPES)}
            )
        if given.get("direction") not in ("in", "out"):
            raise invalid(
                "/direction", "not_allowed", _("One of these is expected: %(values)s.") % {"values": "in, out"}
            )
        if not text_of(given, "callId", 250):
            raise invalid("/callId", "required", _("This field is required."))
        return Delivery(events=[Item(_native(given, name, clock()), given)])


def _fields(raw: bytes, media_type: str) -> dict[str, Any]:
    if media_type == JSON:
        given = read_json(raw)
        if not isinstance(given, dict):
            raise invalid("", "wrong_type", _("A JSON object is expected."))
        return given
    return {
        key.removesuffix("[]"): values if key.endswith("[]") else values[-1] for key, values in read_form(raw).items()
    }


def _native(given: dict[str, Any], name: str, now: datetime) -> dict[str, Any]:
    """The native event; a field that is no text is as if it were absent."""
    is_in = given["direction"] == "in"
    theirs, ours = ("from", "to") if is_in else ("to", "from")
    data: dict[str, Any] = {
        "call_id": text_of(given, "callId", 250),
        "direction": _DIRECTIONS[given["direction"]],
        "customer_number": text_of(given, theirs, 40),
        "line_number": text_of(given, ours, 40),
    }
    if queue := text_of(given, "queue", 100):
        data["queue"] = queue
    if name == "answer":
        data |= _who(text_of(given, "answeringNumber", 64))
    if name == "hangup":
        cause = given.get("cause")
        found = _CAUSES.get(cause, Cause.FAILED) if isinstance(cause, str) else Cause.NORMAL
        data |= {"ended_by": "unknown", "cause": str(found)}
    if users := _users(given.get("user")):
        data["attributes"] = {"user": users}
    return {"id": id_of("cti", given), "type": _TYPES[name], "timestamp": written(now), "data": data}


def _who(answering: str) -> dict[str, str]:
    """`answeringNumber` is an extension, or a login or e-mail of whoever answered."""
    if not answering:
        return {}
    if is_internal(answering) or (answering.isdigit() and len(answering) <= 32):
        return {"extension": answering}
    return {"agent_code": answering}


def _users(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one[:80] for one in values[:10] if isinstance(one, str) and one]
