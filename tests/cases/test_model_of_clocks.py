"""D2-D8 by machine: any order of verbs, passing time, policy and calendar changes against a naive model.

Thirty lives of 25 steps by default; DESK_MODEL_EXAMPLES=1000 looks deeper.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from service_desk.cases.models import Case, CaseDeadline
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.applying import confirm, preview_calendar, preview_policy
from service_desk.deadlines.clock import now as db_now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Calendar, Policy
from service_desk.deadlines.rules import Door
from service_desk.local.demo.past import shift
from tests.cases import model_of_clocks as model
from tests.cases.machine_of_clocks import Reckoning, prepared
from tests.cases.model_of_clocks import AT_WORK, OPEN, ZONE, Clock, slack

MOST_CASES = 3
PASSING = (7, 31, 67, 190, 611, 1471)
FACTS = {"done": "一", "remaining": "二", "promised": "三"}


class Lives(Reckoning):
    """Up to three cases; after every step the database says what the model says."""

    # Time, policies, calendars --------------------------------------------------------------------------------------
    @rule(minutes=st.sampled_from(PASSING))
    def time_passes(self, minutes: int) -> None:
        for pk in self.rows:
            shift(Case.objects.get(pk=pk), timedelta(minutes=minutes))
        self.passed += timedelta(minutes=minutes)
        sweep(Door.AUDITOR)
        for case, pk in zip(self.known, self.rows, strict=True):
            for clock in case.clocks:
                at = self.due(clock, case) if clock.state == "running" else None
                if at is not None and not clock.late:
                    near = abs(self.now - at) <= slack(clock, case)
                    clock.late = self.is_late(clock, Case.objects.get(pk=pk)) if near else self.now > at

    @rule(
        which=st.sampled_from([("major", "solution"), ("minor", "solution"), ("critical", "restoration")]),
        minutes=st.integers(2, 9),
        laid_on=st.booleans(),
    )
    def policy_changes(self, which: tuple[str, str], minutes: int, laid_on: bool) -> None:
        """D8: a new version is for new clocks; an administrator may lay it on those that run and are not late."""
        severity, kind = which
        target = (minutes * 70 + 5, *self.targets[severity][kind][1:])
        self.targets[severity][kind] = target
        old = Policy.objects.in_force().get(service_line=self.desk.line, severity=severity, kind=kind)
        newer = edit_policy(policy=old, changes={"target_seconds": target[0] * 60}, actor=self.desk.admin)
        if not laid_on:
            return
        moving = [(clock, case) for case, clock in self.not_late() if clock.policy == which]
        rollout = preview_policy(policy=newer, actor=self.desk.admin)
        confirm(rollout=rollout, actor=self.desk.admin, token=rollout.token)
        for clock, _case in moving:
            clock.target = target
            if newer.calendar_id:
                clock.days = self.days

    @rule(ahead=st.integers(-2, 5), working=st.booleans())
    def calendar_changes(self, ahead: int, working: bool) -> None:
        """D2: clocks that run take the changed days; those that are late or have ended keep theirs."""
        day = (db_now().astimezone(ZONE) + timedelta(days=ahead)).date()
        calendar = Calendar.objects.get()
        moving = [clock for _case, clock in self.not_late() if clock.target[1]]
        value = {"is_working": working, "periods": None, "name": "变更", "confirmed": True}
        rollout = preview_calendar(
            calendar=calendar, draft={"days": {day.isoformat(): value}}, note="变更", actor=self.desk.admin
        )
        confirm(rollout=rollout, actor=self.desk.admin, token=rollout.token)
        self.days = tuple({**dict(self.days), day: working}.items())
        for clock in moving:
            clock.days = self.days

    # The life of a case ---------------------------------------------------------------------------------------------
    @initialize()
    def the_first(self) -> None:
        self.registers("major", 0)

    @rule(severity=st.sampled_from(["", "critical", "major", "minor"]), ago=st.sampled_from([0, 20, 50]))
    def registers(self, severity: str, ago: int) -> None:
        if len(self.known) == MOST_CASES:
            return
        accepted = db_now() - timedelta(minutes=ago)
        row = self.desk.register(severity=severity or None, accepted_at=accepted)
        case = model.Case(accepted + self.passed, severity or None)
        self.known.append(case)
        self.rows.append(row.pk)
        self.arm(case, case.accepted, set())
        if severity == "critical":
            case.emergency = case.accepted
            self.arm_emergency(case, case.accepted)

    @rule(index=st.integers(0, 2), severity=st.sampled_from(["critical", "major", "minor"]))
    def grades(self, index: int, severity: str) -> None:
        if not (
            made := self.do(
                "grade", index, lambda c: c.severity is None and c.state in AT_WORK, by="agent", severity=severity
            )
        ):
            return
        case, _row = made
        case.severity = severity
        if severity == "critical" and case.restored is None and case.state == "waiting":
            self.goes_on(case)
            case.state = "in_progress"
        self.arm(case, case.counted_from, {"first_response"} if case.started else set())
        if severity == "critical" and case.restored is None and case.emergency is None:
            case.emergency = case.counted_from
            self.arm_emergency(case, case.counted_from)

    @rule(index=st.integers(0, 2))
    def starts(self, index: int) -> None:
        if made := self.do("start", index, lambda c: c.state == "registered"):
            case, row = made
            case.state, case.started = "in_progress", True
            self.stop(case, row, "first_response")

    @rule(index=st.integers(0, 2))
    def waits(self, index: int) -> None:
        words = {"waiting_for": "customer", "text": "等"}
        made = self.do("wait", index, lambda c: c.state in ("in_progress", "restored") and c.emergency is None, **words)
        if made:
            case, _row = made
            case.state = "waiting"
            case.pauses.append((self.now, None))
            for clock in case.clocks:
                if clock.state == "running" and clock.target[2]:
                    clock.state = "paused"

    @rule(index=st.integers(0, 2))
    def resumes(self, index: int) -> None:
        if made := self.do("resume", index, lambda c: c.state == "waiting"):
            case, _row = made
            self.goes_on(case)
            case.state = "restored" if case.restored else "in_progress"

    @rule(index=st.integers(0, 2), minutes=st.sampled_from(PASSING))
    def waits_a_while(self, index: int, minutes: int) -> None:
        """A whole wait in one step, since its four would seldom come in this order by chance."""
        self.starts(index)
        self.waits(index)
        self.time_passes(minutes)
        self.resumes(index)

    def goes_on(self, case: model.Case) -> None:
        case.pauses[-1] = (case.pauses[-1][0], self.now)
        for clock in case.clocks:
            if clock.state == "paused":
                clock.state = "running"

    @rule(index=st.integers(0, 2))
    def restores(self, index: int) -> None:
        may = lambda c: c.state in ("in_progress", "waiting") and c.restored is None  # noqa: E731
        if made := self.do("restore", index, may, text="恢复"):
            case, row = made
            if case.state == "waiting":
                self.goes_on(case)
            case.state, case.restored = "restored", self.now
            self.stop(case, row, "restoration", "emergency")

    @rule(index=st.integers(0, 2))
    def resolves(self, index: int) -> None:
        may = lambda c: (  # noqa: E731
            c.state in ("in_progress", "restored") and c.severity is not None and not c.running_emergency()
        )
        if made := self.do("resolve", index, may, outcome="更换"):
            case, row = made
            case.state, case.restored = "resolved", case.restored or self.now
            self.stop(case, row, "restoration", "solution")

    @rule(index=st.integers(0, 2))
    def replies(self, index: int) -> None:
        if made := self.do("reply", index, lambda c: c.state == "resolved", reply="好了", channel="phone"):
            made[0].state = "replied"

    @rule(index=st.integers(0, 2))
    def closes(self, index: int) -> None:
        if made := self.do("close", index, lambda c: c.state == "replied" and not c.offered_to):
            case, row = made
            case.state = "closed"
            self.stop(case, row)

    @rule(index=st.integers(0, 2))
    def ends_well(self, index: int) -> None:
        """The rest of the way in one step, so that closing and reopening are reached often."""
        for step in (self.starts, self.restores, self.resolves, self.replies, self.closes):
            step(index)

    @rule(index=st.integers(0, 2), rare=st.integers(0, 4))
    def cancels(self, index: int, rare: int) -> None:
        if rare:
            return
        may = lambda c: (  # noqa: E731
            c.state in ("registered", "in_progress", "waiting") and not c.running_emergency() and not c.offered_to
        )
        if made := self.do("cancel", index, may, text="重复"):
            case, _row = made
            if case.state == "waiting":
                case.pauses[-1] = (case.pauses[-1][0], self.now)
            case.state = "cancelled"
            for clock in case.clocks:
                clock.state = "cancelled" if clock.open else clock.state

    @rule(index=st.integers(0, 2), returned=st.booleans())
    def reopens(self, index: int, returned: bool) -> None:
        may = lambda c: c.state in ("restored", "resolved", "replied", "closed")  # noqa: E731
        if not (made := self.do("reopen", index, may, text="又坏了", fault_returned=returned)):
            return
        case, _row = made
        returned = returned or case.state == "restored"
        up_since, moment = case.restored, self.now
        case.state, case.cycle, case.begins = "in_progress", case.cycle + 1, moment
        if returned:
            case.restored = None
        self.arm(case, moment, {"first_response"} | (set() if returned else {"restoration"}))
        if not returned or case.emergency is None or up_since is None:
            return
        before = max((c for c in case.clocks if c.kind == "emergency"), key=lambda c: c.cycle)
        if moment - up_since <= timedelta(hours=24):
            self.arm_emergency(case, before.start, (*before.gaps, (up_since, moment)))
        else:
            case.emergency = moment if case.severity == "critical" else None
            if case.emergency:
                self.arm_emergency(case, moment)

    # Several people, several cases ----------------------------------------------------------------------------------
    @rule(index=st.integers(0, 2))
    def hands_over(self, index: int) -> None:
        if (found := self.choose(index)) is None:
            return
        receiver = "colleague" if found[0].handler == "agent" else "agent"
        may = lambda c: c.state in OPEN and not c.offered_to  # noqa: E731
        if made := self.do("hand_over", index, may, receiver=getattr(self.desk, receiver), **FACTS):
            made[0].offered_to = receiver

    @rule(index=st.integers(0, 2))
    def accepts(self, index: int) -> None:
        if (found := self.choose(index)) is None:
            return
        by = found[0].offered_to or "agent"
        if made := self.do("accept", index, lambda c: bool(c.offered_to) and c.state in OPEN, by=by):
            made[0].handler, made[0].offered_to = by, ""

    @rule(index=st.integers(0, 2), other=st.integers(0, 2))
    def merges(self, index: int, other: int) -> None:
        one, two = self.choose(index), self.choose(other)
        if one is None or two is None or one[0] is two[0]:
            return
        survivor, their_row = two
        may = lambda c: (  # noqa: E731
            c.state in AT_WORK
            and survivor.state in AT_WORK
            and not c.offered_to
            and not (c.running_emergency() and not survivor.running_emergency())
        )
        if not (made := self.do("merge", index, may, into=their_row.number, text="重复")):
            return
        case, _row = made
        moment = self.now
        if case.state == "waiting":
            case.pauses[-1] = (case.pauses[-1][0], moment)
        self.takes_over(case, survivor, their_row, moment)
        survivor.version += 1
        case.into, case.state = self.known.index(survivor), "merged"
        earliest = case.earliest or case.accepted
        if earliest < (survivor.earliest or survivor.accepted):
            survivor.earliest = earliest
        if survivor.running_emergency() and case.emergency and case.restored is None and survivor.emergency:
            survivor.emergency = min(survivor.emergency, case.emergency)

    def takes_over(self, case: model.Case, survivor: model.Case, row: Case, moment: datetime) -> None:
        mine = {clock.kind: clock for clock in survivor.clocks if clock.open}
        over = {clock.kind for clock in survivor.clocks if clock.cycle == survivor.cycle} - mine.keys()
        over |= {"first_response"} if survivor.started else set()
        over |= {"restoration", "emergency"} if survivor.restored else set()
        for clock in [clock for clock in case.clocks if clock.open]:
            own = mine.get(clock.kind)
            at, theirs = None, self.due(clock, case, close=True)
            assert theirs is not None
            if own is not None:
                at = self.due(own, survivor, close=True)
                assert at is not None
                nearer = theirs < at
                if abs(theirs - at) <= slack(clock, case) + slack(own, survivor):
                    found = CaseDeadline.objects.get(case=row, kind=own.kind, cycle=own.cycle)
                    nearer = (
                        found.pauses_from is not None and abs(found.pauses_from + self.passed - moment) < model.MINUTE
                    )
            if own is not None and nearer:
                survivor.clocks[survivor.clocks.index(own)] = model.taken_over(own, clock, case, moment)
            elif own is None and clock.kind not in over:
                fresh = Clock(clock.kind, survivor.cycle, clock.policy, clock.target, clock.days, clock.start)
                survivor.clocks.append(model.taken_over(fresh, clock, case, moment))
            clock.state = "merged"
        for clock in survivor.clocks:
            if clock.open:
                clock.state = "paused" if survivor.state == "waiting" and clock.target[2] else "running"


@pytest.mark.django_db
def test_D2_to_D8_any_life_of_cases_is_as_the_naive_model_says() -> None:
    Lives.desk = prepared()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=int(os.environ.get("DESK_MODEL_EXAMPLES", "30")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
