"""D7, D10, D12: a policy's ladder in time, which rung is raised now, and policies that are refused."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.hours import HoursError, OpenPause, Pause, add, between
from service_desk.deadlines.schedule import (
    PlannedStep,
    ScheduleError,
    Step,
    Target,
    current_and_next,
    explain_target,
    parse_steps,
    plan,
)

from .calendars import calendars, draw_pauses, instants

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china_calendar(range(2025, 2028))
FOUR_HOURS = Target(duration=timedelta(hours=4))
FIVE_DAYS = Target(working_days=5)


def local(text: Any) -> Any:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rung(code: Any, at: Any, **more: Any) -> Any:
    return {"code": code, "at": at, "slots": ["handler"], "kind": "warning", **more}


LADDER = [
    rung("up_1h", {"after_due": 3600}, kind="escalation", needs_ack=True, repeat_seconds=900),
    rung("start", {"after_start": 0}, kind="start"),
    rung("breach", {"share": 1}, kind="breach"),
    rung("warn_75", {"share": 0.75}),
    rung("group", {"after_start": 7200}, kind="escalation"),
]


def times(planned: Any) -> Any:
    return [(step.code, step.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")) for step in planned.steps]


def test_C7_the_ladder_of_a_major_fault_in_elapsed_time() -> None:
    made = plan(FOUR_HOURS, None, local("2026-11-21 22:00"), (), parse_steps(LADDER))
    assert times(made) == [
        ("start", "11-21 22:00"),
        ("group", "11-22 00:00"),
        ("warn_75", "11-22 01:00"),
        ("breach", "11-22 02:00"),
        ("up_1h", "11-22 03:00"),
    ]
    assert made.due_at == local("2026-11-22 02:00")
    assert not made.provisional


def test_D10_shares_and_seconds_of_a_working_clock_are_working_time() -> None:
    made = plan(FOUR_HOURS, CHINA, local("2026-11-20 16:30"), (), LADDER)
    assert times(made) == [
        ("start", "11-20 16:30"),
        ("group", "11-23 09:30"),
        ("warn_75", "11-23 10:30"),
        ("breach", "11-23 11:30"),
        ("up_1h", "11-23 14:00"),
    ]


def test_D10_a_share_of_working_days_is_a_share_of_the_working_time_to_the_close() -> None:
    made = plan(FIVE_DAYS, CHINA, local("2026-11-20 13:30"), (), LADDER)
    # 4 h are left on the start day, 5 days of 7.5 h follow: 75 % of 41.5 h.
    assert dict(times(made))["warn_75"] == "11-26 14:37"
    assert made.due_at == local("2026-11-27 17:30") == made.steps[-2].at


def test_D3_a_pause_moves_working_days_by_its_working_time_only() -> None:
    start = local("2026-11-20 10:00")
    night = Pause(local("2026-11-24 18:00"), local("2026-11-25 08:00"))
    on_start_day = Pause(local("2026-11-20 11:00"), local("2026-11-20 17:00"))
    two_hours = Pause(local("2026-11-24 09:00"), local("2026-11-24 11:00"))
    assert plan(FIVE_DAYS, CHINA, start, [night, on_start_day], LADDER).due_at == local("2026-11-27 17:30")
    assert plan(FIVE_DAYS, CHINA, start, [two_hours, two_hours], LADDER).due_at == local("2026-11-30 10:30")


def test_D3_while_paused_there_is_no_due_time_but_what_remains() -> None:
    pauses = [Pause(local("2026-11-23 09:30"), None, "part")]
    with pytest.raises(OpenPause):
        plan(FOUR_HOURS, CHINA, local("2026-11-23 08:30"), pauses, LADDER)
    told = explain_target(FOUR_HOURS, CHINA, local("2026-11-23 08:30"), pauses, now=local("2026-11-23 11:00"))
    assert (told.due_at, told.remaining) == (None, timedelta(hours=3))
    assert [segment.kind.value for segment in told.segments] == ["counted", "paused"]
    with pytest.raises(OpenPause):
        explain_target(FOUR_HOURS, CHINA, local("2026-11-23 08:30"), pauses)


def test_D3_a_pause_begun_after_the_due_time_holds_no_escalation_back() -> None:
    late = [Pause(local("2026-11-22 02:00"), None)]
    ladder = [*LADDER, rung("after_6h", {"after_start": 6 * 3600})]
    made = plan(FOUR_HOURS, None, local("2026-11-21 22:00"), late, ladder)
    assert times(made)[-2:] == [("up_1h", "11-22 03:00"), ("after_6h", "11-22 04:00")]


def test_D9_working_days_are_explained_day_by_day_and_hour_by_hour() -> None:
    told = explain_target(FIVE_DAYS, CHINA, local("2026-12-29 09:00"))
    assert (told.days[-1].number, told.days[-1].closes_at) == (5, told.due_at)
    assert told.segments[-1].end == told.due_at == local("2027-01-06 17:30")
    assert told.provisional
    assert explain_target(FOUR_HOURS, None, local("2026-12-29 09:00")).days == ()


def test_D2_working_days_without_a_calendar_are_refused() -> None:
    with pytest.raises(HoursError, match="needs a work calendar"):
        plan(FIVE_DAYS, None, local("2026-11-20 10:00"), (), LADDER)


# --- Which rung now ------------------------------------------------------------------------------------

MADE = plan(FOUR_HOURS, None, local("2026-11-21 22:00"), (), LADDER).steps
START, GROUP, WARN, BREACH, UP = range(5)


@pytest.mark.parametrize(
    ("now", "fired", "current", "following"),
    [
        ("11-21 21:59", None, None, START),
        ("11-21 22:00", None, START, GROUP),
        ("11-21 22:01", START, None, GROUP),
        ("11-22 01:30", START, WARN, BREACH),  # an outage: 'group' is skipped
        ("11-22 05:00", None, UP, None),  # entered after everything
        ("11-22 05:00", UP, None, None),
        ("11-22 01:30", {"start", "warn_75"}, None, BREACH),  # what was skipped stays unsent
        ("11-22 00:30", {"start", "warn_75"}, None, BREACH),  # a step fired before a pause moved it
        ("11-22 02:30", ["start"], BREACH, UP),
    ],
)
def test_D12_only_the_latest_due_step_is_raised(now: Any, fired: Any, current: Any, following: Any) -> None:
    expected = None if following is None else MADE[following].at
    assert current_and_next(MADE, fired, local(f"2026-{now}")) == (current, expected)


def test_D12_steps_of_one_instant_are_all_raised_one_after_the_other() -> None:
    both = [rung("managers", {"after_start": 14400}), rung("warn", {"share": 0.5}), rung("chief", {"share": 1})]
    made = plan(FOUR_HOURS, None, local("2026-11-21 22:00"), (), both).steps
    now, raised, reached = local("2026-11-22 04:00"), [], -1
    while (index := current_and_next(made, reached, now)[0]) is not None:
        raised.append(made[index].code)
        assert len(raised) <= len(made), "a step is raised again and again"
        following = made[index + 1].at if index + 1 < len(made) else None
        assert current_and_next(made, reached, now)[1] == following  # due at once while one of them is left
        reached = index
    assert raised == ["managers", "chief"]


@given(st.lists(st.integers(0, 20), max_size=8).map(sorted), st.lists(st.integers(0, 25), max_size=30).map(sorted))
def test_D12_whatever_the_looks_each_step_is_raised_at_most_once_and_the_last_one_always(ats: Any, looks: Any) -> None:
    begin = local("2026-11-21 22:00")
    step = Step.from_json(rung("x", {"share": 1}))
    planned = [PlannedStep(f"s{i}", begin + timedelta(minutes=at), step) for i, at in enumerate(ats)]
    raised: list[Any] = []
    for look in [*looks, 30]:
        now = begin + timedelta(minutes=look)
        while (found := current_and_next(planned, raised[-1] if raised else None, now))[0] is not None:
            assert planned[found[0]].at <= now
            assert current_and_next(planned, {planned[i].code for i in raised}, now) == found
            raised.append(found[0])
            assert len(raised) <= len(ats), "a step is raised again and again"
        assert found[1] is None or found[1] > now
    assert raised == sorted(set(raised))
    assert {i for i, at in enumerate(ats) if at == ats[-1]} <= set(raised)


# --- Laws ----------------------------------------------------------------------------------------------

targets = st.one_of(
    st.integers(1, 200_000).map(lambda seconds: Target(duration=timedelta(seconds=seconds))),
    st.integers(1, 12).map(lambda days: Target(working_days=days)),
)


@given(calendars, targets, instants, st.data())
def test_D9_a_plan_can_be_replayed_from_its_explanation(calendar: Any, target: Any, start: Any, data: Any) -> None:
    pauses = draw_pauses(data, start)
    made = plan(target, calendar, start, pauses, LADDER)
    told = explain_target(target, calendar, start, pauses)
    assert told.due_at == made.due_at
    assert told.provisional == made.provisional
    assert [s.at for s in made.steps] == sorted(s.at for s in made.steps)
    total = between(calendar, start, made.due_at, pauses)
    at = {step.code: step.at for step in made.steps}
    assert told.segments[-1].total == total == (target.duration or total)
    assert at["start"] == start
    assert start <= at["warn_75"] <= at["breach"] == made.due_at <= at["up_1h"]
    assert between(calendar, start, at["warn_75"], pauses) == total * 0.75
    assert between(calendar, made.due_at, at["up_1h"]) == timedelta(hours=1)
    assert at["breach"] == add(calendar, start, total, pauses)


# --- Policies that are refused -------------------------------------------------------------------------


def test_a_step_survives_being_written_and_read() -> None:
    steps = parse_steps(LADDER)
    assert parse_steps([step.to_json() for step in steps]) == steps
    assert (steps[0].needs_ack, steps[0].repeat_seconds, steps[1].repeat_seconds) == (True, 900, None)


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"code": "Warn 75"}, "code", "such as warn_75"),
        ({"code": None}, "code", "short name"),
        ({"at": {"share": 1.5}}, "at.share", "use after_due"),
        ({"at": {"share": 0}}, "at.share", "above 0"),
        ({"at": {"share": float("nan")}}, "at.share", "above 0"),
        ({"at": {"share": True}}, "at.share", "above 0"),
        ({"at": {"share": "0.5"}}, "at.share", "above 0"),
        ({"at": {"after_due": -1}}, "at.after_due", "whole seconds"),
        ({"at": {"after_start": 1.5}}, "at.after_start", "whole seconds"),
        ({"at": {"after_due": 10**12}}, "at.after_due", "whole seconds"),
        ({"at": {"share": 0.5, "after_due": 1}}, "at", "write"),
        ({"at": {"before_due": 5}}, "at", "write"),
        ({"at": 5}, "at", "write"),
        ({"slots": []}, "slots", "list of 1 to 20"),
        ({"slots": "handler"}, "slots", "list of 1 to 20"),
        ({"slots": ["handler", "handler"]}, "slots", "twice"),
        ({"slots": [{}]}, "slots", "each slot"),
        ({"slots": ["a\0b"]}, "slots", "each slot"),
        ({"kind": "shout"}, "kind", "breach, escalation, start, warning"),
        ({"kind": []}, "kind", "write one of"),
        ({"needs_ack": 1}, "needs_ack", "true or false"),
        ({"needs_ack": True, "repeat_seconds": 1}, "repeat_seconds", "from 10"),
        ({"needs_ack": True, "repeat_seconds": True}, "repeat_seconds", "from 10"),
        ({"repeat_seconds": 900}, "repeat_seconds", "needs_ack"),
        ({"colour": "red"}, "colour", "unknown key"),
    ],
)
def test_a_wrong_step_is_refused_by_the_name_of_its_key(change: Any, key: Any, message: Any) -> None:
    with pytest.raises(ScheduleError, match=message) as caught:
        parse_steps([rung("fine", {"share": 1}), {**rung("warn", {"share": 0.5}), **change}])
    assert [name for name, _ in caught.value.problems] == [f"steps[1].{key}"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "steps: write a list"),
        ([rung(f"s{i}", {"share": 1}) for i in range(31)], "at most 30"),
        ([5], r"steps\[0\]: a step is an object"),
        ([rung("one", {"share": 1}), rung("one", {"share": 0.5})], r"steps\[1\].code: .*twice"),
        ([rung("A", {"share": 2}, kind="x")], "code: .*at.share: .*kind: "),  # all faults at once
    ],
)
def test_a_wrong_ladder_is_refused_with_every_fault(data: Any, message: Any) -> None:
    with pytest.raises(ScheduleError, match=message):
        parse_steps(data)


@pytest.mark.parametrize(
    "given_target",
    [
        {},
        {"duration": timedelta(hours=1), "working_days": 1},
        {"duration": timedelta(0)},
        {"duration": timedelta(days=4000)},
        {"working_days": 0},
        {"working_days": 2501},
        {"working_days": True},
    ],
)
def test_a_target_is_a_duration_or_days_within_reason(given_target: Any) -> None:
    with pytest.raises(ScheduleError):
        Target(**given_target)
