"""The plain count that figures are held against: every row looked at in Python, by no code of the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from service_desk.calls.models import CallSettlement
from service_desk.cases.models import Case, CaseClockEvent, CaseCycle, CaseDeadline, HandOver, Promise
from service_desk.complaints.models import Instance
from service_desk.deadlines.rules import ClockEventType
from service_desk.knowledge.models import LanguageFinding
from service_desk.notices.models import Notice
from service_desk.telephony.models import Call, CallFact

_CALLED_OFF = ("merged", "cancelled")
_REACHED = {"restoration": ("restored_at", ("restoration", "emergency")), "solution": ("resolved_at", ("solution",))}


@dataclass(frozen=True)
class Fact:
    """One fact as the plain count sees it."""

    at: datetime
    case: Case | None
    who: int | None
    seconds: float | None
    outcome: str


@dataclass(frozen=True)
class Seen:
    """The cases that somebody may know of, and all their clocks."""

    cases: Mapping[int, Case]
    clocks: list[CaseDeadline]

    @classmethod
    def by(cls, user: Any) -> Seen:
        """What this person sees."""
        cases = {case.pk: case for case in Case.objects.visible_to(user)}
        return cls(cases, [clock for clock in CaseDeadline.objects.all() if clock.case_id in cases])

    def of(self, case: Case, kinds: Iterable[str], cycle: int | None = None) -> str:
        """How the clocks of these kinds went; one that was called off went no way."""
        own = [c for c in self.clocks if c.case_id == case.pk and c.kind in kinds and c.state not in _CALLED_OFF]
        own = [c for c in own if cycle is None or c.cycle == cycle]
        if any(c.breached_at for c in own):
            return "late"
        return "kept" if any(c.state == "met" for c in own) else "none"


def gone(start: datetime, end: datetime | None) -> float | None:
    """Whole seconds."""
    return None if end is None else max(0.0, float((end - start) // timedelta(seconds=1)))


def registration(seen: Seen) -> Iterator[Fact]:
    """C3."""
    for case in seen.cases.values():
        if case.kind == "call" and case.split_from_id is None:
            late = case.registered_at - case.accepted_at > timedelta(hours=24)
            took = gone(case.accepted_at, case.registered_at)
            yield Fact(case.registered_at, case, case.first_responder_id, took, "late" if late else "kept")


def first_response(seen: Seen) -> Iterator[Fact]:
    """Once a case."""
    for case in seen.cases.values():
        if case.started_at:
            took = gone(case.earliest_accepted_at or case.accepted_at, case.started_at)
            how = seen.of(case, ["first_response"])
            yield Fact(case.started_at, case, case.first_responder_id, took, how)


def _cycles(name: str) -> Callable[[Seen], Iterator[Fact]]:
    reached, kinds = _REACHED[name]

    def found(seen: Seen) -> Iterator[Fact]:
        cycles = [
            (
                case,
                case.cycle,
                case.reopened_at or case.earliest_accepted_at or case.accepted_at,
                getattr(case, reached),
            )
            for case in seen.cases.values()
        ]
        cycles += [
            (seen.cases[each.case_id], each.cycle, each.began_at, getattr(each, reached))
            for each in CaseCycle.objects.all()
            if each.case_id in seen.cases
        ]
        for case, cycle, began, at in cycles:
            if at is not None and at >= began:
                yield Fact(at, case, case.handler_id, gone(began, at), seen.of(case, kinds, cycle))

    return found


def clocks(seen: Seen) -> Iterator[Fact]:
    """Decided ones."""
    for c in seen.clocks:
        if c.state not in _CALLED_OFF and (c.breached_at or c.state == "met"):
            took = gone(c.due_at, c.ended_at) if c.state == "breached" else None
            case, at = seen.cases[c.case_id], c.breached_at or c.ended_at
            assert at is not None
            yield Fact(at, case, case.handler_id, took, "late" if c.breached_at else "kept")


def escalations(seen: Seen) -> Iterator[Fact]:
    """Fired steps and who answered."""
    by_pk = {c.pk: c for c in seen.clocks}
    for event in CaseClockEvent.objects.filter(type=ClockEventType.FIRED):
        if (c := by_pk.get(event.deadline_id)) is not None:
            chain = f"case_deadline:{c.pk}:{c.cycle}:{event.code}:"
            told = Notice.objects.filter(chain__startswith=chain, needs_ack=True)
            first = min((n.acked_at for n in told if n.acked_at), default=None)
            how = "answered" if first else "unanswered" if told else "told"
            case = seen.cases[c.case_id]
            yield Fact(event.at, case, case.handler_id, gone(event.at, first), how)


def promises(seen: Seen) -> Iterator[Fact]:
    """C11."""
    for p in Promise.objects.all():
        at = p.broken_at or p.settled_at
        if at and p.case_id in seen.cases:
            yield Fact(at, seen.cases[p.case_id], p.by_id, None, p.state)


def hand_overs(seen: Seen) -> Iterator[Fact]:
    """C5."""
    late = {c.part for c in seen.clocks if c.kind == "hand_over" and c.breached_at}
    for h in HandOver.objects.all():
        if h.case_id in seen.cases:
            how = ("late" if h.pk in late else "kept") if h.state == "accepted" else h.state
            yield Fact(h.proposed_at, seen.cases[h.case_id], h.receiver_id, gone(h.proposed_at, h.decided_at), how)


def complaints(seen: Seen) -> Iterator[Fact]:
    """P5."""
    for case in seen.cases.values():
        if case.kind == "complaint":
            last = Instance.objects.filter(complaint=case.pk, decided_at__isnull=False).order_by("id").last()
            took = gone(case.accepted_at, last.decided_at) if last else None
            yield Fact(case.registered_at, case, case.handler_id, took, last.finding if last else "undecided")


def language(seen: Seen) -> Iterator[Fact]:
    """K2, in cases."""
    for f in LanguageFinding.objects.all():
        pk = int(f.thing.split(":")[1])
        if pk in seen.cases:
            yield Fact(f.found_at, seen.cases[pk], f.said_by_id, None, f.outcome)


def arrivals(seen: Seen) -> Iterator[Fact]:
    """By acceptance."""
    for case in seen.cases.values():
        if case.split_from_id is None:
            yield Fact(case.accepted_at, case, case.first_responder_id, None, "none")


def _registered(seen: Seen) -> tuple[dict[int, Case], set[int]]:
    """The case of each call that is registered as one, and the calls that are hidden with theirs."""
    standing = CallSettlement.objects.filter(undone_at=None, case__isnull=False)
    cases = {each.call_id: each.case_id or 0 for each in standing}
    hidden = {
        each.call_id
        for each in CallSettlement.objects.filter(case__isnull=False)
        if (each.case_id or 0) not in seen.cases
    }
    return {call: seen.cases[case] for call, case in cases.items() if case in seen.cases}, hidden


def calls(seen: Seen) -> Iterator[Fact]:
    """Inbound ones, by when they came in: reported or not."""
    cases, hidden = _registered(seen)
    for call in Call.objects.filter(direction="inbound"):
        if call.pk in hidden:
            continue
        took = gone(call.answered_at, call.ended_at) if call.answered_at else None
        at = call.started_at or call.ringing_at or call.heard_at
        yield Fact(at, cases.get(call.pk), call.agent_id, took, "answered" if call.answered_at else "missed")


def call_rules(seen: Seen) -> Iterator[Fact]:
    """T1-T7."""
    cases, hidden = _registered(seen)
    for fact in CallFact.objects.filter(withdrawn_at=None).select_related("call"):
        if fact.call_id not in hidden:
            at = fact.call.answered_at or fact.call.started_at or fact.call.heard_at
            yield Fact(at, cases.get(fact.call_id), fact.call.agent_id, None, fact.verdict)


PLAIN: Mapping[str, Callable[[Seen], Iterator[Fact]]] = {
    "registration": registration,
    "first-response": first_response,
    "restoration": _cycles("restoration"),
    "solution": _cycles("solution"),
    "clocks": clocks,
    "escalations": escalations,
    "promises": promises,
    "hand-overs": hand_overs,
    "complaints": complaints,
    "language": language,
    "call-rules": call_rules,
    "arrivals": arrivals,
    "calls": calls,
}


def summed(facts: list[Fact], figure: Any) -> tuple[Any, ...]:
    """Number, each outcome, share, median and ninetieth percentile of these facts."""
    counts = [sum(f.outcome == outcome for f in facts) for outcome in figure.outcomes]
    found: list[Any] = [len(facts), *counts]
    if figure.share:
        good = sum(f.outcome in figure.good for f in facts)
        judged = good + sum(f.outcome in figure.bad for f in facts)
        found.append(good / judged if judged else None)
    if figure.timed:
        times = sorted(f.seconds for f in facts if f.seconds is not None)
        found += [times[ceil(share * len(times)) - 1] if times else None for share in (0.5, 0.9)]
    return tuple(found)
