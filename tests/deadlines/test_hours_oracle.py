"""Fault matrix row 17: the arithmetic against a count of every single minute of 2020-2027."""

import os
from array import array
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate, zip_longest
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.hours import Day, Interval, WorkCalendar, add, between, working_days_due

FULL = (date(2020, 1, 1), date(2028, 1, 1))
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
MINUTE = timedelta(minutes=1)


def _intervals(*texts: Any) -> Any:
    return tuple(Interval.parse(text) for text in texts)


def _shifts(zone: Any) -> Any:
    """Nights over 24:00, three periods a day, a Sunday before the clocks change, half a make-up day."""
    night = _intervals("00:00-03:30", "09:15-12:00", "22:00-24:00")
    return WorkCalendar(
        zone=ZoneInfo(zone),
        week=(night, night, (), night, _intervals("00:00-24:00"), (), _intervals("01:30-02:30", "20:00-24:00")),
        exceptions={
            date(2021, 3, 14): Day(False, name="feast"),
            date(2021, 11, 6): Day(True, _intervals("00:00-01:15")),
            date(2022, 10, 29): Day(True),
            date(2023, 12, 31): Day(True, _intervals("23:00-24:00")),
        },
        makeup_periods=_intervals("10:00-24:00"),
    )


CASES = {
    "china": (china_calendar(range(2020, 2028)), FULL),
    "berlin": (_shifts("Europe/Berlin"), FULL if THOROUGH else (date(2021, 10, 1), date(2022, 11, 15))),
    "new_york": (_shifts("America/New_York"), FULL if THOROUGH else (date(2021, 3, 1), date(2022, 3, 20))),
    "lord_howe": (_shifts("Australia/Lord_Howe"), FULL if THOROUGH else (date(2021, 9, 25), date(2022, 4, 20))),
}


class Oracle:
    """Walks every minute with the wall clock in hand; `done[i]` minutes are worked before minute i."""

    def __init__(self, name: Any) -> None:
        self.calendar, (first, last) = CASES[name]
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.minutes = (last - first).days * 1440
        self.flags = bytearray(self._flags(int(self.start.timestamp())))
        self.done = array("L", accumulate(self.flags, initial=0))

    def _flags(self, begin: Any) -> Any:
        zone, special, week = self.calendar.zone, self.calendar.exceptions, self.calendar.week
        makeup = self.calendar.makeup_periods
        for at in range(begin, begin + self.minutes * 60, 60):
            local = datetime.fromtimestamp(at, zone)
            day = special.get(local.date())
            periods = week[local.weekday()]
            if day is not None:
                periods = (day.periods or periods or makeup) if day.is_working else ()
            minute = local.hour * 60 + local.minute
            worked = False
            for period in periods:
                worked |= period.start_minute <= minute < period.end_minute
            yield worked

    def at(self, minute: Any) -> Any:
        return self.start + minute * MINUTE

    def spans(self) -> Any:
        """Maximal runs of worked minutes."""
        begin = self.flags.find(1)
        while begin >= 0:
            end = self.flags.find(0, begin)
            end = self.minutes if end < 0 else end
            yield self.at(begin), self.at(end)
            begin = self.flags.find(1, end)


@cache
def oracle(name: Any) -> Any:
    return Oracle(name)


@pytest.mark.parametrize("name", CASES)
def test_D1_every_minute_is_worked_exactly_when_the_wall_clock_says_so(name: Any) -> None:
    known = oracle(name)
    found: list[Any] = []
    day = known.calendar.local_date(known.start) - timedelta(days=1)
    end = known.at(known.minutes)
    spans = []
    while day <= known.calendar.local_date(end):
        spans += known.calendar.periods_of(day)
        day += timedelta(days=1)
    for opens, closes in sorted(spans):
        low, high = max(opens, known.start), min(closes, end)
        if low < high and found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        elif low < high:
            found.append((low, high))
    assert [pair for pair in zip_longest(found, known.spans()) if pair[0] != pair[1]][:3] == []
    assert between(known.calendar, known.start, end) == known.done[-1] * MINUTE


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_D1_between_counts_the_same_minutes(name: Any, data: Any) -> None:
    known = oracle(name)
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, known.minutes)] * 2)))
    assert between(known.calendar, known.at(low), known.at(high)) == (known.done[high] - known.done[low]) * MINUTE


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_D1_add_ends_at_the_same_minute(name: Any, data: Any) -> None:
    known = oracle(name)
    start = data.draw(st.integers(0, known.minutes - 1))
    left = known.done[-1] - known.done[start]
    amount = data.draw(st.integers(0, left) | st.integers(0, min(left, 4800)))
    end = start if amount == 0 else bisect_left(known.done, known.done[start] + amount)
    assert add(known.calendar, known.at(start), amount * MINUTE) == known.at(end)


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_D3_pauses_take_away_the_same_minutes(name: Any, data: Any) -> None:
    known = oracle(name)
    start = data.draw(st.integers(0, known.minutes - 40_000))
    shifts = data.draw(st.lists(st.tuples(st.integers(-3000, 20_000), st.integers(0, 6000)), max_size=4))
    spans = [(start + shift, start + shift + length) for shift, length in shifts]
    pauses = [(known.at(low), known.at(high)) for low, high in spans]
    amount = data.draw(st.integers(1, 2400))
    counted, minute = 0, start
    while counted < amount and minute < known.minutes:
        counted += known.flags[minute] and not any(low <= minute < high for low, high in spans)
        minute += 1
    if counted == amount:
        assert add(known.calendar, known.at(start), amount * MINUTE, pauses) == known.at(minute)
        assert between(known.calendar, known.at(start), known.at(minute), pauses) == amount * MINUTE


@given(data=st.data())
def test_D2_working_days_against_the_minutes_of_each_local_day(data: Any) -> None:
    known = oracle("china")
    start = data.draw(st.integers(0, known.minutes - 100_000))
    count = data.draw(st.integers(1, 20))
    # Shanghai keeps UTC+8 in these years: local midnight is minute 960 of the UTC day.
    midnight, left, due = (start + 480) // 1440 * 1440 - 480, count, None
    while left:
        midnight += 1440
        if known.done[midnight + 1440] > known.done[midnight]:
            left -= 1
            due = bisect_left(known.done, known.done[midnight + 1440])
    assert working_days_due(known.calendar, known.at(start), count) == known.at(due)
