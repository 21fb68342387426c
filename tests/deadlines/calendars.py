"""Calendars for the laws: drawn at random, with zones whose clocks change at every awkward hour."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from service_desk.deadlines.hours import Day, Interval, Pause, WorkCalendar

ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",  # goes back at midnight's end
    "America/Santiago",  # changes at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Africa/Casablanca",  # changes for Ramadan
    "Asia/Kathmandu",
    "UTC",
)
FIRST, LAST = date(2020, 1, 1), date(2027, 12, 31)

zones = st.sampled_from(ZONES).map(ZoneInfo)
dates = st.dates(FIRST, LAST)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
durations = st.one_of(
    st.timedeltas(timedelta(0), timedelta(hours=100)),
    st.integers(0, 6000).map(lambda minutes: timedelta(minutes=minutes)),
)


# Strategies are built once, here: ten thousand examples a law spend their time on arithmetic, not on building them.
_edges = st.lists(st.integers(0, 1440) | st.sampled_from((0, 510, 720, 810, 1440)), max_size=8, unique=True).map(sorted)


def _as_periods(edges: Any) -> Any:
    return tuple(Interval(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))


#: Up to four periods; touching 00:00 and 24:00, or none at all.
periods = _edges.map(_as_periods)
some_periods = periods.map(lambda found: found or (Interval(510, 720), Interval(720, 1050)))
_days = st.one_of(
    st.builds(Day, st.just(True), st.none() | some_periods, st.just("make-up"), st.booleans()),
    st.builds(Day, st.just(False), st.none(), st.sampled_from(("", "feast")), st.booleans()),
)


#: Minutes a week with which the longest duration here is reached within the horizon of a plan.
LEAST = 10


def _calendar(zone: Any, usual: Any, other: Any, pattern: Any, exceptions: Any, known_until: Any) -> Any:
    kinds = ((), usual, other)
    week = [kinds[pattern // 3**day % 3] for day in range(7)]
    enough = sum(period.end_minute - period.start_minute for day in week for period in day) >= LEAST
    return WorkCalendar(
        zone=zone,
        week=tuple(week) if enough else ((Interval(510, 720),), *week[1:]),
        exceptions=exceptions,
        confirmed_years=frozenset(range(2020, known_until)),
        version=known_until,
        makeup_periods=other,
    )


#: Two kinds of working day spread over the week, at least one day of it worked.
calendars = st.builds(
    _calendar,
    zones,
    some_periods,
    periods,
    st.integers(1, 3**7 - 1),
    st.dictionaries(dates, _days, max_size=4),
    st.integers(2020, 2028),
)
maybe_calendars = st.none() | calendars
_gaps = st.tuples(
    st.timedeltas(timedelta(days=-2), timedelta(days=12)),
    st.timedeltas(timedelta(0), timedelta(days=5)),
    st.sampled_from(("part", "key")),
    st.booleans(),
)
_gap_lists = st.lists(_gaps, max_size=4)


def draw_pauses(data: Any, start: Any, closed: Any = True) -> Any:
    """Pauses around and after a start, overlapping or not."""
    return [
        Pause(start + after, None if lasting and not closed else start + after + length, reason)
        for after, length, reason, lasting in data.draw(_gap_lists)
    ]
