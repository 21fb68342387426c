"""A clock as a page draws it: what is left and the share used up, counted as the clock counts (working time too)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from service_desk.cases.models import Case, CaseDeadline, CasePause
from service_desk.deadlines.hours import HoursError, between, first_counted_day
from service_desk.deadlines.rules import OPEN_STATES, ClockState
from service_desk.kept import among, keep, laid_beside


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What components/countdown.html reads."""

    id: int
    kind: str
    kind_label: str
    state: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    share: float
    remaining: timedelta | None
    explain_url: str
    cycle: int = 1
    part: int = 0
    gap: timedelta = timedelta(0)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN_STATES

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(ClockState(self.state).label)


def with_what_they_need(clocks: Any) -> Any:
    """The clocks with policy and calendar version, without the calendar's content (it is kept in memory)."""
    return clocks.select_related("policy", "calendar_version").defer("calendar_version__data")


def face(clock: CaseDeadline, number: str, now: datetime, *, explained: bool = True) -> ClockFace:
    """How `clock` of the case `number` looks at `now`; in rows of lists without the way to its explanation."""
    used, total = _used(clock, min(clock.ended_at or now, clock.due_at))
    paused = clock.state == ClockState.PAUSED
    return ClockFace(
        id=clock.pk,
        kind=clock.kind,
        kind_label=clock.get_kind_display(),
        state=clock.state,
        started_at=clock.started_at,
        due_at=clock.due_at,
        ended_at=clock.ended_at,
        share=min(max(used / total, 0.0), 1.0) if total > timedelta(0) else 1.0,
        remaining=total - used if paused else None,
        explain_url=reverse("clock-explain", args=[number, clock.pk]) if explained else "",
        cycle=clock.cycle,
        part=clock.part,
        gap=clock.gap(),
    )


def _used(clock: CaseDeadline, at: datetime) -> tuple[timedelta, timedelta]:
    """Time counted until `at`, and the whole of the clock's time."""
    calendar, pauses = clock.work_calendar, clock.pauses()
    start = clock.started_at
    try:
        if clock.target.duration is not None or calendar is None:
            total = clock.target.duration or clock.due_at - start
        else:
            start = first_counted_day(calendar, start)
            # a pause that lasts would cut off what is still to come
            total = between(calendar, start, clock.due_at, [pause for pause in pauses if pause.end is not None])
        return max(between(calendar, start, at, pauses), timedelta(0)), total
    except HoursError:
        return at - clock.started_at, clock.due_at - clock.started_at


@keep
def _clocks(case: int) -> QuerySet[CaseDeadline]:
    clocks: QuerySet[CaseDeadline] = with_what_they_need(CaseDeadline.objects.filter(case=case))
    return clocks.order_by("due_at", "id")


def clocks_of(case: Case) -> list[CaseDeadline]:
    """The clocks of a case, the one due first in front."""
    clocks = _clocks(case.pk)
    for clock in clocks:
        clock.case = case  # its pauses are read once
    return clocks


def faces_of(case: Case, now: datetime, clocks: Sequence[CaseDeadline] | None = None) -> list[ClockFace]:
    """The clocks of a case as drawn: the open ones by due time, then those that have ended, newest first."""
    faces = [face(clock, case.number, now) for clock in (clocks_of(case) if clocks is None else clocks)]
    return [f for f in faces if f.is_open] + [f for f in reversed(faces) if not f.is_open]


@keep
def _nearest(cases: list[int]) -> QuerySet[CaseDeadline]:
    clocks: QuerySet[CaseDeadline] = with_what_they_need(CaseDeadline.objects.open().filter(among("case_id", cases)))
    return clocks.order_by("case_id", "due_at", "id").distinct("case_id")


@keep
def _pauses(cases: list[int]) -> QuerySet[CasePause]:
    return CasePause.objects.filter(among("case_id", cases)).order_by("starts_at")


def nearest_faces(cases: Sequence[Case], now: datetime) -> dict[int, ClockFace]:
    """The nearest open clock of each case that has one; two queries for any number of cases."""
    if not cases:
        return {}
    return faces_by_case(_nearest([case.pk for case in cases]), {case.pk: case for case in cases}, now)


def faces_by_case(clocks: Iterable[CaseDeadline], cases: dict[int, Case], now: datetime) -> dict[int, ClockFace]:
    """The faces of clocks whose cases are at hand, by the case."""
    pauses: dict[int, list[CasePause]] = {pk: [] for pk in cases}
    for pause in _pauses([*cases]) if cases else ():
        pauses[pause.case_id].append(pause)
    for pk, case in cases.items():
        laid_beside(case, "pauses", pauses[pk], back="case")
    found: dict[int, ClockFace] = {}
    for clock in clocks:
        clock.case = cases[clock.case_id]
        found[clock.case_id] = face(clock, clock.case.number, now, explained=False)
    return found
