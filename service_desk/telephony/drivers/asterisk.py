"""Asterisk's manager events as native ones; the relay (`relay_asterisk`) reads them from the manager's socket.

Over HTTP an Asterisk system speaks the native form, which its dialplan can send with CURL().
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service_desk.telephony.drivers.base import Clock, id_of, is_internal, sides, written
from service_desk.telephony.drivers.native import NativeDriver
from service_desk.telephony.rules import Cause, IntegrationKind, Party

_PEER = re.compile(r"^[A-Za-z0-9]+/(?P<name>[^/@-]+(?:-[^/@-]+)*?)(?:@[^-]*)?-[0-9a-f]{8}(?:;[12])?$")
_CAUSES = {
    "16": Cause.NORMAL, "17": Cause.BUSY, "18": Cause.NO_ANSWER, "19": Cause.NO_ANSWER, "21": Cause.REJECTED,
    "26": Cause.ANSWERED_ELSEWHERE,
}  # fmt: skip
_MOST_CALLS = 5000

Message = Mapping[str, str]


class AsteriskDriver(NativeDriver):
    """Over HTTP an Asterisk system writes natively."""

    kind: str = IntegrationKind.ASTERISK


@dataclass
class _Live:
    """What must be remembered of a running call."""

    direction: str
    customer: str
    line: str
    own: str
    answered: bool = False
    hung_up_by: str = ""
    transferred: bool = False


@dataclass
class AmiMapper:
    """Turns manager messages into native events, call by call (`Linkedid`)."""

    clock: Clock
    calls: dict[str, _Live] = field(default_factory=dict)

    def events(self, message: Message) -> Iterator[dict[str, Any]]:
        """The native events that a message stands for: mostly none."""
        linked = message.get("Linkedid") or message.get("DestLinkedid") or message.get("TransfererLinkedid") or ""
        handler = _HANDLERS.get(message.get("Event", ""))
        if not linked or handler is None:
            return
        for kind, data in handler(self, linked, message):
            yield self._native(kind, linked, data, message)

    def _native(self, kind: str, linked: str, data: dict[str, Any], message: Message) -> dict[str, Any]:
        return {
            "id": id_of("ami", [kind, sorted(message.items())]),
            "type": kind,
            "timestamp": written(self._moment(message)),
            "data": {"call_id": linked[:250], **data},
        }

    def _moment(self, message: Message) -> datetime:
        """The manager's own time (timestampevents=yes), else that of the arrival."""
        text = message.get("Timestamp", "")
        if re.fullmatch(r"\d{9,10}(\.\d{1,6})?", text):
            return datetime.fromtimestamp(float(text), tz=UTC)
        return self.clock()

    def live(self, linked: str, message: Message) -> _Live:
        """What is known of the call; one whose beginning was missed is made up from what the message says."""
        if linked not in self.calls:
            if len(self.calls) >= _MOST_CALLS:  # calls whose end was never heard
                del self.calls[next(iter(self.calls))]
            self.calls[linked] = _Live(*sides(_caller(message), message.get("Exten", "")[:40]))
        return self.calls[linked]


_Found = Iterator[tuple[str, dict[str, Any]]]


def _new_channel(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    if message.get("Uniqueid") != linked:
        return
    call = mapper.live(linked, message)
    yield "call.started", _who(call)


def _queued(_mapper: AmiMapper, _linked: str, message: Message) -> _Found:
    yield "call.queued", {"queue": message.get("Queue", "")[:100]}


def _dial_begin(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    call = mapper.live(linked, message)
    phone = _phone(message) if call.direction != "outbound" else ""
    yield "call.ringing", {**_who(call), **({"extension": phone} if phone else {})}


def _dial_end(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    if message.get("DialStatus") != "ANSWER":
        return
    call = mapper.live(linked, message)
    call.answered = True
    phone = call.own if call.direction == "outbound" else _phone(message)
    yield "call.answered", {"extension": phone} if phone else {}


def _hold(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    held = message.get("Event") == "Hold"
    yield "call.held" if held else "call.resumed", {"by": _party(mapper.live(linked, message), linked, message)}


def _blind(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    mapper.live(linked, message).transferred = True
    yield "call.transferred", {"transfer_to": message.get("Extension", "")[:64], "transfer_kind": "blind"}


def _attended(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    mapper.live(linked, message).transferred = True
    to = message.get("SecondTransfererConnectedLineNum") or message.get("TransferTargetCallerIDNum") or ""
    data: dict[str, Any] = {"transfer_to": to[:64], "transfer_kind": "attended"}
    second = message.get("SecondTransfererLinkedid", "")
    yield "call.transferred", {**data, **({"new_call_id": second} if second and second != linked else {})}


def _asked_to_hang_up(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    call = mapper.live(linked, message)
    call.hung_up_by = call.hung_up_by or _party(call, linked, message)
    yield from ()


def _hangup(mapper: AmiMapper, linked: str, message: Message) -> _Found:
    if message.get("Uniqueid") != linked:
        return
    call = mapper.live(linked, message)
    cause: str = _CAUSES.get(message.get("Cause", ""), Cause.FAILED)
    if cause == Cause.NORMAL and not call.answered:
        cause = Cause.ABANDONED
    if call.transferred:
        cause = Cause.TRANSFERRED
    del mapper.calls[linked]
    yield "call.ended", {"ended_by": call.hung_up_by or str(Party.UNKNOWN), "cause": str(cause)}


_HANDLERS = {
    "Newchannel": _new_channel,
    "QueueCallerJoin": _queued,
    "DialBegin": _dial_begin,
    "DialEnd": _dial_end,
    "Hold": _hold,
    "Unhold": _hold,
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "HangupRequest": _asked_to_hang_up,
    "SoftHangupRequest": _asked_to_hang_up,
    "Hangup": _hangup,
}


def _who(call: _Live) -> dict[str, Any]:
    data = {"direction": call.direction, "customer_number": call.customer}
    return {**data, "line_number": call.line} if call.line else data


def _caller(message: Message) -> str:
    number = message.get("CallerIDNum", "")
    return "" if number == "<unknown>" else number[:40]


def _phone(message: Message) -> str:
    """The ringing phone: by its channel (PJSIP/8006-0000001a), else by its number."""
    found = _PEER.match(message.get("DestChannel", ""))
    name = found.group("name") if found else ""
    number = message.get("DestCallerIDNum", "")
    return (name if is_internal(name) or not is_internal(number) else number)[:32]


def _party(call: _Live, linked: str, message: Message) -> str:
    """Whose channel this is: the first channel of a call is the caller's."""
    is_caller = message.get("Uniqueid") == linked
    is_customer = is_caller == (call.direction == "inbound")
    return str(Party.CUSTOMER if is_customer else Party.AGENT)
