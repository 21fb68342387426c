"""Reopening (D4): a new cycle with clocks of its own; what the cycle before came to stays as it was.

Closed time is never counted. A major fault that returns soon after its restoration goes on with the same clock: what
was left of the four hours then is what is left now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, changing, said
from service_desk.cases.actions.emergency import arm_emergency, start_emergency
from service_desk.cases.actions.moving import policies_for
from service_desk.cases.models import Case, CaseCycle, CaseDeadline
from service_desk.cases.rules import CaseState, EventType, Severity
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.hours import Pause
from service_desk.deadlines.rules import OPEN_STATES, ClockKind
from service_desk.rest.errors import Conflict

#: The reason of the time between restoration and return, as the clock that goes on keeps it.
RESTORED = "restored"
_OF_THE_FAULT = frozenset({ClockKind.RESTORATION, ClockKind.EMERGENCY})


def reopen(*, case: Case, actor: Any, text: str, fault_returned: bool = True, version: int | None = None) -> Case:
    """Work on it again. `fault_returned` False: service runs, so no clock of restoration and no emergency begins."""
    detail = {"fault_returned": bool(fault_returned)}
    with changing(case=case, actor=actor, verb="reopen", version=version, detail=detail) as change:
        reason = said(text, "text", limit=2000)
        _check_in_time(change)
        returned = bool(fault_returned) or change.case.state == CaseState.RESTORED
        _keep_results(change, reason)
        change.say(EventType.REOPENED, reason, cycle=change.case.cycle, fault_returned=returned)
        restored_at = change.case.restored_at
        _begin_cycle(change, returned=returned)
        _arm(change, returned=returned)
        if returned and restored_at is not None and change.case.emergency_started_at is not None:
            _emergency_again(change, Pause(restored_at, change.now, RESTORED))
        for slot in ("handler", "first_responder"):
            change.tell("case_reopened", getattr(change.case, f"{slot}_id"), slot, change.case.cycle, reason=reason)
    return change.case


def _check_in_time(change: Change) -> None:
    limit = timedelta(days=settings.REOPEN_WITHIN_DAYS)
    ended = change.case.ended_at
    if limit and ended is not None and change.now - ended > limit:
        raise Conflict(
            _("It was closed more than %(days)s days ago; register a new case.") % {"days": limit.days},
            code="too_late",
        )


def _keep_results(change: Change, reason: str) -> None:
    case = change.case
    CaseCycle.objects.create(
        case=case,
        cycle=case.cycle,
        state=case.state,
        began_at=case.counted_from,
        restored_at=case.restored_at,
        resolved_at=case.resolved_at,
        replied_at=case.replied_at,
        ended_at=case.ended_at,
        outcome=case.outcome,
        reply=case.reply,
        reply_channel=case.reply_channel,
        reopened_at=change.now,
        reopened_by=change.actor,
        reason=reason,
    )


def _begin_cycle(change: Change, *, returned: bool) -> None:
    case = change.case
    case.cycle += 1
    case.reopened_at = change.now
    case.resolved_at = case.replied_at = case.ended_at = case.arrived_at = None
    case.outcome = case.reply = case.reply_channel = ""
    if returned:
        case.restored_at = None


def _arm(change: Change, *, returned: bool) -> None:
    """The clocks of the cycle, from now; what has not ended goes on, and the first response was given long ago."""
    case = change.case
    running = set(case.deadlines.filter(state__in=OPEN_STATES).values_list("kind", flat=True))
    over = {ClockKind.FIRST_RESPONSE, ClockKind.EMERGENCY} | (set() if returned else _OF_THE_FAULT)
    if case.progress_seconds == 0:
        over.add(ClockKind.PROGRESS)
    clocks.arm(
        model=CaseDeadline,
        policies=[p for p in policies_for(case, case.severity) if p.kind not in running | over],
        subject={"case": case},
        started_at=change.now,
        now=change.now,
        cycle=case.cycle,
    )


def _emergency_again(change: Change, up: Pause) -> None:
    """C7: the same clock within the time set, else a new process for a critical fault; an observation may start one."""
    case = change.case
    before = (
        case.deadlines.filter(Q(kind=ClockKind.EMERGENCY), cycle__lt=case.cycle)
        .select_related("policy")
        .order_by("-cycle")
        .first()
    )
    soon = change.now - up.start <= timedelta(hours=settings.EMERGENCY_RETURNS_WITHIN_HOURS)
    if not soon or before is None:
        case.emergency_started_at = case.emergency_started_at if soon else None
        policies = policies_for(case, Severity.CRITICAL)
        if soon:
            arm_emergency(change, policies)
        elif case.severity == Severity.CRITICAL:
            start_emergency(change, started_at=change.now, policies=policies, why="")
        return
    gaps = [*before.gaps, [up.start.isoformat(), change.now.isoformat(), RESTORED]]
    clocks.arm(
        model=CaseDeadline,
        policies=[before.policy],
        subject={"case": case, "gaps": gaps},
        started_at=before.started_at,
        now=change.now,
        cycle=case.cycle,
        gaps=[*before.pauses(), up],
    )
    change.say(EventType.EMERGENCY, "", started_at=before.started_at.isoformat(), resumed=True)
