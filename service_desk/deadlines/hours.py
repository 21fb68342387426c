"""Working-time arithmetic (D1-D3, D9): when a target is reached, how long something took, and why.

Pure: no database, no clock, no settings. `calendar` None means elapsed time, 24x7. A pause stops the count where it
overlaps counting time and nowhere else; overlapping pauses stop it once. `add` answers with the earliest instant at
which the target is reached, so eight hours from the opening of a day end at its close, not at the next opening.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from .work_calendar import (
    HORIZON_YEARS,
    MICROSECOND,
    MINUTE,
    Day,
    DayPart,
    HoursError,
    Interval,
    NoWorkingTime,
    WorkCalendar,
    check_range,
    from_us,
    to_us,
)

__all__ = [
    "Day",
    "DayKind",
    "DayLine",
    "HoursError",
    "Interval",
    "NoWorkingTime",
    "OpenPause",
    "Pause",
    "Pauses",
    "Segment",
    "SegmentKind",
    "WorkCalendar",
    "add",
    "between",
    "explain",
    "explain_between",
    "explain_days",
    "first_counted_day",
    "working_days_due",
]


class OpenPause(HoursError):  # noqa: N818 - it names the finding
    """The clock stands still, so its due time is not known; `remaining` is what is left to count."""

    def __init__(self, since: datetime, remaining: timedelta) -> None:
        super().__init__(_("The clock is paused: its due time is known when the pause ends."))
        self.since = since
        self.remaining = remaining


class Pause(NamedTuple):
    """A stop of the clock; `end` None while it lasts."""

    start: datetime
    end: datetime | None
    reason: str = ""


PauseLike = Pause | tuple[datetime, datetime | None]
Pauses = Iterable[PauseLike]


_Stop = tuple[int, int | None, str]


class SegmentKind(StrEnum):
    """What a stretch of time on the way to the due time was."""

    COUNTED = "counted"
    MAKEUP_DAY = "makeup_day"
    OUTSIDE_HOURS = "outside_hours"
    BREAK = "break"
    DAY_OFF = "day_off"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of the way; `name` is the holiday, the make-up day or the reason of the pause."""

    kind: SegmentKind
    start: datetime
    end: datetime
    counted: timedelta
    total: timedelta
    name: str = ""
    provisional: bool = False


class DayKind(StrEnum):
    """What a local day was for a target of N working days."""

    START_DAY = "start_day"
    WORKING_DAY = "working_day"
    MAKEUP_DAY = "makeup_day"
    DAY_OFF = "day_off"


@dataclass(frozen=True, slots=True)
class DayLine:
    """One local day on the way to the N-th working day; `number` counts the working days up to here."""

    day: date
    kind: DayKind
    counted: bool
    number: int
    closes_at: datetime | None
    name: str = ""
    provisional: bool = False


def add(calendar: WorkCalendar | None, start: datetime, duration: timedelta, pauses: Pauses = ()) -> datetime:
    """The earliest instant by which `duration` has been counted since `start`."""
    amount = duration // MICROSECOND
    if amount < 0:
        raise HoursError(_("A target cannot be shorter than nothing."))
    cursor = to_us(start)
    for pause_start, pause_end, _reason in _stops(pauses):
        if pause_end is not None and pause_end <= cursor:
            continue
        gap = _counted(calendar, cursor, max(cursor, pause_start))
        if gap >= amount:
            break
        amount -= gap
        if pause_end is None:
            raise OpenPause(from_us(pause_start), timedelta(microseconds=amount))
        cursor = pause_end
    if amount == 0:
        return from_us(cursor)
    return from_us(check_range(cursor + amount) if calendar is None else calendar.advance(cursor, amount))


