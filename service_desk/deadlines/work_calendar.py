"""Which instants are working time: a calendar of local periods, holidays and make-up days, laid onto the UTC line.

One definition carries everything: an instant counts if the wall clock of the calendar's zone, read at that instant,
stands inside a period of its local day. Days of 23 or 25 hours, doubled and skipped wall times follow from it.
Inside, time is whole microseconds since 1970 UTC, and working periods are indexed per UTC month so that spans of
years cost a few additions.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND  # the length of a UTC day; local days are measured by their offsets, never by this
FIRST_YEAR, LAST_YEAR = 1970, 2200
HORIZON_YEARS = 60  # no search for working time goes further: a desk has no deadline beyond
JSON_SCHEMA = 1
INTERVAL_FORMAT = re.compile(r"\s*(\d{1,2}):([0-5]\d)\s*[-–~]\s*(\d{1,2}):([0-5]\d)\s*", re.ASCII)


class HoursError(ValueError):
    """Working time cannot be computed from what was given; the message says why in plain words."""


class NoWorkingTime(HoursError):  # noqa: N818 - it names the finding
    """The calendar holds too little working time to ever reach the target."""


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """Half-open minutes of a local day: the first minute counts, the last does not; 1440 is 24:00."""

    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_minute < self.end_minute <= 1440:
            raise HoursError(
                _("A working period must start before it ends, between 00:00 and 24:00; this one is %(period)s.")
                % {"period": str(self)}
            )

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.start_minute, self.end_minute))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read '08:30-12:00'."""
        found = INTERVAL_FORMAT.fullmatch(text)
        if found is None:
            raise HoursError(_("“%(text)s” is not a working period: write it like 08:30-12:00.") % {"text": text[:40]})
        start_hour, start, end_hour, end = (int(part) for part in found.groups())
        return cls(start_hour * 60 + start, end_hour * 60 + end)


Periods = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What makes one date differ from its weekday: a holiday, a make-up working day, or special hours."""

    is_working: bool
    periods: Periods | None = None
    name: str = ""
    confirmed: bool = True

    def __post_init__(self) -> None:
        if self.is_working and self.periods == ():
            raise HoursError(_("A working day needs at least one working period."))
        if not self.is_working and self.periods:
            raise HoursError(_("A day off cannot have working periods."))
        _check_periods(self.periods or ())


class Month(NamedTuple):
    """Working periods of one UTC month: ends match starts; `before` is the working time earlier in the month."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def worked_until(self, at: int) -> int:
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.ends[index]) - self.starts[index]


class DayPart(NamedTuple):
    """The part [start, end) of the UTC line on which local day `ordinal` runs, its 00:00 lying at `midnight`."""

    ordinal: int
    midnight: int
    start: int
    end: int


