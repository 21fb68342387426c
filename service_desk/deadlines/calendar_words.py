"""A working calendar as a person reads it: a year by months, what a day is, and how two states of it differ."""

from __future__ import annotations

import calendar as weeks
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.deadlines.models import CalendarVersion
from service_desk.deadlines.work_calendar import WorkCalendar

WORK, FREE, HOLIDAY, MAKEUP = "work", "free", "holiday", "makeup"


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the year's view."""

    day: date
    kind: str
    name: str
    hours: str
    special: bool  # with hours of its own
    unconfirmed: bool

    @property
    def words(self) -> str:
        """What the day is, for those who hear it and for the pointer."""
        parts = [kind_word(self.kind), self.name, self.hours]
        return pgettext("list", ", ").join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Month:
    """Weeks of seven places, Monday first; a place without a day is None."""

    number: int
    weeks: list[list[DayCell | None]]
    work_days: int


def kind_word(kind: str) -> str:
    """What a day is, in words."""
    return {
        WORK: _("working day"),
        FREE: _("day off"),
        HOLIDAY: _("public holiday"),
        MAKEUP: _("make-up working day"),
    }[kind]


def cell(calendar: WorkCalendar, day: date) -> DayCell:
    """What the calendar says of a day."""
    special = calendar.exceptions.get(day)
    periods = calendar.minutes_of(day)
    if periods:
        kind = MAKEUP if calendar.is_makeup_day(day) else WORK
    else:
        kind = HOLIDAY if special is not None and special.name else FREE
    return DayCell(
        day=day,
        kind=kind,
        name=special.name if special is not None else "",
        hours=" ".join(str(period) for period in periods),
        special=special is not None and special.periods is not None,
        unconfirmed=special is not None and not special.confirmed,
    )


def year_of(calendar: WorkCalendar, year: int) -> list[Month]:
    """The twelve months of a year."""
    months = []
    for number in range(1, 13):
        rows = [
            [cell(calendar, date(year, number, day)) if day else None for day in week]
            for week in weeks.Calendar().monthdayscalendar(year, number)
        ]
        worked = sum(place is not None and bool(place.hours) for row in rows for place in row)
        months.append(Month(number, rows, worked))
    return months


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row of which the same is said."""

    first: date
    last: date
    words: str
    unconfirmed: bool


def stretches(calendar: WorkCalendar, year: int) -> list[Stretch]:
    """The special days of a year, those in a row together."""
    found: list[Stretch] = []
    for day in sorted(calendar.exceptions):
        if day.year != year:
            continue
        said = cell(calendar, day)
        last = found[-1] if found else None
        follows = last is not None and (day - last.last).days == 1
        if last is not None and follows and (last.words, last.unconfirmed) == (said.words, said.unconfirmed):
            found[-1] = Stretch(last.first, day, said.words, said.unconfirmed)
        else:
            found.append(Stretch(day, day, said.words, said.unconfirmed))
    return found


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day whose entry changes."""

    day: date
    before: str
    after: str
    working_before: bool
    working_after: bool

    @property
    def turns(self) -> bool:
        """Whether a working day becomes free or the other way round."""
        return self.working_before != self.working_after


def day_changes(base: Mapping[str, Any], draft: Mapping[str, Any]) -> list[DayChange]:
    """The days whose entry a draft changes, in order."""
    if not draft.get("days"):
        return []
    from_ = WorkCalendar.from_json(base)
    merged = {day: value for day, value in {**base["exceptions"], **draft["days"]}.items() if value is not None}
    to = WorkCalendar.from_json({**base, "exceptions": merged})
    changes = []
    for text in sorted(draft["days"]):
        day = date.fromisoformat(text)
        before, after = cell(from_, day), cell(to, day)
        if before.words != after.words or base["exceptions"].get(text) != draft["days"][text]:
            changes.append(DayChange(day, before.words, after.words, bool(before.hours), bool(after.hours)))
    return changes


def years_in(version: CalendarVersion) -> list[int]:
    """The years of which the version says anything."""
    data = version.data
    return sorted({int(day[:4]) for day in data["exceptions"]} | set(data["confirmed_years"]))


def as_file(calendar: WorkCalendar, year: int) -> Iterable[tuple[str, str, str]]:
    """A year's special days as the import reads them: date, is_working, name."""
    for day, special in sorted(calendar.exceptions.items()):
        if day.year == year:
            yield day.isoformat(), "1" if special.is_working else "0", special.name
