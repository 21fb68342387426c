"""What a clock's ladder becomes when it is armed: the due time, and each step with its instant (D7, D10, D12).

Pure: a target, a calendar, a start and pauses in; instants out. Seconds of a step are counted as the clock counts:
elapsed for an elapsed target, working otherwise.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from .hours import (
    DayLine,
    HoursError,
    OpenPause,
    Pauses,
    Segment,
    WorkCalendar,
    add,
    between,
    explain_between,
    explain_days,
    first_counted_day,
    working_days_due,
)
from .steps import AtKind, ScheduleError, Step, StepAt, StepKind, Target, parse_steps

__all__ = [
    "AtKind",
    "Explanation",
    "Plan",
    "PlannedStep",
    "ScheduleError",
    "Step",
    "StepAt",
    "StepKind",
    "Target",
    "current_and_next",
    "explain_target",
    "parse_steps",
    "plan",
]


#: A ladder as a policy holds it: steps, or the JSON of them.
Ladder = Iterable[Step] | list[dict[str, Any]]


class PlannedStep(NamedTuple):
    """A step of the policy and the instant at which it is due."""

    code: str
    at: datetime
    step: Step


#: What `current_and_next` needs of a rung: its code and its instant.
Rung = PlannedStep | tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Plan:
    """The ladder in order of time; `provisional` while the calendar on the way is not officially known."""

    due_at: datetime
    steps: tuple[PlannedStep, ...]
    provisional: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is (D9). `due_at` is None while it is paused; then `remaining` says what is left."""

    target: Target
    started_at: datetime
    due_at: datetime | None
    remaining: timedelta
    days: tuple[DayLine, ...]
    segments: tuple[Segment, ...]
    provisional: bool


def plan(target: Target, calendar: WorkCalendar | None, started_at: datetime, pauses: Pauses, steps: Ladder) -> Plan:
    """The due time and the instant of each step; calendar None counts elapsed time.

    `OpenPause` is raised while a pause keeps the due time unknown, `ScheduleError` for a ladder that is no ladder.
    """
    ladder = _ladder(steps)
    stops = list(pauses)
    due_at = _due(target, calendar, started_at, stops)
    # A pause that begins once the clock is overdue holds nobody's ladder back: it would hide the breach.
    stops = [stop for stop in stops if stop[0] < due_at]
    total = _counted_time(target, calendar, started_at, due_at, stops)
    planned = [
        PlannedStep(step.code, _instant(step.at, calendar, started_at, due_at, total, stops), step) for step in ladder
    ]
    planned.sort(key=lambda step: step.at)  # stable: steps of one instant keep the order of the policy
    provisional = calendar is not None and calendar.provisional_between(started_at, due_at)
    return Plan(due_at, tuple(planned), provisional)


def current_and_next(
    planned: Sequence[Rung], fired: Collection[str] | int | None, now: datetime
) -> tuple[int | None, datetime | None]:
    """The index of the step to raise now, if any, and when to look again.

    `fired` is the index of the last step raised (None or -1: none), or the codes raised so far. After an outage, or
    on a late entry, only the latest due step is raised; the earlier missed ones lie between the last one fired and
    the one returned, and stay unsent (D7, D12). Steps due at the same instant are all the latest: they are returned
    one call after the other, the next look being due at once. The ladder is never climbed down.
    """
    reached = _last_fired(planned, fired)
    latest = bisect_right(planned, now, key=lambda rung: rung[1]) - 1
    current = None
    if latest > reached:
        current = latest
        while current > reached + 1 and planned[current - 1][1] == planned[latest][1]:
            current -= 1
    following = max(reached, latest if current is None else current) + 1
    return current, planned[following][1] if following < len(planned) else None


def explain_target(
    target: Target,
    calendar: WorkCalendar | None,
    started_at: datetime,
    pauses: Pauses = (),
    now: datetime | None = None,
) -> Explanation:
    """Segment by segment from the start to the due time; of a paused clock up to `now`."""
    stops = list(pauses)
    remaining = timedelta(0)
    due_at: datetime | None = None
    try:
        due_at = end = _due(target, calendar, started_at, stops)
    except OpenPause as pause:
        if now is None:
            raise
        end, remaining = max(now, started_at), pause.remaining
    days: list[DayLine] = []
    if target.working_days is not None and calendar is not None:
        days = explain_days(calendar, started_at, target.working_days)
    return Explanation(
        target=target,
        started_at=started_at,
        due_at=due_at,
        remaining=remaining,
        days=tuple(days),
        segments=tuple(explain_between(calendar, started_at, end, stops)),
        provisional=calendar is not None and calendar.provisional_between(started_at, end),
    )


def _ladder(steps: Ladder) -> tuple[Step, ...]:
    known = list(steps)
    if all(isinstance(step, Step) for step in known):
        return tuple(step for step in known if isinstance(step, Step))
    return parse_steps(known)


def _due(target: Target, calendar: WorkCalendar | None, started_at: datetime, stops: Pauses) -> datetime:
    if target.duration is not None:
        return add(calendar, started_at, target.duration, stops)
    if calendar is None or target.working_days is None:
        raise HoursError(_("A target in working days needs a work calendar."))
    due_at = working_days_due(calendar, started_at, target.working_days)
    if not stops:
        return due_at
    # The start day does not count, so a pause on it moves nothing; from then on, paused working time is added.
    opening = first_counted_day(calendar, started_at)
    return add(calendar, opening, between(calendar, opening, due_at), stops)


def _counted_time(
    target: Target, calendar: WorkCalendar | None, started_at: datetime, due_at: datetime, stops: Pauses
) -> timedelta:
    if target.duration is not None:
        return target.duration
    return between(calendar, started_at, due_at, stops)


def _instant(
    at: StepAt, calendar: WorkCalendar | None, started_at: datetime, due_at: datetime, total: timedelta, stops: Pauses
) -> datetime:
    if at.kind is AtKind.SHARE:
        return due_at if at.value == 1 else add(calendar, started_at, total * at.value, stops)
    if at.kind is AtKind.AFTER_START:
        return add(calendar, started_at, timedelta(seconds=at.value), stops)
    return add(calendar, due_at, timedelta(seconds=at.value))


def _last_fired(planned: Sequence[Rung], fired: Collection[str] | int | None) -> int:
    if fired is None:
        return -1
    if isinstance(fired, int):
        return fired
    return max((index for index, rung in enumerate(planned) if rung[0] in fired), default=-1)
