"""What the machine of clocks stands on: its company, what the model expects, and the comparison after each step."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, invariant

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseDeadline
from service_desk.deadlines.clock import now as db_now
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.deadlines.work_calendar import Interval, WorkCalendar
from service_desk.rest.errors import Refusal
from tests.cases import model_of_clocks as model
from tests.cases.model_of_clocks import ZONE, Clock, due, slack, stops
from tests.factories import World, world

#: severity -> kind -> minutes, working time, may pause. None of them is a whole number of the time that passes.
TARGETS: dict[str, dict[str, model.Target]] = {
    "": {"first_response": (35, False, False)},
    "critical": {"restoration": (245, False, False), "solution": (605, False, False)},
    "major": {"restoration": (125, False, True), "solution": (365, True, True)},
    "minor": {"solution": (95, False, True)},
}
EMERGENCY: model.Target = (245, False, False)
PART = "hand_over"


def prepared() -> World:
    """The company with the model's policies and its calendar."""
    desk = world()
    periods = tuple(Interval(*pair) for pair in model.PERIODS)
    content = WorkCalendar(ZONE, (*(periods,) * 5, (), ()), {}, frozenset(range(2024, 2032)), 1, periods)
    calendar = Calendar.objects.create(name="模型日历")
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=content.to_json())
    calendar.save()
    moment = db_now()
    Policy.objects.exclude(kind=PART).update(retired_at=moment)
    for severity, kinds in TARGETS.items():
        for kind, target in kinds.items():
            _policy(desk, severity, kind, target, calendar)
    _policy(desk, "", "emergency", EMERGENCY, calendar)
    return desk


def _policy(desk: World, severity: str, kind: str, target: model.Target, calendar: Calendar) -> None:
    old = Policy.objects.filter(service_line=desk.line, severity=severity, kind=kind).first()
    Policy.objects.create(
        service_line=desk.line,
        severity=severity,
        kind=kind,
        version=old.version + 1 if old else 1,
        target_seconds=target[0] * 60,
        may_pause=target[2],
        calendar=calendar if target[1] else None,
        steps=old.steps if old else [],
    )