def between(calendar: WorkCalendar | None, start: datetime, end: datetime, pauses: Pauses = ()) -> timedelta:
    """Time counted from `start` to `end`; negative if `end` comes first, so `between(now, due)` is what remains."""
    first, last = to_us(start), to_us(end)
    if last < first:
        return -between(calendar, end, start, pauses)
    amount = _counted(calendar, first, last)
    for pause_start, pause_end, _reason in _stops(pauses):
        low = max(first, pause_start)
        high = last if pause_end is None else min(last, pause_end)
        if low < high:
            amount -= _counted(calendar, low, high)
    return timedelta(microseconds=amount)


def working_days_due(calendar: WorkCalendar, start: datetime, days: int) -> datetime:
    """The close of the N-th working day after the day of `start`, which does not count itself (D2)."""
    _day, spans = _working_day_after(calendar, start, days)
    return from_us(spans[-1][1])


def first_counted_day(calendar: WorkCalendar, start: datetime) -> datetime:
    """The opening of the first working day after the day of `start`: from here a target in days counts."""
    _day, spans = _working_day_after(calendar, start, 1)
    return from_us(spans[0][0])


def explain(calendar: WorkCalendar | None, start: datetime, duration: timedelta, pauses: Pauses = ()) -> list[Segment]:
    """Every stretch from `start` to the due time, without a gap; what they count adds up to `duration` (D9)."""
    known = list(pauses)
    return explain_between(calendar, start, add(calendar, start, duration, known), known)


def explain_between(
    calendar: WorkCalendar | None, start: datetime, end: datetime, pauses: Pauses = ()
) -> list[Segment]:
    """Every stretch from `start` to `end`, for a clock that stands still or has not yet come to its end."""
    first, last = to_us(start), to_us(end)
    stops = _stops(pauses)
    segments: list[Segment] = []
    total = 0
    for piece in _pieces(calendar, first, last):
        for low, high, kind, name in _cut_by_pauses(piece, stops):
            counted = high - low if kind in (SegmentKind.COUNTED, SegmentKind.MAKEUP_DAY) else 0
            total += counted
            segment = Segment(
                kind,
                from_us(low),
                from_us(high),
                timedelta(microseconds=counted),
                timedelta(microseconds=total),
                name,
                piece.provisional,
            )
            _append_or_join(segments, segment)
    return segments


def explain_days(calendar: WorkCalendar, start: datetime, days: int) -> list[DayLine]:
    """Each local day from the start day to the N-th working day, counted or not, and why."""
    first = calendar.local_date(start)
    last, _spans = _working_day_after(calendar, start, days)
    lines: list[DayLine] = []
    number = 0
    for ordinal in range(first.toordinal(), last + 1):
        day = date.fromordinal(ordinal)
        spans = calendar.spans_of(ordinal)
        kind = _day_kind(calendar, day, is_start=day == first, is_working=bool(spans))
        counted = kind in (DayKind.WORKING_DAY, DayKind.MAKEUP_DAY)
        number += counted
        closes_at = from_us(spans[-1][1]) if spans else None
        lines.append(
            DayLine(day, kind, counted, number, closes_at, calendar.name_of(day), calendar.is_provisional(day))
        )
    return lines


# --- Inside: microseconds since 1970 UTC --------------------------------------------------------------


def _counted(calendar: WorkCalendar | None, start: int, end: int) -> int:
    return end - start if calendar is None else calendar.worked(start, end)


def _stops(pauses: Pauses) -> list[_Stop]:
    """Pauses in order and without overlap; where two overlap, the earlier one keeps its reason."""
    given = list(pauses)
    if not given:
        return []
    stops: list[_Stop] = []
    covered = 0
    for start, end, reason in sorted(map(_stop, given), key=lambda stop: stop[0]):
        low = max(start, covered)
        if end is None:
            return [*stops, (low, None, reason)]
        if low < end:
            stops.append((low, end, reason))
            covered = end
    return stops


def _stop(pause: PauseLike) -> _Stop:
    start = to_us(pause[0])
    end = None if pause[1] is None else to_us(pause[1])
    if end is not None and end < start:
        raise HoursError(_("A pause cannot end before it starts."))
    return start, end, pause.reason if isinstance(pause, Pause) else ""


