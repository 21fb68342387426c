"""The verbs that move a case along its life, each as the table in `rules.MOVES` allows."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from service_desk.cases.actions.changing import Change, changing, chosen, said, unsaid
from service_desk.cases.actions.emergency import arm_emergency, end_emergency, start_emergency
from service_desk.cases.actions.progress import progress_told
from service_desk.cases.actions.watching import mention
from service_desk.cases.models import Case, CaseDeadline, CasePause, ImpactObservation
from service_desk.cases.rules import CaseState, Channel, EventType, Severity, WaitingFor
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import NEVER_PAUSED, OPEN_STATES, PART_KINDS, ClockKind


def policies_for(case: Case, severity: str | None) -> list[Policy]:
    """The policies in force for a case; one for its severity goes before one for every severity."""
    grade = severity or case.level  # P3: a complaint has a level instead
    in_force = Policy.objects.for_case(service_line=case.service_line_id, subject=case.kind, severity=grade)
    return list({policy.kind: policy for policy in in_force if policy.kind not in PART_KINDS}.values())


def grade(*, case: Case, actor: Any, severity: str, version: int | None = None) -> Case:
    """Grade the severity, once and for ever, by the qualified first responder (C2); a critical one starts C7."""
    with changing(case=case, actor=actor, verb="grade", version=version, detail={"severity": severity}) as change:
        apply_grade(change, chosen(severity, Severity, "severity"))
        if severity == Severity.CRITICAL and change.case.restored_at is None:
            _wait_no_longer(change)
        change.case.save(
            update_fields=["severity", "graded_at", "graded_by", "emergency_started_at", "state", "waiting_for"]
        )
        arm_missing(change)
    return change.case


def apply_grade(change: Change, severity: str) -> None:
    """Set the grade on the locked case and write it to the timeline."""
    change.case.severity = severity
    change.case.graded_at = change.now
    change.case.graded_by = change.actor
    change.say(EventType.GRADED, severity=severity)


def arm_missing(change: Change) -> None:
    """Arm the clocks that the grade demands and that do not run yet, from acceptance (D7); start C7 if critical.

    They count as if they had run since: what may pause was held by the waits there were (D3).
    """
    case = change.case
    policies = policies_for(case, case.severity)
    have = set(case.deadlines.filter(Q(cycle=case.cycle) | Q(state__in=OPEN_STATES)).values_list("kind", flat=True))
    over = {ClockKind.FIRST_RESPONSE} if case.started_at else set()
    wanted = [p for p in policies if p.kind != ClockKind.EMERGENCY and p.kind not in have | over]
    clocks.arm(
        model=CaseDeadline,
        policies=wanted,
        subject={"case": case},
        started_at=case.counted_from,
        now=change.now,
        cycle=case.cycle,
        pauses=[pause.segment() for pause in case.pauses.all()] if case.started_at is not None else [],
    )
    if case.severity == Severity.CRITICAL and case.restored_at is None:
        start_emergency(change, started_at=case.counted_from, policies=policies, why="")
        case.save(update_fields=["emergency_started_at"])
    if case.emergency_is_running and not case.deadlines.filter(cycle=case.cycle, kind=ClockKind.EMERGENCY).exists():
        arm_emergency(change, policies_for(case, Severity.CRITICAL))


def start(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """Begin to work on it: the first response."""
    with changing(case=case, actor=actor, verb="start", version=version) as change:
        change.case.started_at = change.now
        change.say(EventType.STARTED)
    return change.case


def arrive(*, case: Case, actor: Any, text: str = "", version: int | None = None) -> Case:
    """Somebody has arrived at the customer's."""
    with changing(case=case, actor=actor, verb="arrive", version=version) as change:
        change.case.arrived_at = change.now
        change.say(EventType.ARRIVED, unsaid(text, "text", limit=8000))
    return change.case


def note(*, case: Case, actor: Any, text: str, version: int | None = None) -> Case:
    """Write an internal note; colleagues whom it names with @ are told of it."""
    with changing(case=case, actor=actor, verb="note", version=version) as change:
        mention(change, change.say(EventType.NOTE, said(text, "text")))
    return change.case


def tell(*, case: Case, actor: Any, text: str, channel: str, override: str = "", version: int | None = None) -> Case:
    """Record what the customer was told on the way: feedback (C6, C12)."""
    with changing(case=case, actor=actor, verb="tell", version=version, override=override) as change:
        change.say(EventType.TOLD, said(text, "text"), channel=chosen(channel, Channel, "channel"))
        progress_told(change)
    return change.case