class Reckoning(RuleBasedStateMachine):
    """The model and the database side by side."""

    desk: World

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.passed = timedelta(0)
        self.known: list[model.Case] = []
        self.rows: list[int] = []
        self.targets = {severity: dict(kinds) for severity, kinds in TARGETS.items()}
        self.days: model.Days = ()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)

    # What the machine reckons with ----------------------------------------------------------------------------------
    @property
    def now(self) -> datetime:
        return db_now() + self.passed

    def due(self, clock: Clock, case: model.Case, *, close: bool = False) -> datetime | None:
        return due(clock, case, self.passed, self.now, close=close)

    def wanted(self, case: model.Case) -> dict[str, tuple[str, model.Target]]:
        found = {kind: ("", target) for kind, target in self.targets[""].items()}
        found |= {kind: (case.severity or "", t) for kind, t in self.targets.get(case.severity or "", {}).items()}
        return found

    def arm(self, case: model.Case, start: datetime, over: set[str]) -> None:
        have = {c.kind for c in case.clocks if c.cycle == case.cycle or c.open} | over
        for kind, (severity, target) in self.wanted(case).items():
            if kind not in have:
                clock = Clock(kind, case.cycle, (severity, kind), target, self.days, start)
                case.clocks.append(clock)
                clock.state = "paused" if self.due(clock, case) is None else "running"

    def arm_emergency(self, case: model.Case, start: datetime, gaps: Any = ()) -> None:
        case.clocks.append(Clock("emergency", case.cycle, ("", "emergency"), EMERGENCY, self.days, start, tuple(gaps)))

    def stop(self, case: model.Case, row: Case, *kinds: str) -> None:
        for clock in case.clocks:
            if clock.open and (not kinds or clock.kind in kinds):
                self.end(clock, case, row)

    def end(self, clock: Clock, case: model.Case, row: Case) -> None:
        """Met, or breached; where the walk is too coarse to tell, the database's word is taken."""
        at = self.due(clock, case, close=True)
        assert at is not None
        close_call = abs(self.now - at) <= slack(clock, case)
        late = self.is_late(clock, row) if close_call and not clock.late else clock.late or self.now > at
        clock.late, clock.state = late, "breached" if late else "met"

    @staticmethod
    def is_late(clock: Clock, row: Case) -> bool:
        found = CaseDeadline.objects.filter(case=row, kind=clock.kind, cycle=clock.cycle).order_by("-id").first()
        return found is not None and found.breached_at is not None

    def choose(self, index: int) -> tuple[model.Case, Case] | None:
        """A case of the model with its row; a merged one stands for the one that goes on."""
        if not self.known:
            return None
        index %= len(self.known)
        while (into := self.known[index].into) is not None:
            index = into
        return self.known[index], Case.objects.get(pk=self.rows[index])

    def do(self, verb: str, index: int, may: Any, *, by: str = "chief", **words: Any) -> Any:
        """Make the move; the model says beforehand whether it is possible. The case and its row when it was made."""
        if (found := self.choose(index)) is None:
            return None
        case, row = found
        expected = bool(may(case))
        actor = getattr(self.desk, by)
        try:
            with transaction.atomic():
                done = getattr(actions, verb)(case=row, actor=actor, **words)
        except Refusal as refusal:
            done, why = None, str(refusal)
        else:
            why = "not at all"
        assert (done is not None) is expected, f"{verb} of a case that is {case} was refused: {why}"
        if done is None:
            return None
        note(f"{verb} {row.number}")
        case.version += 1
        return case, done

    def not_late(self) -> list[tuple[model.Case, Clock]]:
        """Open clocks whose time is not over; near the edge the database decides."""
        found = []
        for case, pk in zip(self.known, self.rows, strict=True):
            for clock in case.clocks:
                if clock.late or not clock.open:
                    continue
                at = self.due(clock, case) if clock.state == "running" else None
                if at is not None and abs(at - self.now) <= slack(clock, case):
                    row = CaseDeadline.objects.filter(case=pk, kind=clock.kind, state="running").latest("id")
                    over = row.due_at <= db_now()
                else:
                    over = at is not None and at <= self.now
                if not over:
                    found.append((case, clock))
        return found

    # What must hold after every step --------------------------------------------------------------------------------
    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        for case, pk in zip(self.known, self.rows, strict=True):
            row = Case.objects.select_related("handler", "merged_into").get(pk=pk)
            merged = None if case.into is None else self.rows[case.into]
            assert (row.state, row.severity, row.handler.username, row.cycle, row.version, row.merged_into_id) == (
                case.state, case.severity, case.handler, case.cycle, case.version, merged,
            )  # fmt: skip
            assert row.hand_over_pending is bool(case.offered_to)
            assert (row.emergency_started_at is None) == (case.emergency is None)
            self.clocks_agree(case, row)

    def clocks_agree(self, case: model.Case, row: Case) -> None:
        found = {(c.kind, c.cycle): c for c in CaseDeadline.objects.filter(case=row).exclude(kind=PART)}
        assert set(found) == {(c.kind, c.cycle) for c in case.clocks}
        for clock in case.clocks:
            there = found[(clock.kind, clock.cycle)]
            assert there.state == clock.state, (row.number, clock, there.due_at, there.breached_at)
            assert (there.breached_at is not None) == clock.late, (row.number, clock, there.due_at)
            assert not (there.state == "met" and there.breached_at)
            if there.state == "running":
                at = self.due(clock, case)
                assert at is not None
                assert abs(there.due_at + self.passed - at) <= slack(clock, case), (row.number, clock, stops(
                    clock, case, self.now, close=False
                ))  # fmt: skip
