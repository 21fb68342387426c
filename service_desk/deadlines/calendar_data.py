"""China's working days as data: official years with make-up working days, stand-ins for the rest, and files to import.

A year is *confirmed* when the State Council's notice for it is in the data of `chinesecalendar`. Any other year gets
its statutory holidays from `holidays`, marked unconfirmed: its make-up days are not known until its notice is loaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from chinese_calendar import constants
from django.utils.translation import gettext as _

from .calendar_file import CalendarFile, CalendarRow, LineError, parse_calendar_file
from .work_calendar import Day, HoursError, Interval, Periods, WorkCalendar

__all__ = [
    "STANDARD_PERIODS",
    "STANDARD_WEEK",
    "CalendarFile",
    "CalendarRow",
    "DayRow",
    "LineError",
    "YearData",
    "china_calendar",
    "confirmed_years",
    "days_of_year",
    "exceptions_of",
    "parse_calendar_file",
]

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100  # `holidays` computes the lunar festivals up to here

STANDARD_PERIODS: Final[Periods] = (Interval.parse("08:30-12:00"), Interval.parse("13:30-17:30"))
STANDARD_WEEK: Final[tuple[Periods, ...]] = (STANDARD_PERIODS,) * 5 + ((), ())

NAMES_ZH: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


@dataclass(frozen=True, slots=True)
class DayRow:
    """One date that differs from its plain weekday, or a holiday that falls on a week-end."""

    day: date
    is_working: bool
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class YearData:
    """A year's `days` that differ from plain Monday to Friday; `weekend_holidays` matter to desks open at week-ends."""

    year: int
    confirmed: bool
    days: tuple[DayRow, ...]
    weekend_holidays: tuple[DayRow, ...] = ()

    @property
    def all_days(self) -> tuple[DayRow, ...]:
        return tuple(sorted((*self.days, *self.weekend_holidays), key=lambda row: row.day))


@cache
def confirmed_years() -> frozenset[int]:
    """The years whose official notice is in the installed data."""
    return frozenset(day.year for day in constants.holidays)


@cache
def days_of_year(year: int) -> YearData:
    """What is known of a year: the notice if it is there, else the statutory holidays alone."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise HoursError(
            _("Holidays are known for the years %(first)s to %(last)s only, not for %(year)s.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR, "year": year}
        )
    confirmed = year in confirmed_years()
    rows = sorted(_official_rows(year) if confirmed else _statutory_rows(year), key=lambda row: row.day)
    return YearData(
        year=year,
        confirmed=confirmed,
        days=tuple(row for row in rows if row.is_working == (row.day.weekday() >= 5)),
        weekend_holidays=tuple(row for row in rows if not row.is_working and row.day.weekday() >= 5),
    )


def exceptions_of(years: Iterable[int], *, english: bool = False) -> dict[date, Day]:
    """The days of these years as a `WorkCalendar` wants them."""
    return {
        row.day: Day(row.is_working, name=row.name_en if english else row.name_zh, confirmed=data.confirmed)
        for data in map(days_of_year, years)
        for row in data.all_days
    }


def china_calendar(years: Iterable[int], *, zone: str = "Asia/Shanghai", version: int = 1) -> WorkCalendar:
    """The standard week with China's holidays and make-up working days."""
    years = list(years)
    return WorkCalendar(
        zone=ZoneInfo(zone),
        week=STANDARD_WEEK,
        exceptions=exceptions_of(years),
        confirmed_years=confirmed_years().intersection(years),
        version=version,
        makeup_periods=STANDARD_PERIODS,
    )


def _official_rows(year: int) -> list[DayRow]:
    off = [DayRow(day, False, NAMES_ZH.get(name, name), name) for day, name in constants.holidays.items()]
    on = [_makeup_row(day, NAMES_ZH.get(name, name), name) for day, name in constants.workdays.items()]
    return [row for row in off + on if row.day.year == year]


def _statutory_rows(year: int) -> list[DayRow]:
    chinese = holidays.country_holidays("CN", years=year, language="zh_CN")
    english = holidays.country_holidays("CN", years=year, language="en_US")
    rows = [DayRow(day, False, chinese[day], english[day]) for day in sorted(english) if day.year == year]
    # A newer release of the package may know swapped days of this year: then both sides of the swap are taken.
    makeup = getattr(english, "weekend_workdays", ())
    return rows + [_makeup_row(day, "", "") for day in sorted(makeup) if day.year == year]


def _makeup_row(day: date, name_zh: str, name_en: str) -> DayRow:
    return DayRow(
        day, True, f"{name_zh}调休上班", f"Make-up working day, {name_en}" if name_en else "Make-up working day"
    )
