"""What comes due in the next fortnight, day by day and three hours by three hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from django.urls import reverse

from service_desk.reports.dimensions import SHORT_WEEKDAYS
from service_desk.reports.figures import Question, question
from service_desk.reports.heat import SHADES
from service_desk.reports.periods import Period
from service_desk.reports.summing import Sum, summed

DAYS, HOURS = 14, 3
PARTS = tuple(range(24 // HOURS))


@dataclass(frozen=True, slots=True)
class Slot:
    """So many clocks, and where they are listed."""

    count: int
    url: str
    shade: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its slots and all of them together."""

    day: date
    weekday: str
    slots: Sequence[Slot]
    whole: Slot


@dataclass(frozen=True, slots=True)
class Ahead:
    """The fortnight."""

    heads: Sequence[tuple[str, str]]
    days: Sequence[Day]
    total: int


def ahead(user: Any, today: date) -> Ahead:
    """From today on, what is overdue since midnight included."""
    asked = question(user, "due-ahead", Period(today, today + timedelta(days=DAYS - 1)), "slot")
    found = summed(asked.asked(with_before=False), [])
    most = max((one.n for one in found.groups.values()), default=0)
    days = []
    for number in range(DAYS):
        day = today + timedelta(days=number)
        slots = [_slot(asked, found.groups.get(f"{day} {part}", Sum()).n, most, key=f"{day} {part}") for part in PARTS]
        whole = _slot(asked, sum(slot.count for slot in slots), 0, since=str(day), until=str(day))
        days.append(Day(day, str(SHORT_WEEKDAYS[day.weekday()]), slots, whole))
    heads = [(f"{part * HOURS:02}", f"{part * HOURS + HOURS:02}") for part in PARTS]
    return Ahead(heads, days, found.total.n)


def _slot(asked: Question, count: int, most: int, **where: str) -> Slot:
    if not count:
        return Slot(0, "")
    url = f"{reverse('report-facts', args=[asked.figure.key])}?{asked.address(**where)}"
    return Slot(count, url, ceil(count / most * SHADES) if most else 0)
