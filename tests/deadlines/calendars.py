"""Calendars for the laws: drawn at random, with zones whose clocks change at every awkward hour."""

from datetime import UTC, date, datetime, timedelta
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


@st.composite
def periods(draw, least=0):
    """Up to four periods, touching ones, 00:00 and 24:00 among them."""
    edges = draw(st.lists(st.one_of(st.integers(0, 1440), st.sampled_from((0, 510, 720, 810, 1440))), max_size=8))
    edges = sorted(set(edges))
    found = tuple(Interval(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))
    return found if len(found) >= least else (Interval(510, 720), Interval(810, 1050))


@st.composite
def days(draw):
    if draw(st.booleans()):
        return Day(True, draw(st.none() | periods(least=1)), "make-up", draw(st.booleans()))
    return Day(False, None, draw(st.sampled_from(("", "feast"))), draw(st.booleans()))


@st.composite
def calendars(draw):
    """At least one day of the week is worked."""
    week = [draw(periods()) for _ in range(7)]
    if not any(week):
        week[draw(st.integers(0, 6))] = draw(periods(least=1))
    return WorkCalendar(
        zone=draw(zones),
        week=tuple(week),
        exceptions=draw(st.dictionaries(dates, days(), max_size=6)),
        confirmed_years=draw(st.frozensets(st.integers(2020, 2027))),
        version=draw(st.integers(1, 99)),
        makeup_periods=draw(periods()),
    )


maybe_calendars = st.none() | calendars()


@st.composite
def pauses_from(draw, start, closed=True):
    """Pauses around and after a start, overlapping or not."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begin = start + draw(st.timedeltas(timedelta(days=-2), timedelta(days=12)))
        end = begin + draw(st.timedeltas(timedelta(0), timedelta(days=5)))
        found.append(
            Pause(begin, end if closed or draw(st.booleans()) else None, draw(st.sampled_from(("part", "key"))))
        )
    return found
