"""What a call says about the telephone rules T1 to T6: a pure function of the folded call and of its transfer note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service_desk.telephony.folding import Folded
from service_desk.telephony.rules import CallRule, Cause, Direction, Limits, Party, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """What the events say about one rule, with the figures that show why."""

    verdict: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What is known of a transfer beside the events: when its name and matter were noted, when it was answered."""

    noted_at: datetime | None = None
    answered_at: datetime | None = None


def facts_of(call: Folded, limits: Limits, handed: HandedOver | None = None) -> dict[str, Finding]:
    """The facts by rule; a rule on which nothing can be said yet is absent."""
    found = {
        CallRule.ANSWER_RINGS: _answer(call, limits),
        CallRule.APOLOGY: _apology(call, limits),
        CallRule.OUTBOUND_RINGS: _outbound(call, limits),
        CallRule.HOLD: _hold(call, limits),
        CallRule.HANG_UP: _hang_up(call),
        CallRule.TRANSFER: _transfer(call, handed or HandedOver()),
    }
    return {str(rule): finding for rule, finding in found.items() if finding is not None}


def _answer(call: Folded, limits: Limits) -> Finding | None:
    if call.direction != Direction.INBOUND or call.answered_at is None or call.ring_count is None:
        return None
    late = call.ring_count > limits.answer_rings
    return Finding(_breached(late), {"rings": call.ring_count, "most": limits.answer_rings})


def _apology(call: Folded, limits: Limits) -> Finding | None:
    if call.direction != Direction.INBOUND or call.answered_at is None or call.ring_count is None:
        return None
    if call.ring_count < limits.apology_ring:
        return None
    return Finding(Verdict.DUE, {"rings": call.ring_count, "from": limits.apology_ring})


def _outbound(call: Folded, limits: Limits) -> Finding | None:
    unanswered = call.ended_at is not None and call.answered_at is None
    if call.direction != Direction.OUTBOUND or not unanswered or call.ended_by != Party.AGENT:
        return None
    if call.ring_count is None:
        return None
    amiss = not limits.outbound_least <= call.ring_count <= limits.outbound_most
    detail = {"rings": call.ring_count, "least": limits.outbound_least, "most": limits.outbound_most}
    return Finding(_breached(amiss), detail)


def _hold(call: Folded, limits: Limits) -> Finding | None:
    if not call.hold_seconds:
        return None
    most = limits.hold_word_seconds + limits.hold_grace_seconds
    longest = max(call.hold_seconds)
    detail = {"stretches": list(call.hold_seconds), "longest": longest, "most": most}
    return Finding(_breached(longest > most), detail)


def _hang_up(call: Folded) -> Finding | None:
    """T5; who hung up is judged on answered inbound calls that ended in the ordinary way, if it is known."""
    ordinary = call.cause == Cause.NORMAL and not call.transfers
    if call.direction != Direction.INBOUND or call.answered_at is None or call.ended_at is None or not ordinary:
        return None
    if call.ended_by not in (Party.AGENT, Party.CUSTOMER):
        return None
    return Finding(_breached(call.ended_by == Party.AGENT), {"ended_by": call.ended_by})


def _transfer(call: Folded, handed: HandedOver) -> Finding | None:
    """T6; open while the colleague has not answered, then a breach if name and matter were not there by then."""
    if not call.transfers:
        return None
    detail = {"to": call.transfers[-1].to, "at": call.transfers[-1].at.isoformat()}
    if handed.noted_at is not None and (handed.answered_at is None or handed.noted_at <= handed.answered_at):
        return Finding(Verdict.KEPT, detail)
    return Finding(Verdict.DUE if handed.answered_at is None else Verdict.BREACHED, detail)


def _breached(amiss: bool) -> str:
    return Verdict.BREACHED if amiss else Verdict.KEPT
