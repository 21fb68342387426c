"""What a relay makes good when its line to Asterisk is up again: calls that run unheard of, and calls that are over.

Asterisk tells nothing of what happened while nobody listened; it can only be asked which channels there are now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service_desk.telephony.drivers.asterisk import AmiMapper
from service_desk.telephony.drivers.base import id_of, is_internal, written
from service_desk.telephony.models import Call, Integration
from service_desk.telephony.rules import Cause, Party

#: By this name the answers to our question are known among everything else that is told.
ACTION_ID = "desk-catching-up"
_RINGING, _UP = "5", "6"
_PHONE = re.compile(r"^[A-Za-z0-9]+/(?P<name>[^/@-]+(?:-[^/@-]+)*?)(?:@[^-]*)?-[0-9a-f]{8}(?:;[12])?$")
_DURATION = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)")

Message = Mapping[str, str]


@dataclass
class CatchUp:
    """One question and its answer. `open_before` are the calls that the desk believed to run before it asked: one that
    began while the list was being read is in neither, and its own events are on the way."""

    integration: Integration
    mapper: AmiMapper
    clock: Callable[[], datetime]
    open_before: dict[str, bool] = field(default_factory=dict)  # call id -> answered
    channels: list[Message] = field(default_factory=list)
    done: bool = False

    def begin(self) -> None:
        """Remember what the desk believes; asked before the question is sent."""
        rows = Call.objects.open().filter(integration=self.integration).order_by("id")
        self.open_before = {call_id: at is not None for call_id, at in rows.values_list("call_id", "answered_at")}

    def events(self, message: Message) -> Iterator[dict[str, Any]]:
        """Native events once the list is whole; nothing before that, and nothing from a list that was broken off."""
        if self.done or message.get("ActionID") != ACTION_ID:
            return
        if message.get("Event") == "CoreShowChannel":
            self.channels.append(message)
        elif message.get("Event") == "CoreShowChannelsComplete":
            self.done = True
            yield from self._made_good()

    def _made_good(self) -> Iterator[dict[str, Any]]:
        moment = self.clock()
        running = {channel.get("Linkedid", "")[:250] for channel in self.channels} - {""}
        for call_id, was_answered in self.open_before.items():
            if call_id not in running:
                self.mapper.calls.pop(call_id, None)
                yield _over(call_id, was_answered, moment)
        known = self._known(running)
        for channel in sorted(self.channels, key=lambda one: one.get("Uniqueid") != one.get("Linkedid")):
            yield from self._of(channel, known, moment)

    def _known(self, running: set[str]) -> dict[str, tuple[bool, list[str]]]:
        rows = Call.objects.filter(integration=self.integration, call_id__in=running)
        return {
            call_id: (at is not None, rung)
            for call_id, at, rung in rows.values_list("call_id", "answered_at", "extensions_rung")
        }

    def _of(
        self, channel: Message, known: dict[str, tuple[bool, list[str]]], moment: datetime
    ) -> Iterator[dict[str, Any]]:
        """What the desk has not heard of this channel.

        When it was answered nobody can tell any more; it is taken to have been at once, so that no agent is blamed.
        """
        linked = channel.get("Linkedid", "")[:250]
        since = moment - _lasted(channel)
        if channel.get("Uniqueid") == channel.get("Linkedid"):
            call = self.mapper.live(linked, channel)
            if linked not in known:
                known[linked] = (False, [])
                data = {"direction": call.direction, "customer_number": call.customer}
                yield _event(
                    "call.started", linked, since, {**data, **({"line_number": call.line} if call.line else {})}
                )
            return
        phone = _phone(channel)
        was_answered, rung = known.get(linked, (False, []))
        if not phone or was_answered or linked not in known:
            return
        call = self.mapper.live(linked, channel)
        if phone not in rung:
            rung.append(phone)
            data = {"direction": call.direction, "customer_number": call.customer, "extension": phone}
            yield _event("call.ringing", linked, since, data)
        if channel.get("ChannelState") == _UP and channel.get("BridgeId"):
            call.answered = True
            known[linked] = (True, rung)
            yield _event("call.answered", linked, since, {"extension": phone})


def _over(call_id: str, was_answered: bool, moment: datetime) -> dict[str, Any]:
    """It ended while nobody listened: who hung up is not known, and not judged."""
    cause = Cause.NORMAL if was_answered else Cause.FAILED
    return _event("call.ended", call_id, moment, {"ended_by": str(Party.UNKNOWN), "cause": str(cause)})


def _event(kind: str, call_id: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    when = written(at)
    return {
        "id": id_of("ami-running", [kind, call_id, when, data]),
        "type": kind,
        "timestamp": when,
        "data": {"call_id": call_id, **data},
    }


def _phone(channel: Message) -> str:
    found = _PHONE.match(channel.get("Channel", ""))
    name = found.group("name") if found else ""
    number = channel.get("CallerIDNum", "")
    return (name if is_internal(name) or not is_internal(number) else number)[:32]


def _lasted(channel: Message) -> timedelta:
    """How long the channel has been there, as `00:01:42`."""
    found = _DURATION.fullmatch(channel.get("Duration", ""))
    if found is None:
        return timedelta(0)
    hours, minutes, seconds = map(int, found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
