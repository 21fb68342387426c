"""Merging (D5): one matter that was registered twice goes on as one case, and nothing owed to the customer is lost.

The merged case's clocks end as merged. The survivor keeps its severity and, kind by kind, takes the nearest due time:
its clock is counted from then on as the merged one was, with that one's start, policy and pauses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change, changing, lock_beside, said, survivor_of
from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.rules import BEFORE_RESOLVED, CaseState, EventType
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.hours import Pause
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import NEVER_PAUSED, PART_KINDS, ClockKind, ClockState
from service_desk.deadlines.schedule import plan
from service_desk.notices.actions import stop_chain
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, Invalid


def merge(*, case: Case, actor: Any, into: str, text: str, version: int | None = None) -> Case:
    """End this case in the one with the number `into`, which goes on for both; answers with the merged case."""
    case = case if version is not None else survivor_of(case, actor)
    with transaction.atomic():
        other = lock_beside(case=case, actor=actor, number=into, field="into")
        with changing(case=case, actor=actor, verb="merge", version=version, detail={"into": other.number}) as change:
            reason = said(text, "text", limit=2000)
            require(actor, "case.note", other)
            _check(change.case, other)
            survivor = Change(case=other, actor=actor, now=change.now)
            both = clocks.lock_open(CaseDeadline, case__in=[change.case, other])
            _end_wait(change)
            _take_over_clocks(change, survivor, both)
            _take_over_promises(change, survivor, both)
            _take_over_children(change, survivor)
            change.case.merged_into, change.case.ended_at = other, change.now
            change.say(EventType.MERGED, reason, number=other.number)
            survivor.say(EventType.TOOK_OVER, reason, number=change.case.number)
            _tell(change, survivor)
        _save_survivor(survivor, change.case)
    return change.case


def _check(case: Case, other: Case) -> None:
    """Which of the conditions of two cases is not met, in plain words."""
    if other.state not in BEFORE_RESOLVED:
        raise Conflict(
            _("%(number)s is %(state)s; what goes on must be at work.")
            % {"number": other.number, "state": CaseState(other.state).label},
            code="not_at_work",
            remedy=_("Reopen it first, or merge that one into this."),
        )
    if other.confidential != case.confidential:
        raise Conflict(_("A confidential and an ordinary case do not merge."), code="confidential")
    if (other.customer_id, other.service_line_id) != (case.customer_id, case.service_line_id):
        raise Invalid(
            _("%(number)s is of another customer unit or service line.") % {"number": other.number},
            field="into",
            code="other_customer",
            remedy=_("Link the two instead; each customer gets an answer."),
        )
    if case.emergency_is_running and not other.emergency_is_running:
        raise Conflict(
            _("Here an emergency process is running, there it is not; merge that one into this."), code="emergency"
        )


def _end_wait(change: Change) -> None:
    if change.case.state == CaseState.WAITING:
        change.case.pauses.filter(ends_at=None).update(ends_at=change.now)
        change.case.waiting_for = ""


def _take_over_clocks(change: Change, survivor: Change, both: Iterable[CaseDeadline]) -> None:
    """Kind by kind: end the merged case's clock, and let the survivor's go on with the nearer of the two."""
    case, other = change.case, survivor.case
    theirs = [clock for clock in both if clock.case_id == case.pk and clock.kind not in PART_KINDS]
    mine = {clock.kind: clock for clock in both if clock.case_id == other.pk}
    over = set(other.deadlines.filter(cycle=other.cycle).values_list("kind", flat=True)) - mine.keys()
    if other.started_at is not None:
        over.add(ClockKind.FIRST_RESPONSE)
    if other.restored_at is not None:
        over |= {ClockKind.RESTORATION, ClockKind.EMERGENCY}
    for clock in theirs:
        clock.case = case
        gaps = _closed(clock.pauses(), change.now)
        nearest = _due(clock, gaps)
        own = mine.get(clock.kind)
        if own is not None:
            own.case = other
            if nearest < _due(own, _closed(own.pauses(), change.now)):
                _count_as(own, clock, gaps, survivor)
        elif clock.kind not in over:
            _arm_as(clock, gaps, survivor)
    clocks.cancel(theirs, now=change.now, reason=other.number, actor=change.actor, merged=True)


def _closed(pauses: Iterable[Pause], now: datetime) -> list[Pause]:
    """The pauses up to now: how the clock would go on if nothing held it any more."""
    return [Pause(pause.start, min(pause.end or now, now), pause.reason) for pause in pauses if pause.start < now]


def _due(clock: CaseDeadline, pauses: list[Pause]) -> datetime:
    return plan(clock.target, clock.work_calendar, clock.started_at, pauses, clock.policy.ladder).due_at


def _as_gaps(pauses: Iterable[Pause]) -> list[list[str]]:
    return [[pause.start.isoformat(), pause.end.isoformat(), pause.reason] for pause in pauses if pause.end]


def _count_as(own: CaseDeadline, clock: CaseDeadline, gaps: list[Pause], survivor: Change) -> None:
    """Let the survivor's clock count as the merged one did; pauses of the survivor move it from now on only."""
    holds = _is_held(survivor, own.kind, clock.policy)
    own.policy, own.calendar_version = clock.policy, clock.calendar_version
    own.own_seconds, own.started_at, own.due_at = clock.own_seconds, clock.started_at, _due(clock, gaps)
    own.gaps, own.pauses_from = _as_gaps(gaps), survivor.now
    own.state = ClockState.PAUSED if holds else ClockState.RUNNING
    own.next_at = None
    own.error = ""
    own.save()
    if not holds:
        clocks.recompute(own, now=survivor.now, why="merged", actor=survivor.actor)


