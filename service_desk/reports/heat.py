"""When customers come: arrivals by hour and weekday, and how many people each such hour needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from django.urls import reverse

from service_desk.reports.dimensions import SHORT_WEEKDAYS
from service_desk.reports.figures import Question
from service_desk.reports.periods import Period
from service_desk.reports.staffing import Need, needed
from service_desk.reports.summing import Sum, summed

#: After a call it is written up for so long †; a case takes so long to be taken in †. A form overrules both.
WRITING_UP, TAKING_IN = timedelta(minutes=5), timedelta(minutes=15)
#: Shades from nothing to the busiest hour.
SHADES = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one weekday over the whole period; `average` is for one such day."""

    count: int
    average: float
    shade: int
    url: str
    need: Need


@dataclass(frozen=True, slots=True)
class Heat:
    """Twenty-four rows of seven cells each; `handling` is the time that each arrival takes, in seconds."""

    weekdays: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    total: int
    median: float | None
    handling: float
    most_people: int


def heat(asked: Question, minutes: int | None) -> Heat:
    """The map; `minutes` is how long each arrival takes, unless that is measured."""
    found = summed(asked.asked(with_before=False), list(asked.figure.outcomes))
    handling = minutes * 60.0 if minutes else _measured(found.total)
    days = weekdays_in(asked.period)
    most = max((one.n for one in found.groups.values()), default=0)
    address = f"{reverse('report-facts', args=[asked.figure.key])}?"
    rows = []
    for hour in range(24):
        cells = []
        for weekday in range(7):
            key = f"{weekday + 1}-{hour:02}"
            count = found.groups.get(key, Sum()).n
            average = count / days[weekday] if days[weekday] else 0.0
            url = f"{address}{asked.address(key=key)}" if count else ""
            shade = ceil(count / most * SHADES) if most else 0
            cells.append(Cell(count, average, shade, url, needed(average, handling)))
        rows.append((f"{hour:02}:00", cells))
    people = max(cell.need.people for _hour, cells in rows for cell in cells)
    names = [str(SHORT_WEEKDAYS[weekday]) for weekday in range(7)]
    return Heat(names, rows, found.total.n, found.total.median, handling, people)


def _measured(total: Sum) -> float:
    """The median talk and its writing up; of what is not timed, the time to take it in."""
    if total.median is None:
        return TAKING_IN.total_seconds()
    return total.median + WRITING_UP.total_seconds()


def weekdays_in(period: Period) -> list[int]:
    """How many Mondays, Tuesdays … the period has."""
    whole, rest = divmod(period.days, 7)
    first = period.since.weekday()
    return [whole + ((weekday - first) % 7 < rest) for weekday in range(7)]