@dataclass(frozen=True)
class WorkCalendar:
    """A week of periods, Monday first (empty = not working), and the days that differ from it."""

    zone: ZoneInfo
    week: tuple[Periods, ...]
    exceptions: Mapping[date, Day] = field(default_factory=dict)
    confirmed_years: frozenset[int] = frozenset()
    version: int = 1
    makeup_periods: Periods = ()
    _unconfirmed: list[date] = field(default_factory=list, init=False, repr=False, compare=False)
    _months: dict[int, Month] = field(default_factory=dict, init=False, repr=False, compare=False)
    _days: dict[int, list[tuple[int, int]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise HoursError(
                _("A week has seven days, Monday first; %(count)s were given.") % {"count": len(self.week)}
            )
        for periods in (*self.week, self.makeup_periods):
            _check_periods(periods)
        self._unconfirmed.extend(day for day, special in self.exceptions.items() if not special.confirmed)

    def __hash__(self) -> int:
        return hash((self.zone.key, self.version, self.week))

    # --- Days ---------------------------------------------------------------------------------------

    def minutes_of(self, day: date) -> Periods:
        """The periods of a local day by the wall clock."""
        special = self.exceptions.get(day)
        ordinary = self.week[day.weekday()]
        if special is None:
            return ordinary
        if not special.is_working:
            return ()
        if special.periods is not None:
            return special.periods
        return ordinary or self.makeup_periods or next((periods for periods in self.week if periods), ())

    def periods_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The working periods of a local day as UTC instants, in order."""
        return [(from_us(start), from_us(end)) for start, end in self.spans_of(day.toordinal())]

    def spans_of(self, ordinal: int) -> list[tuple[int, int]]:
        """`periods_of` in microseconds; a period that a time change skips whole is not there."""
        known = self._days.get(ordinal)
        if known is None:
            known = self._days[ordinal] = self._spans_of(ordinal)
        return known

    def _spans_of(self, ordinal: int) -> list[tuple[int, int]]:
        noon = (ordinal - EPOCH_ORDINAL) * DAY
        # No zone is a day away from UTC, so the local day lies within these three UTC days.
        parts = [part for part in self.day_parts(noon - DAY, noon + 2 * DAY) if part.ordinal == ordinal]
        return [span for part in parts for span in self._spans_in(part)]

    def is_working_day(self, day: date) -> bool:
        return bool(self.spans_of(day.toordinal()))

    def is_makeup_day(self, day: date) -> bool:
        """A date worked although its weekday is free."""
        special = self.exceptions.get(day)
        return special is not None and special.is_working and not self.week[day.weekday()]

    def name_of(self, day: date) -> str:
        special = self.exceptions.get(day)
        return special.name if special is not None else ""

    def is_provisional(self, day: date) -> bool:
        """True while the official notice for this date is not loaded."""
        special = self.exceptions.get(day)
        return day.year not in self.confirmed_years or (special is not None and not special.confirmed)

    def provisional_between(self, start: datetime, end: datetime) -> bool:
        """True if a local day from start to end, both included, is provisional."""
        first, last = sorted((self.local_date(start), self.local_date(end)))
        if any(year not in self.confirmed_years for year in range(first.year, last.year + 1)):
            return True
        return any(first <= day <= last for day in self._unconfirmed)

    def local_date(self, at: datetime) -> date:
        to_us(at)  # refuses a time without a zone, or out of range
        return at.astimezone(self.zone).date()

    # --- The UTC line -------------------------------------------------------------------------------

    def worked(self, start: int, end: int) -> int:
        """Working microseconds in [start, end), start <= end."""
        first, last = _month_of(start), _month_of(end)
        if last - first > HORIZON_YEARS * 12:
            raise HoursError(_too_far())
        done = self._month(last).worked_until(end) - self._month(first).worked_until(start)
        return done + sum(self._month(index).total for index in range(first, last))

    def advance(self, start: int, amount: int) -> int:
        """The earliest instant by which `amount` > 0 microseconds have been worked since start."""
        index = _month_of(start)
        month = self._month(index)
        last = min(index + HORIZON_YEARS * 12, LAST_YEAR * 12)
        needed = amount + month.worked_until(start)
        while needed > month.total:
            if index >= last or not self._has_working_time():
                raise NoWorkingTime(
                    _("The work calendar has too little working time within %(years)s years to reach this target.")
                    % {"years": HORIZON_YEARS}
                )
            needed -= month.total
            index += 1
            month = self._month(index)
        period = bisect_left(month.before, needed) - 1
        return month.starts[period] + needed - month.before[period]

    def day_parts(self, start: int, end: int) -> Iterator[DayPart]:
        """Cut [start, end) at every local midnight and every change of the zone's offset."""
        for piece_start, piece_end, offset in self._constant_offsets(start, end):
            first, last = (piece_start + offset) // DAY, (piece_end - 1 + offset) // DAY
            for number in range(first, last + 1):
                midnight = number * DAY - offset
                yield DayPart(
                    number + EPOCH_ORDINAL, midnight, max(midnight, piece_start), min(midnight + DAY, piece_end)
                )

    def _has_working_time(self) -> bool:
        return any(self.week) or any(day.is_working for day in self.exceptions.values())

    def _spans_in(self, part: DayPart) -> Iterator[tuple[int, int]]:
        for period in self.minutes_of(date.fromordinal(part.ordinal)):
            start = max(part.midnight + period.start_minute * MINUTE, part.start)
            end = min(part.midnight + period.end_minute * MINUTE, part.end)
            if start < end:
                yield start, end

    def _month(self, index: int) -> Month:
        month = self._months.get(index)
        if month is None:
            month = self._months[index] = self._build(index)
        return month

    def _build(self, index: int) -> Month:
        starts: list[int] = []
        ends: list[int] = []
        before: list[int] = []
        total = 0
        for part in self.day_parts(_month_start(index), _month_start(index + 1)):
            for start, end in self._spans_in(part):
                if ends and ends[-1] == start:
                    ends[-1] = end
                else:
                    starts.append(start)
                    ends.append(end)
                    before.append(total)
                total += end - start
        return Month(starts, ends, before, total)

    def _constant_offsets(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Pieces of [start, end) with one UTC offset each. Probed once a day: no zone changes twice in a day."""
        piece, offset, probed = start, self._offset(start), start
        while probed < end:
            probe = min(probed + DAY, end)
            if (new := self._offset(probe)) != offset:
                change = self._change_between(probed, probe, offset)
                if change < end:
                    yield piece, change, offset
                    piece, offset = change, new
            probed = probe
        if piece < end:
            yield piece, end, offset

    def _change_between(self, low: int, high: int, offset: int) -> int:
        """The instant in (low, high] at which the zone leaves `offset`; zones change on whole seconds."""
        below, above = low // SECOND, -(-high // SECOND)
        while above - below > 1:
            middle = (below + above) // 2
            if self._offset(middle * SECOND) == offset:
                below = middle
            else:
                above = middle
        return above * SECOND

    def _offset(self, at: int) -> int:
        offset = from_us(at).astimezone(self.zone).utcoffset()
        return 0 if offset is None else offset // MICROSECOND

    # --- Frozen beside a clock ----------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """A plain structure that says everything, readable by a person."""
        return {
            "schema": JSON_SCHEMA,
            "version": self.version,
            "zone": self.zone.key,
            "week": [_periods_to_json(periods) for periods in self.week],
            "makeup_periods": _periods_to_json(self.makeup_periods),
            "confirmed_years": sorted(self.confirmed_years),
            "exceptions": {
                day.isoformat(): {
                    "is_working": special.is_working,
                    "periods": None if special.periods is None else _periods_to_json(special.periods),
                    "name": special.name,
                    "confirmed": special.confirmed,
                }
                for day, special in sorted(self.exceptions.items())
            },
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The calendar that `to_json` wrote; anything else is refused with the reason."""
        if data.get("schema") != JSON_SCHEMA:
            raise HoursError(_("This work calendar is written in a form that is not known here."))
        try:
            return cls(
                zone=ZoneInfo(data["zone"]),
                week=tuple(_periods_from_json(periods) for periods in data["week"]),
                exceptions={
                    date.fromisoformat(day): _day_from_json(value) for day, value in data["exceptions"].items()
                },
                confirmed_years=frozenset(data["confirmed_years"]),
                version=data["version"],
                makeup_periods=_periods_from_json(data["makeup_periods"]),
            )
        except HoursError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, ZoneInfoNotFoundError) as error:
            raise HoursError(_("This work calendar cannot be read: %(reason)s.") % {"reason": repr(error)}) from error


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC of an instant; a time without a zone is not an instant."""
    if at.tzinfo is None:
        raise HoursError(_("A time without a time zone was given; the desk computes with exact instants only."))
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise HoursError(_too_far())
    return (at - EPOCH) // MICROSECOND


def from_us(at: int) -> datetime:
    """The instant in UTC."""
    return EPOCH + timedelta(microseconds=at)


def check_range(at: int) -> int:
    """The instant unchanged, or a refusal if it lies outside the years that the desk computes with."""
    if not 0 <= at < _month_start((LAST_YEAR + 1) * 12):
        raise HoursError(_too_far())
    return at


@lru_cache(maxsize=4096)
def _month_start(index: int) -> int:
    return (datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND


def _month_of(at: int) -> int:
    utc = from_us(at)
    return utc.year * 12 + utc.month - 1


def _too_far() -> str:
    return _("The time lies too far away: the desk computes with the years %(first)s to %(last)s.") % {
        "first": FIRST_YEAR,
        "last": LAST_YEAR,
    }


def _check_periods(periods: Periods) -> None:
    for one, following in pairwise(periods):
        if following.start_minute < one.end_minute:
            raise HoursError(
                _("Working periods must follow one another without overlap: %(one)s, %(following)s.")
                % {"one": str(one), "following": str(following)}
            )


def _periods_to_json(periods: Periods) -> list[str]:
    return [str(period) for period in periods]


def _periods_from_json(texts: list[str]) -> Periods:
    return tuple(Interval.parse(text) for text in texts)


def _day_from_json(value: Mapping[str, Any]) -> Day:
    periods = value["periods"]
    return Day(
        is_working=bool(value["is_working"]),
        periods=None if periods is None else _periods_from_json(periods),
        name=str(value["name"]),
        confirmed=bool(value["confirmed"]),
    )
