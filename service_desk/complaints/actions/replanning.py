"""Lays another level or a regulator's time on the clocks that run: the same start, the new due time (P3, P4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, said
from service_desk.cases.actions.moving import policies_for
from service_desk.cases.models import CaseDeadline
from service_desk.cases.rules import EventType
from service_desk.complaints.actions.changing import complaining
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import REGULATORS, solution_due
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.hours import Pause
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import ClockKind, ClockState
from service_desk.deadlines.schedule import plan
from service_desk.rest.errors import Conflict, Invalid


def regulator_time(
    *, complaint: Complaint, actor: Any, due_at: datetime | None, text: str, version: int | None = None
) -> Complaint:
    """The time that a regulator set, given or changed later, or None once it was taken back; the earlier one wins."""
    detail = {"due_at": due_at and due_at.isoformat()}
    with complaining(complaint=complaint, actor=actor, verb="regulator_time", version=version, detail=detail) as change:
        found, words = change.complaint, said(text, "text", limit=2000)
        if found.channel not in REGULATORS and not found.identifiers.exists():
            raise Conflict(
                _("Only a regulator sets a time of its own."),
                code="no_regulator",
                remedy=_("Add the number under which the regulator keeps it first."),
            )
        if due_at is not None and due_at <= change.case.accepted_at:
            raise Invalid(_("It lies before the complaint was accepted."), field="due_at", code="too_early")
        if due_at == found.regulator_due_at:
            raise Conflict(_("This is the regulator's time already."), code="same")
        before, found.regulator_due_at = found.regulator_due_at, due_at
        line = {"due": due_at and due_at.isoformat(), "before": before and before.isoformat()}
        change.say(EventType.REGULATOR, words, **line)
        replan(change, found, why="regulator")
    return change.complaint


def replan(change: Change, complaint: Complaint, *, why: str) -> None:
    """Give the running clocks of the locked complaint what its level and the regulator ask for now.

    A clock that is late stays so; a policy that does not depend on the level keeps its version (D8).
    """
    wanted = {policy.kind: policy for policy in policies_for(change.case, change.case.level)}
    for clock in change.open_clocks():
        if clock.part == 0 and clock.kind in wanted and clock.breached_at is None:
            _lay_on(change, clock, _policy_for(clock, wanted), complaint.regulator_due_at, why)


def _policy_for(clock: CaseDeadline, wanted: Mapping[str, Policy]) -> Policy:
    policy = wanted[clock.kind]
    return clock.policy if policy.severity == clock.policy.severity else policy


def _lay_on(change: Change, clock: CaseDeadline, policy: Policy, regulator: datetime | None, why: str) -> None:
    before = (clock.policy_id, clock.own_seconds)
    if policy.pk != clock.policy_id:
        clock.policy = policy
        clock.calendar_version = policy.calendar.current if policy.calendar else None
    own = _own_seconds(clock, regulator, change.now) if clock.kind == ClockKind.SOLUTION else None
    if (policy.pk, own) == before:
        return
    clock.own_seconds = own
    if own is not None:
        clock.state = ClockState.RUNNING  # a regulator does not wait for the customer
    clock.save(update_fields=["own_seconds", "state"])
    clocks.take_over(clock, now=change.now, why=why, actor=change.actor, detail={"version": policy.version})


def _own_seconds(clock: CaseDeadline, regulator: datetime | None, now: datetime) -> int | None:
    """The regulator's time as the clock keeps it, where that is the earlier one; the pauses so far count."""
    if regulator is None:
        return None
    clock.own_seconds = None
    pauses = [Pause(each.start, each.end or now, each.reason) for each in clock.pauses()]
    made = plan(clock.policy.target, clock.work_calendar, clock.started_at, pauses, clock.policy.ladder)
    due = solution_due(made.due_at, regulator, fixed=clock.policy.may_pause)
    return None if due is None else max(1, round((due - clock.started_at).total_seconds()))