def _working_day_after(calendar: WorkCalendar, start: datetime, days: int) -> tuple[int, list[tuple[int, int]]]:
    """The N-th working day after the local day of `start`, and its periods."""
    if days < 1:
        raise HoursError(_("A target in working days needs at least one day."))
    first = calendar.local_date(start).toordinal() + 1
    left = days
    for ordinal in range(first, first + HORIZON_YEARS * 366):
        spans = calendar.spans_of(ordinal)
        left -= bool(spans)
        if left == 0:
            return ordinal, spans
    raise NoWorkingTime(
        _("The work calendar has fewer than %(days)s working days within %(years)s years.")
        % {"days": days, "years": HORIZON_YEARS}
    )


class _Piece(NamedTuple):
    start: int
    end: int
    kind: SegmentKind
    name: str
    provisional: bool


def _pieces(calendar: WorkCalendar | None, start: int, end: int) -> Iterator[_Piece]:
    if calendar is None:
        if start < end:
            yield _Piece(start, end, SegmentKind.COUNTED, "", False)
        return
    for part in calendar.day_parts(start, end):
        yield from _pieces_of_day(calendar, part)


def _pieces_of_day(calendar: WorkCalendar, part: DayPart) -> Iterator[_Piece]:
    day = date.fromordinal(part.ordinal)
    name, provisional = calendar.name_of(day), calendar.is_provisional(day)
    working = SegmentKind.MAKEUP_DAY if calendar.is_makeup_day(day) else SegmentKind.COUNTED
    stretches: list[tuple[int, SegmentKind]] = []  # (end, kind), one after the other from 00:00
    for period in calendar.minutes_of(day):
        free = SegmentKind.BREAK if stretches else SegmentKind.OUTSIDE_HOURS
        stretches.append((period.start_minute, free))
        stretches.append((period.end_minute, working))
    stretches.append((1440, SegmentKind.OUTSIDE_HOURS if stretches else SegmentKind.DAY_OFF))
    cursor = part.start
    for minute, kind in stretches:
        end = min(part.midnight + minute * MINUTE, part.end)
        if cursor < end:
            named = kind in (SegmentKind.DAY_OFF, working)
            yield _Piece(cursor, end, kind, name if named else "", provisional)
            cursor = end


def _cut_by_pauses(piece: _Piece, stops: list[_Stop]) -> Iterator[tuple[int, int, SegmentKind, str]]:
    """Cut a counting piece where a pause lies over it; what does not count anyway stays as it is."""
    cursor = piece.start
    if piece.kind in (SegmentKind.COUNTED, SegmentKind.MAKEUP_DAY):
        for stop_start, stop_end, reason in stops:
            low = max(stop_start, cursor)
            high = piece.end if stop_end is None else min(stop_end, piece.end)
            if low >= high:
                continue
            if cursor < low:
                yield cursor, low, piece.kind, piece.name
            yield low, high, SegmentKind.PAUSED, reason
            cursor = high
    if cursor < piece.end:
        yield cursor, piece.end, piece.kind, piece.name


def _append_or_join(segments: list[Segment], segment: Segment) -> None:
    """A week-end or a night over midnight reads as one line."""
    if segments:
        last = segments[-1]
        if (last.kind, last.name, last.provisional) == (segment.kind, segment.name, segment.provisional):
            segments[-1] = replace(last, end=segment.end, counted=last.counted + segment.counted, total=segment.total)
            return
    segments.append(segment)


def _day_kind(calendar: WorkCalendar, day: date, *, is_start: bool, is_working: bool) -> DayKind:
    if is_start:
        return DayKind.START_DAY
    if not is_working:
        return DayKind.DAY_OFF
    return DayKind.MAKEUP_DAY if calendar.is_makeup_day(day) else DayKind.WORKING_DAY