def observe(
    *, case: Case, actor: Any, text: str, level: str, start_process: bool = False, version: int | None = None
) -> Case:
    """Record the real impact now, beside the grade (C2); it may start the emergency process, from this moment (C7)."""
    with changing(case=case, actor=actor, verb="observe", version=version, detail={"level": level}) as change:
        level = chosen(level, Severity, "level")
        starts = start_process and change.case.emergency_started_at is None and change.case.restored_at is None
        change.say(EventType.IMPACT, said(text, "text"), level=level)
        ImpactObservation.objects.create(
            case=change.case, at=change.now, by=actor, level=level, text=text.strip(), started_emergency=starts
        )
        if starts:
            _wait_no_longer(change)
            start_emergency(
                change, started_at=change.now, policies=policies_for(change.case, Severity.CRITICAL), why=text.strip()
            )
    return change.case


def wait(*, case: Case, actor: Any, waiting_for: str, text: str, version: int | None = None) -> Case:
    """Wait for the customer, a part, somebody outside: holds the clocks that may pause, and no other (D3)."""
    with changing(case=case, actor=actor, verb="wait", version=version, detail={"for": waiting_for}) as change:
        change.case.waiting_for = chosen(waiting_for, WaitingFor, "waiting_for")
        reason = said(text, "text", limit=500)
        CasePause.objects.create(
            case=change.case, starts_at=change.now, waiting_for=waiting_for, reason=reason, by=actor
        )
        change.say(EventType.WAITING, reason, waiting_for=waiting_for)
        held = [c for c in change.open_clocks() if c.kind not in NEVER_PAUSED and c.own_seconds is None]
        clocks.pause(held, now=change.now, reason=waiting_for, actor=actor)
    return change.case


def resume(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """Go on after waiting; a case that was restored before is restored still."""
    with changing(case=case, actor=actor, verb="resume", version=version) as change:
        _end_pause(change)
        change.case.waiting_for = ""
        change.say(EventType.RESUMED)
        if change.case.restored_at is not None:
            change.case.state = CaseState.RESTORED
    return change.case


def _wait_no_longer(change: Change) -> None:
    """An emergency is never paused (D3): a case that waits goes on when one begins."""
    if change.case.state == CaseState.WAITING:
        _end_pause(change)
        change.case.state, change.case.waiting_for = CaseState.IN_PROGRESS, ""
        change.say(EventType.RESUMED)


def _end_pause(change: Change) -> None:
    change.case.pauses.filter(ends_at=None).update(ends_at=change.now)
    clocks.resume(change.open_clocks(), now=change.now, actor=change.actor)


def restore(*, case: Case, actor: Any, text: str, version: int | None = None) -> Case:
    """Service runs again (C7: not yet a solution). Ends the emergency chain and tells those who were told of it."""
    with changing(case=case, actor=actor, verb="restore", version=version) as change:
        words = said(text, "text")
        if change.case.state == CaseState.WAITING:
            _end_pause(change)
            change.case.waiting_for = ""
        change.case.restored_at = change.now
        change.say(EventType.RESTORED, words)
        if change.case.emergency_started_at is not None:
            end_emergency(change, text=words)
    return change.case


def resolve(*, case: Case, actor: Any, outcome: str, version: int | None = None) -> Case:
    """Solved, with its outcome; what was never out of service counts as restored now."""
    with changing(case=case, actor=actor, verb="resolve", version=version) as change:
        change.case.outcome = said(outcome, "outcome")
        change.case.resolved_at = change.now
        change.case.restored_at = change.case.restored_at or change.now
        change.say(EventType.RESOLVED, change.case.outcome)
    return change.case


def reply(*, case: Case, actor: Any, reply: str, channel: str, override: str = "", version: int | None = None) -> Case:
    """Record the final reply to the customer (C5: every matter is answered)."""
    with changing(case=case, actor=actor, verb="reply", version=version, override=override) as change:
        change.case.reply = said(reply, "reply")
        change.case.reply_channel = chosen(channel, Channel, "channel")
        change.case.replied_at = change.now
        change.say(EventType.REPLIED, change.case.reply, channel=channel)
        progress_told(change)
    return change.case


def close(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """Close: outcome and reply are there (C5); clocks still open end here."""
    with changing(case=case, actor=actor, verb="close", version=version) as change:
        change.case.ended_at = change.now
        change.stop_clocks(*ClockKind.values)
        change.say(EventType.CLOSED)
    return change.case


def cancel(*, case: Case, actor: Any, text: str, version: int | None = None) -> Case:
    """End without work, with the reason; its clocks are neither met nor breached."""
    with changing(case=case, actor=actor, verb="cancel", version=version) as change:
        change.case.cancel_reason = said(text, "text", limit=2000)
        change.case.ended_at = change.now
        if change.case.state == CaseState.WAITING:
            change.case.pauses.filter(ends_at=None).update(ends_at=change.now)
            change.case.waiting_for = ""
        open_ones = [c for c in change.open_clocks() if c.state in OPEN_STATES]
        clocks.cancel(open_ones, now=change.now, reason="cancelled", actor=actor)
        change.say(EventType.CANCELLED, change.case.cancel_reason)
    return change.case
