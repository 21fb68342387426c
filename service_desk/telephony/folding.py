"""A call as a pure function of the set of its events (and its record): arrival order, repeats and gaps mean nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from service_desk.telephony.rules import (
    CLOCK_AHEAD,
    ORDER,
    STALE_AFTER,
    CallEventType,
    CallState,
    Cause,
    Party,
)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a call; `at` is when it counts: its own time, or that of its arrival if its clock runs ahead."""

    type: str
    at: datetime
    seq: int = -1
    extension: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[datetime, int, int, str, str]:
        """The order in which events are read, whatever order they came in; nothing is left to chance."""
        return (self.at, self.seq, ORDER[self.type], self.extension, json.dumps(self.data, sort_keys=True, default=str))


@dataclass(frozen=True, slots=True)
class Transfer:
    """The call was passed on."""

    to: str
    at: datetime
    kind: str = ""
    by: str = ""
    new_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """Everything that a call's events say about it."""

    state: str = CallState.NEW
    direction: str = ""
    customer_number: str = ""
    line_number: str = ""
    queue: str = ""
    extension: str = ""
    agent_code: str = ""
    extensions_rung: tuple[str, ...] = ()
    parent_call_id: str = ""
    started_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    held_since: datetime | None = None
    ended_at: datetime | None = None
    ring_seconds: float | None = None
    ring_count: int | None = None
    hold_seconds: tuple[float, ...] = ()
    ended_by: str = ""
    cause: str = ""
    sip_status: int | None = None
    recording_url: str = ""
    transfers: tuple[Transfer, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    is_stale: bool = False
    differences: tuple[tuple[str, str, str], ...] = ()  # (field, what the events said, what the record says)


def counted_at(timestamp: datetime, received_at: datetime) -> datetime:
    """When an event counts: a time too far ahead is replaced by that of its arrival."""
    return received_at if timestamp > received_at + CLOCK_AHEAD else timestamp


def fold(
    happenings: Iterable[Happening],
    record: Mapping[str, Any] | None = None,
    *,
    ring_cycle: float,
    given_up_at: datetime | None = None,
) -> Folded:
    """The call. `record` overrules where it differs; `given_up_at` ends a call that nobody has ended."""
    events = sorted(happenings, key=lambda event: event.place)
    call = _rings(_told(events), events)
    if record:
        call = _overruled(call, record)
    if call.ended_at is None and given_up_at is not None:
        call = replace(call, ended_at=given_up_at, cause=Cause.FAILED, ended_by=Party.UNKNOWN, is_stale=True)
        call = replace(call, hold_seconds=_holds(events, given_up_at)[0])
    return replace(
        call,
        state=_state(call, events),
        ring_seconds=rung_for(call),
        ring_count=_ring_count(call, ring_cycle),
        held_since=call.held_since if call.ended_at is None else None,
    )


def stale_from(last_heard: datetime) -> datetime:
    """When a call without an end is given up."""
    return last_heard + STALE_AFTER


def _told(events: list[Happening]) -> Folded:
    """What the events say in so many words: the first that says something wins."""
    first = _first_by_type(events)
    answered, ended = first.get(CallEventType.ANSWERED), first.get(CallEventType.ENDED)
    held = first.get(CallEventType.HELD) or first.get(CallEventType.RESUMED)
    taken = answered or held  # whoever is put on hold has been answered, even if that event was lost
    ended_at = ended.at if ended else None
    holds, held_since = _holds(events, ended_at)
    last = dict(ended.data) if ended else {}
    return Folded(
        direction=_said(events, "direction"),
        customer_number=_said(events, "customer_number"),
        line_number=_said(events, "line_number"),
        queue=_said(events, "queue"),
        extension=str(answered.data.get("extension", "")) if answered else "",
        agent_code=str(answered.data.get("agent_code", "")) if answered else "",
        extensions_rung=_rung(events),
        parent_call_id=_said(events, "parent_call_id"),
        started_at=events[0].at if events else None,
        ringing_at=first[CallEventType.RINGING].at if CallEventType.RINGING in first else None,
        answered_at=taken.at if taken else None,
        held_since=held_since,
        ended_at=ended_at,
        hold_seconds=holds,
        ended_by=str(last.get("ended_by", "")),
        cause=str(last.get("cause", "")),
        sip_status=last.get("sip_status"),
        recording_url=_said(events, "recording_url"),
        transfers=_transfers(events),
        attributes=_attributes(events),
    )


def _first_by_type(events: list[Happening]) -> dict[str, Happening]:
    first: dict[str, Happening] = {}
    for event in events:
        first.setdefault(event.type, event)
    return first


def _said(events: list[Happening], name: str) -> str:
    return next((str(event.data[name]) for event in events if event.data.get(name)), "")


def _rung(events: list[Happening]) -> tuple[str, ...]:
    rung = (event.extension for event in events if event.type == CallEventType.RINGING and event.extension)
    return tuple(dict.fromkeys(rung))


def _attributes(events: list[Happening]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in events:
        found.update(event.data.get("attributes") or {})
    return found


def _transfers(events: list[Happening]) -> tuple[Transfer, ...]:
    return tuple(
        Transfer(
            to=str(event.data.get("transfer_to", "")),
            at=event.at,
            kind=str(event.data.get("transfer_kind", "")),
            by=str(event.data.get("by", "")),
            new_call_id=str(event.data.get("new_call_id", "")),
        )
        for event in events
        if event.type == CallEventType.TRANSFERRED
    )


def _holds(events: list[Happening], ended_at: datetime | None) -> tuple[tuple[float, ...], datetime | None]:
    """The stretches on hold in seconds, and since when the call is on hold now; what follows the end does not count."""
    stretches: list[float] = []
    since: datetime | None = None
    for event in events:
        if ended_at is not None and event.at > ended_at:
            break
        if event.type == CallEventType.HELD:
            since = since or event.at
        elif event.type == CallEventType.RESUMED and since is not None:
            stretches.append(_seconds(since, event.at))
            since = None
    if since is not None and ended_at is not None:
        stretches.append(_seconds(since, ended_at))
        since = None
    return tuple(stretches), since


def _seconds(begin: datetime, end: datetime) -> float:
    return round(max(0.0, (end - begin).total_seconds()), 3)


def _rings(call: Folded, events: list[Happening]) -> Folded:
    """How long it rang and how often, as the phone system says, else reckoned from the first ringing."""
    tellers = [event for event in events if event.type in (CallEventType.ANSWERED, CallEventType.ENDED)]
    seconds = next((e.data["ring_seconds"] for e in tellers if e.data.get("ring_seconds") is not None), None)
    count = next((e.data["ring_count"] for e in tellers if e.data.get("ring_count") is not None), None)
    return replace(call, ring_seconds=None if seconds is None else round(float(seconds), 3), ring_count=count)


def _ring_count(call: Folded, cycle: float) -> int | None:
    if call.ring_count is not None:
        return call.ring_count
    seconds = rung_for(call)
    return None if seconds is None else int(seconds // cycle) + 1


def rung_for(call: Folded) -> float | None:
    """Seconds from the first ringing to the answer, or to the end of a call that was never answered."""
    if call.ring_seconds is not None:
        return call.ring_seconds
    until = call.answered_at or call.ended_at
    if call.ringing_at is None or until is None:
        return None
    return _seconds(call.ringing_at, until)


_PLAIN = (
    "direction", "customer_number", "line_number", "extension", "agent_code", "parent_call_id", "started_at",
    "ringing_at", "answered_at", "ended_at", "ring_seconds", "ring_count", "ended_by", "cause", "recording_url",
)  # fmt: skip
_LISTS = {"extensions_rung": str, "hold_seconds": float}


def _overruled(call: Folded, record: Mapping[str, Any]) -> Folded:
    """The record fills what is missing and wins where it differs; every difference is kept."""
    changes: dict[str, Any] = {name: record[name] for name in _PLAIN if record.get(name) not in (None, "")}
    for name, kind in _LISTS.items():
        if record.get(name) is not None:
            changes[name] = tuple(kind(item) for item in record[name])
    if record.get("attributes"):
        changes["attributes"] = {**call.attributes, **record["attributes"]}
    differences = tuple(
        (name, _word(getattr(call, name)), _word(value))
        for name, value in sorted(changes.items())
        if name != "attributes" and getattr(call, name) not in (None, "", ()) and getattr(call, name) != value
    )
    told = replace(call, **changes, differences=differences, held_since=None)
    if "ring_seconds" in changes and "ring_count" not in changes and call.ring_seconds != told.ring_seconds:
        told = replace(told, ring_count=None)  # reckoned anew from the seconds that count now
    return _with_record_transfers(told, record)


def _with_record_transfers(call: Folded, record: Mapping[str, Any]) -> Folded:
    """Transfers of which only the record knows; they count from the call's end."""
    known = {transfer.to for transfer in call.transfers}
    at = call.ended_at or call.started_at
    missing = [to for to in dict.fromkeys(record.get("transferred_to") or ()) if to and to not in known]
    if at is None or not missing:
        return call
    return replace(call, transfers=(*call.transfers, *(Transfer(to=str(to), at=at) for to in missing)))


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _state(call: Folded, events: list[Happening]) -> str:
    if call.ended_at is not None:
        elsewhere = call.cause == Cause.ANSWERED_ELSEWHERE
        return CallState.ENDED if call.answered_at is not None or elsewhere else CallState.MISSED
    if call.held_since is not None:
        return CallState.HELD
    if call.answered_at is not None:
        return CallState.ANSWERED
    if call.ringing_at is not None:
        return CallState.RINGING
    if any(event.type == CallEventType.QUEUED for event in events):
        return CallState.QUEUED
    return CallState.NEW


COLUMNS = tuple(column.name for column in fields(Folded))