def _arm_as(clock: CaseDeadline, gaps: list[Pause], survivor: Change) -> None:
    """A clock that the survivor never had: what was owed is owed still."""
    made = clocks.arm(
        model=CaseDeadline,
        policies=[clock.policy],
        subject={"case": survivor.case, "gaps": _as_gaps(gaps), "pauses_from": survivor.now},
        started_at=clock.started_at,
        now=survivor.now,
        cycle=survivor.case.cycle,
    )
    for fresh in made:
        _count_as(fresh, clock, gaps, survivor)


def _is_held(survivor: Change, kind: str, policy: Policy) -> bool:
    return survivor.case.state == CaseState.WAITING and policy.may_pause and kind not in NEVER_PAUSED


def _take_over_promises(change: Change, survivor: Change, both: Iterable[CaseDeadline]) -> None:
    """A promise stays promised: it goes on with its clock in the survivor."""
    open_ones = change.case.promises.filter(settled_at=None)
    moved = list(open_ones.values_list("pk", flat=True))
    open_ones.update(case=survivor.case)
    ids = [c.pk for c in both if c.case_id == change.case.pk and c.kind == ClockKind.PROMISE and c.part in moved]
    CaseDeadline.objects.filter(pk__in=ids).update(case=survivor.case, cycle=survivor.case.cycle)
    change.case.open_promises, change.case.next_promise_at = 0, None
    unsettled = survivor.case.promises.filter(settled_at=None)
    survivor.case.open_promises = unsettled.count()
    survivor.case.next_promise_at = unsettled.aggregate(next=Min("due_at"))["next"]


def _take_over_children(change: Change, survivor: Change) -> None:
    """What hung below the merged case hangs below the survivor."""
    below = {change.case.pk}
    above: Case | None = survivor.case
    while above is not None:
        if above.parent_id in below:
            raise Conflict(
                _("%(number)s stands below this case.") % {"number": survivor.case.number},
                code="below",
                remedy=_("Merge this case's children first, or take the link away."),
            )
        above = above.parent
    change.case.children.update(parent=survivor.case)


def _tell(change: Change, survivor: Change) -> None:
    """Those who hold either of the two learn it; what still waited for an answer about the merged one waits no more."""
    stop_chain(about=f"case:{change.case.pk}", reason="merged")
    for case in (change.case, survivor.case):
        for slot in ("handler", "first_responder"):
            survivor.tell("case_merged", getattr(case, f"{slot}_id"), slot, change.case.pk, merged=change.case.number)


def _save_survivor(survivor: Change, merged: Case) -> None:
    """Only now, since the trigger that guards the acceptance asks for the merged case's row."""
    case = survivor.case
    earliest = merged.earliest_accepted_at or merged.accepted_at
    if earliest < (case.earliest_accepted_at or case.accepted_at):
        case.earliest_accepted_at = earliest
    if case.emergency_is_running and merged.emergency_started_at is not None and merged.restored_at is None:
        began = case.emergency_started_at or merged.emergency_started_at
        case.emergency_started_at = min(began, merged.emergency_started_at)
    case.version += 1
    case.save()
    record(verb="case.take_over", thing=f"case:{case.pk}", actor=survivor.actor, detail={"merged": merged.number})
    poke_case(case.number, case.told_pages)
