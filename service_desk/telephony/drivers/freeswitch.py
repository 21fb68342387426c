"""FreeSWITCH's mod_json_cdr: one JSON document a call, after its end; becomes a record of the whole call."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from django.utils.translation import gettext as _

from service_desk.telephony.drivers.base import (
    FORM,
    JSON,
    Clock,
    Delivery,
    Item,
    invalid,
    is_internal,
    read_json,
    sides,
    text_of,
    written,
)
from service_desk.telephony.rules import Cause, IntegrationKind, Party

BASE64_FORM = "application/x-www-form-base64-encoded"
_CAUSES = {
    "NORMAL_CLEARING": Cause.NORMAL, "ORIGINATOR_CANCEL": Cause.ABANDONED, "USER_BUSY": Cause.BUSY,
    "NO_ANSWER": Cause.NO_ANSWER, "NO_USER_RESPONSE": Cause.NO_ANSWER, "ALLOTTED_TIMEOUT": Cause.NO_ANSWER,
    "CALL_REJECTED": Cause.REJECTED, "PICKED_OFF": Cause.ANSWERED_ELSEWHERE, "LOSE_RACE": Cause.ANSWERED_ELSEWHERE,
    "BLIND_TRANSFER": Cause.TRANSFERRED, "ATTENDED_TRANSFER": Cause.TRANSFERRED,
}  # fmt: skip
_EPOCHS = {"started_at": "start", "ringing_at": "progress", "answered_at": "answer", "ended_at": "end"}
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100


class FreeswitchDriver:
    """Plain JSON (`encode=false`), or `cdr=` with the JSON URL-encoded or in base64."""

    kind: str = IntegrationKind.FREESWITCH
    media_types = frozenset({JSON, FORM, BASE64_FORM})

    def read(self, raw: bytes, media_type: str, clock: Clock) -> Delivery:
        cdr = read_json(_document(raw, media_type))
        variables = cdr.get("variables") if isinstance(cdr, dict) else None
        if not isinstance(variables, dict):
            raise invalid("/variables", "required", _("This field is required."))
        if variables.get("originator") or variables.get("originating_leg_uuid"):
            return Delivery(is_batch=True)  # the other leg of a call whose own record says it all
        return Delivery(records=[Item(_record(cdr, {str(k): _plain(v) for k, v in variables.items()}))])


def _document(raw: bytes, media_type: str) -> bytes:
    if media_type == JSON:
        return raw
    text = raw.removeprefix(b"cdr=")
    if media_type == FORM:
        return unquote(text.decode("utf-8", "replace").replace("+", " ")).encode("utf-8", "replace")
    try:
        return base64.b64decode(unquote(text.decode("ascii", "replace")), validate=False)
    except (binascii.Error, ValueError) as error:
        raise invalid("", "wrong_format", _("This is not base64.")) from error


def _plain(value: Any) -> str:
    """Values stand URL-encoded in the document, unless the administrator has switched that off."""
    return unquote(value) if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""


def _record(cdr: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    profile = _profile(cdr)
    caller = text_of(profile, "caller_id_number", 40) or variables.get("sip_from_user", "")[:40]
    called = text_of(profile, "destination_number", 40) or variables.get("sip_to_user", "")[:40]
    direction, customer, line, own = sides(caller, called)
    times = {name: moment for name, short in _EPOCHS.items() if (moment := _moment(variables, short)) is not None}
    answered = "answered_at" in times
    phone = own or next((n for n in (variables.get("dialed_user"), variables.get("cc_agent")) if n), "")[:32]
    record: dict[str, Any] = {
        "call_id": variables.get("uuid", "")[:250],
        "direction": direction,
        "customer_number": customer,
        "line_number": line,
        **{name: written(moment) for name, moment in times.items()},
        "ended_by": _ended_by(variables.get("sip_hangup_disposition", ""), direction, answered=answered),
        "cause": str(_cause(variables.get("hangup_cause", ""), answered=answered)),
    }
    if phone and (answered or direction != "inbound"):
        record["extension"] = phone if is_internal(phone) else phone.partition("@")[0][:32]
    if agent := variables.get("cc_agent", ""):
        record["agent_code"] = agent[:64]
    if (held := variables.get("hold_accum_ms", "")).isdigit() and len(held) < 12 and int(held):
        record["hold_seconds"] = [int(held) / 1000]
    return record


def _profile(cdr: dict[str, Any]) -> dict[str, Any]:
    flows = cdr.get("callflow")
    flow = flows[-1] if isinstance(flows, list) and flows else flows
    profile = flow.get("caller_profile") if isinstance(flow, dict) else None
    found = profile if isinstance(profile, dict) else {}
    return {key: unquote(value) if isinstance(value, str) else value for key, value in found.items()}


def _moment(variables: dict[str, str], name: str) -> datetime | None:
    """`…_uepoch` in microseconds, else `…_epoch` in seconds; 0 means that it did not happen."""
    for key, unit in ((f"{name}_uepoch", 1_000_000), (f"{name}_epoch", 1)):
        text = variables.get(key, "")
        if text.isascii() and text.isdigit() and len(text) < 18:
            seconds = int(text) / unit
            if _EARLIEST < seconds < _LATEST:
                return datetime.fromtimestamp(seconds, tz=UTC)
    return None


def _cause(name: str, *, answered: bool) -> str:
    found = _CAUSES.get(name, Cause.FAILED)
    return Cause.ABANDONED if found == Cause.NORMAL and not answered else found


def _ended_by(disposition: str, direction: str, *, answered: bool) -> str:
    """Whose 'bye' (or 'cancel') it was: the first leg is the caller's."""
    caller, other = (Party.CUSTOMER, Party.AGENT) if direction == "inbound" else (Party.AGENT, Party.CUSTOMER)
    if disposition in ("recv_bye", "recv_cancel"):
        return str(caller)
    if disposition == "send_bye":
        return str(other if answered else Party.SYSTEM)
    return str(Party.SYSTEM if disposition.startswith("send_") else Party.UNKNOWN)
