"""Progress (C12): the customer is told how it stands at the agreed interval for as long as the case is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, changing, said
from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.rules import EventType
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import ClockKind
from service_desk.rest.errors import Conflict, Invalid

#: Nobody agrees on less than five minutes, or on more than thirty days; 0 is: none.
SHORTEST, LONGEST = 5, 30 * 24 * 60


def interval(*, case: Case, actor: Any, minutes: int, text: str, version: int | None = None) -> Case:
    """Agree with the customer how often progress is told; 0 when the customer wishes none. Counts from now on."""
    with changing(case=case, actor=actor, verb="interval", version=version, detail={"minutes": minutes}) as change:
        if minutes and not SHORTEST <= minutes <= LONGEST:
            raise Invalid(
                _("Between %(shortest)s minutes and %(longest)s days, or 0 for none.")
                % {"shortest": SHORTEST, "longest": LONGEST // 1440},
                field="minutes",
                code="out_of_range",
            )
        words = said(text, "text", limit=2000)
        _end(change)
        change.case.progress_seconds = minutes * 60
        change.say(EventType.INTERVAL, words, minutes=minutes)
        _arm(change, None)
    return change.case


def progress_told(change: Change) -> None:
    """The customer has been told: the clock is met, or ends late, and the next one begins."""
    running = clocks.lock_open(CaseDeadline, case=change.case, kind=ClockKind.PROGRESS)
    if running:
        clocks.stop(running, now=change.now, actor=change.actor)
        _arm(change, running[0].policy)


def _end(change: Change) -> None:
    """End the running interval for another; one that is over already ends late, not away."""
    for clock in clocks.lock_open(CaseDeadline, case=change.case, kind=ClockKind.PROGRESS):
        if clock.breached_at is not None or change.now > clock.due_at:
            clocks.stop([clock], now=change.now, actor=change.actor)
        else:
            clocks.cancel([clock], now=change.now, reason="interval", actor=change.actor)


def _arm(change: Change, otherwise: Policy | None) -> None:
    case = change.case
    if case.progress_seconds == 0:
        return
    policy = _policy_of(case) or otherwise
    if policy is None:
        raise Conflict(
            _("No policy says who is warned of progress that is not told; an administrator makes one."),
            code="no_policy",
        )
    agreed = timedelta(seconds=case.progress_seconds) if case.progress_seconds else None
    clocks.arm(
        model=CaseDeadline,
        policies=[policy],
        # The first of a cycle is part 0; each that follows is one of its own, and its result stays.
        subject={"case": case, "part": case.deadlines.filter(kind=ClockKind.PROGRESS, cycle=case.cycle).count()},
        started_at=change.now,
        now=change.now,
        cycle=case.cycle,
        due_at=change.now + agreed if agreed else None,
    )


def _policy_of(case: Case) -> Policy | None:
    """The policy for the case's severity; for an interval of its own any of the service line, for its ladder."""
    found = Policy.objects.in_force().filter(
        service_line=case.service_line_id, subject=case.kind, kind=ClockKind.PROGRESS
    )
    own = found.filter(severity__in=["", case.severity or ""]).order_by("-severity").first()
    return own or (found.order_by("severity").first() if case.progress_seconds else None)
