"""D1-D3, D9 by example: the dates and hours that people argue about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service_desk.deadlines.calendar_data import STANDARD_WEEK, china_calendar
from service_desk.deadlines.hours import (
    Day,
    DayKind,
    HoursError,
    Interval,
    NoWorkingTime,
    OpenPause,
    Pause,
    SegmentKind,
    WorkCalendar,
    add,
    between,
    explain,
    explain_between,
    explain_days,
    working_days_due,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china_calendar(range(2024, 2029))
HOUR = timedelta(hours=1)


def local(text: Any, zone: Any = SHANGHAI) -> Any:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def calendar(week: Any = STANDARD_WEEK, zone: Any = "Asia/Shanghai", **more: Any) -> Any:
    return WorkCalendar(zone=ZoneInfo(zone), week=tuple(week), **more)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23 09:00", 2, "2026-11-23 11:00"),
        ("2026-11-23 11:00", 2, "2026-11-23 14:30"),  # over the lunch break
        ("2026-11-23 08:30", 7.5, "2026-11-23 17:30"),  # a full day ends at its close
        ("2026-11-23 17:30", 1, "2026-11-24 09:30"),
        ("2026-11-21 22:00", 1, "2026-11-23 09:30"),  # a Saturday night
        ("2026-02-13 17:00", 1, "2026-02-14 09:00"),  # make-up Saturday
        ("2026-02-14 17:00", 1, "2026-02-24 09:00"),  # over Spring Festival
        ("2026-09-19 12:00", 8, "2026-09-21 09:00"),  # make-up Sunday
        ("2026-11-23 12:30", 0, "2026-11-23 12:30"),
    ],
)
def test_D2_working_hours_are_walked_over_china_s_days(start: Any, hours: Any, due: Any) -> None:
    assert add(CHINA, local(start), hours * HOUR) == local(due)
    assert between(CHINA, local(start), local(due)) == hours * HOUR


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-23 00:00", 1, "2026-11-24 17:30"),
        ("2026-11-23 23:59", 1, "2026-11-24 17:30"),
        ("2026-11-20 10:00", 5, "2026-11-27 17:30"),
        ("2026-09-18 16:00", 5, "2026-09-24 17:30"),  # Sunday the 20th is worked
        ("2026-09-30 09:00", 3, "2026-10-10 17:30"),  # National Day, then Saturday the 10th is worked
        ("2026-12-29 09:00", 5, "2027-01-06 17:30"),  # into a year without a notice: New Year's Day is off
    ],
)
def test_D2_n_working_days_end_at_the_close_of_the_nth_day(start: Any, days: Any, due: Any) -> None:
    assert working_days_due(CHINA, local(start), days) == local(due)


def test_D1_elapsed_time_needs_no_calendar_and_ignores_nights() -> None:
    assert add(None, local("2026-02-14 22:00"), 4 * HOUR) == local("2026-02-15 02:00")
    assert between(None, local("2026-02-14 22:00"), local("2026-02-15 02:00")) == 4 * HOUR


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)],
)
def test_D1_a_local_day_has_as_many_hours_as_its_clocks_say(day: Any, hours: Any) -> None:
    berlin = calendar([(Interval(0, 1440),)] * 7, "Europe/Berlin")
    begin = local(f"{day} 00:00", berlin.zone)
    assert sum((e - s for s, e in berlin.periods_of(begin.date())), timedelta(0)) == hours * HOUR
    assert add(berlin, begin, hours * HOUR) == begin.astimezone(UTC) + hours * HOUR


def test_D1_a_period_in_the_skipped_hour_is_not_there_and_in_the_doubled_hour_twice() -> None:
    early = calendar([(Interval.parse("02:15-02:45"),)] * 7, "Europe/Berlin")
    assert not early.is_working_day(date(2026, 3, 29))
    assert [str(s.time()) for s, _ in early.periods_of(date(2026, 10, 25))] == ["00:15:00", "01:15:00"]
    assert working_days_due(early, local("2026-03-28 12:00", early.zone), 1) == datetime(2026, 3, 30, 0, 45, tzinfo=UTC)


def test_D1_a_day_that_a_zone_skipped_is_no_working_day() -> None:
    apia = calendar([(Interval(480, 960),)] * 7, "Pacific/Apia")
    assert not apia.is_working_day(date(2011, 12, 30))
    assert working_days_due(apia, local("2011-12-29 12:00", apia.zone), 1) == local("2011-12-31 16:00", apia.zone)


def test_D2_24_00_joins_the_next_day_without_a_seam() -> None:
    nights = calendar([(Interval.parse("20:00-24:00"),), (Interval.parse("00:00-04:00"),), (), (), (), (), ()])
    assert add(nights, local("2026-11-23 23:00"), 2 * HOUR) == local("2026-11-24 01:00")
    assert [s.kind for s in explain(nights, local("2026-11-23 23:00"), 2 * HOUR)] == [SegmentKind.COUNTED]


def test_D2_a_makeup_day_takes_its_own_periods_then_the_calendar_s_then_the_week_s() -> None:
    saturday = date(2026, 2, 14)
    short, standard = (Interval(600, 660),), STANDARD_WEEK[0]
    assert calendar(exceptions={saturday: Day(True, short)}, makeup_periods=standard).minutes_of(saturday) == short
    assert calendar(exceptions={saturday: Day(True)}, makeup_periods=short).minutes_of(saturday) == short
    assert calendar(exceptions={saturday: Day(True)}).minutes_of(saturday) == standard
    assert calendar(exceptions={saturday: Day(False)}).minutes_of(saturday) == ()
    monday = date(2026, 2, 9)  # a working Monday that is marked as one keeps its hours
    assert calendar(exceptions={monday: Day(True)}, makeup_periods=short).minutes_of(monday) == standard


def test_D3_a_pause_over_lunch_costs_working_time_only() -> None:
    pauses = [Pause(local("2026-11-23 11:00"), local("2026-11-23 14:00"), "part")]
    assert add(CHINA, local("2026-11-23 10:00"), 3 * HOUR, pauses) == local("2026-11-23 16:00")


def test_D3_an_open_pause_leaves_the_due_time_open_and_says_what_remains() -> None:
    since = local("2026-11-23 11:00")
    with pytest.raises(OpenPause) as caught:
        add(CHINA, local("2026-11-23 10:00"), 3 * HOUR, [Pause(since, None)])
    assert (caught.value.remaining, caught.value.since) == (2 * HOUR, since)
    assert between(CHINA, local("2026-11-23 10:00"), local("2026-11-24 10:00"), [Pause(since, None)]) == HOUR


def test_D3_an_open_pause_after_the_due_time_changes_nothing() -> None:
    assert add(None, local("2026-11-23 10:00"), HOUR, [(local("2026-11-23 11:00"), None)]) == local("2026-11-23 11:00")


def test_D9_the_way_over_a_feast_reads_line_by_line() -> None:
    pauses = [Pause(local("2026-09-24 16:00"), local("2026-09-24 17:00"), "waiting for a part")]
    found = explain(CHINA, local("2026-09-24 11:30"), 6 * HOUR, pauses)
    assert [
        (s.kind.value, s.start.astimezone(SHANGHAI).strftime("%d %H:%M"), s.name, s.total / HOUR) for s in found
    ] == [
        ("counted", "24 11:30", "", 0.5),
        ("break", "24 12:00", "", 0.5),
        ("counted", "24 13:30", "", 3.0),
        ("paused", "24 16:00", "waiting for a part", 3.0),
        ("counted", "24 17:00", "", 3.5),
        ("outside_hours", "24 17:30", "", 3.5),
        ("day_off", "25 00:00", "中秋节", 3.5),
        ("outside_hours", "28 00:00", "", 3.5),
        ("counted", "28 08:30", "", 6.0),
    ]


def test_D9_days_counted_and_not_counted_are_named() -> None:
    lines = explain_days(CHINA, local("2026-02-12 10:00"), 3)
    assert [(x.day.day, x.kind, x.number) for x in lines[:4]] == [
        (12, DayKind.START_DAY, 0),
        (13, DayKind.WORKING_DAY, 1),
        (14, DayKind.MAKEUP_DAY, 2),
        (15, DayKind.DAY_OFF, 2),
    ]
    assert {x.name for x in lines if x.kind is DayKind.DAY_OFF} == {"春节"}
    assert (lines[-1].day, lines[-1].number) == (date(2026, 2, 24), 3)


def test_D9_a_clock_that_runs_still_is_explained_up_to_now() -> None:
    (segment,) = explain_between(None, local("2026-11-23 10:00"), local("2026-11-23 11:00"))
    assert (segment.kind, segment.counted) == (SegmentKind.COUNTED, HOUR)
    assert explain_between(CHINA, local("2026-11-23 10:00"), local("2026-11-23 10:00")) == []


def test_D2_time_in_a_year_without_a_notice_is_provisional() -> None:
    assert not CHINA.provisional_between(local("2026-12-01 00:00"), local("2026-12-31 23:59"))
    assert CHINA.provisional_between(local("2026-12-31 10:00"), local("2027-01-01 00:00"))
    assert [s.provisional for s in explain(CHINA, local("2026-12-31 17:00"), HOUR)] == [
        False,
        False,
        True,
        True,
        True,
        True,
    ]
    doubtful = calendar(confirmed_years=frozenset({2026}), exceptions={date(2026, 5, 4): Day(False, confirmed=False)})
    assert doubtful.provisional_between(local("2026-05-04 12:00"), local("2026-05-06 12:00"))
    assert not doubtful.provisional_between(local("2026-05-05 12:00"), local("2026-05-06 12:00"))


@pytest.mark.parametrize("week", [[()] * 7])
def test_D2_a_calendar_without_working_time_is_refused_not_searched_for_ever(week: Any) -> None:
    empty = calendar(week, exceptions={date(2026, 11, 24): Day(True, (Interval(0, 60),))})
    assert add(empty, local("2026-11-23 10:00"), HOUR) == local("2026-11-24 01:00")
    with pytest.raises(NoWorkingTime, match="60 years"):
        add(empty, local("2026-11-23 10:00"), 2 * HOUR)
    with pytest.raises(NoWorkingTime, match="fewer than 2 working days"):
        working_days_due(empty, local("2026-11-23 10:00"), 2)
    with pytest.raises(NoWorkingTime):
        add(calendar(week), local("2026-11-23 10:00"), timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add(None, datetime(2026, 1, 1), HOUR), "without a time zone"),  # noqa: DTZ001
        (lambda: add(None, datetime(1, 1, 1, tzinfo=UTC), HOUR), "1970 to 2200"),
        (lambda: add(None, datetime(9999, 1, 1, tzinfo=UTC), HOUR), "1970 to 2200"),
        (lambda: add(None, datetime(2200, 12, 1, tzinfo=UTC), 2000 * HOUR), "1970 to 2200"),
        (lambda: add(None, local("2026-01-01"), timedelta.max), "1970 to 2200"),
        (lambda: add(CHINA, local("2026-01-01"), timedelta.max), "too little working time"),
        (lambda: between(CHINA, local("1980-01-01"), local("2150-01-01")), "too far"),
        (lambda: add(None, local("2026-01-01"), -HOUR), "shorter than nothing"),
        (
            lambda: add(None, local("2026-01-01"), HOUR, [(local("2026-01-02"), local("2026-01-01"))]),
            "before it starts",
        ),
        (lambda: working_days_due(CHINA, local("2026-01-01"), 0), "at least one day"),
        (lambda: calendar([()] * 6), "seven days"),
        (lambda: Interval(600, 600), "10:00-10:00"),
        (lambda: Interval(0, 1441), "between 00:00 and 24:00"),
        (lambda: Interval.parse("half past eight"), "write it like 08:30-12:00"),
        (lambda: Interval.parse("08:30-25:00"), "between 00:00 and 24:00"),
        (lambda: calendar([(Interval(0, 60), Interval(59, 70))] * 7), "without overlap"),
        (lambda: Day(True, ()), "at least one working period"),
        (lambda: Day(False, (Interval(0, 1),)), "cannot have working periods"),
        (lambda: WorkCalendar.from_json({"schema": 2}), "not known here"),
        (lambda: WorkCalendar.from_json({"schema": 1}), "cannot be read"),
        (lambda: WorkCalendar.from_json({**CHINA.to_json(), "zone": "Mars/Olympus"}), "cannot be read"),
        (lambda: WorkCalendar.from_json({**CHINA.to_json(), "zone": "../etc/passwd"}), "cannot be read"),
        (lambda: WorkCalendar.from_json({**CHINA.to_json(), "exceptions": {"x": {}}}), "cannot be read"),
        (lambda: WorkCalendar.from_json({**CHINA.to_json(), "week": [["9-17"]] * 7}), "write it like"),
    ],
)
def test_what_cannot_be_computed_is_refused_in_plain_words(call: Any, message: Any) -> None:
    with pytest.raises(HoursError, match=message):
        call()


def test_periods_are_read_and_written_the_same_way() -> None:
    assert str(Interval.parse(" 8:30 – 24:00 ")) == "08:30-24:00"
    assert WorkCalendar.from_json(CHINA.to_json()) == CHINA
