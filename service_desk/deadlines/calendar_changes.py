"""Changing a calendar (D2): a new version, running clocks computed anew with it, and the list of what moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from service_desk.audit.actions import record
from service_desk.deadlines.actions import lock_open, take_over
from service_desk.deadlines.calendar_file import CalendarRow
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import concrete_clocks
from service_desk.deadlines.models import Calendar, CalendarVersion, Deadline
from service_desk.deadlines.rules import ClockState
from service_desk.people.access import require


@dataclass(frozen=True, slots=True)
class Moved:
    """One running clock whose due time the change has moved."""

    clock: Deadline
    before: datetime
    after: datetime


def change_days(
    *, calendar: Calendar, days: Iterable[CalendarRow], confirmed_years: Iterable[int] = (), note: str, actor: Any
) -> list[Moved]:
    """Put a version with these days in force; met, breached and cancelled clocks keep the version they ended with.

    `confirmed_years` are officially known from now on. A paused clock takes the new version when it resumes.
    """
    with transaction.atomic():
        require(actor, "calendar.edit", calendar)
        locked = Calendar.objects.select_for_update().get(pk=calendar.pk)
        version = _next_version(locked, days, confirmed_years, note, actor)
        locked.current = version
        locked.save(update_fields=["current"])
        moved = [move for model in concrete_clocks() for move in _compute_anew(model, locked, version, actor)]
        record(
            verb="calendar.edit",
            thing=f"calendar:{calendar.pk}",
            actor=actor,
            detail={"version": version.number, "moved": len(moved), "note": note[:200]},
        )
    return moved


def _next_version(
    calendar: Calendar, days: Iterable[CalendarRow], confirmed_years: Iterable[int], note: str, actor: Any
) -> CalendarVersion:
    current = calendar.versions.get(pk=calendar.current_id or 0)
    number = (calendar.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    data = dict(current.data)
    special = {
        row.day.isoformat(): {"is_working": row.is_working, "periods": None, "name": row.name, "confirmed": True}
        for row in days
    }
    data["exceptions"] = {**data["exceptions"], **special}
    data["confirmed_years"] = sorted({*data["confirmed_years"], *confirmed_years})
    data["version"] = number
    return CalendarVersion.objects.create(
        calendar=calendar, number=number, data=data, note=note[:200], created_by=actor
    )


def _compute_anew(model: type[Deadline], calendar: Calendar, version: CalendarVersion, actor: Any) -> Iterable[Moved]:
    moment = now()
    detail = {"version": version.number}
    for clock in lock_open(model, calendar_version__calendar=calendar, breached_at=None):
        before = clock.due_at
        clock.calendar_version = version
        if clock.state == ClockState.ERROR:
            clock.save(update_fields=["calendar_version"])
        elif take_over(clock, now=moment, why="calendar", actor=actor, detail=detail):
            yield Moved(clock, before, clock.due_at)


def years_of(days: Iterable[CalendarRow]) -> set[int]:
    """The years that a file of days is about: those with at least ten special days (a notice touches its neighbour)."""
    counts: dict[int, int] = {}
    for row in days:
        year: date = row.day
        counts[year.year] = counts.get(year.year, 0) + 1
    return {year for year, count in counts.items() if count >= 10}
