"""The times in which nobody is on duty for a role, found before they happen (C18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from service_desk.people.models import DutyShift
from service_desk.people.rules import DutyRole


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody on duty for `role` from `starts_at` to `ends_at`."""

    role: str
    starts_at: datetime
    ends_at: datetime


def gaps_ahead(span: timedelta) -> list[Gap]:
    """The gaps of every role from now on, as the database's clock says now, in order of time."""
    ahead = DutyShift.objects.filter(ends_at__gt=Now(), starts_at__lt=Now() + span)
    rows: list[tuple[Any, ...]] = list(ahead.order_by("starts_at").values_list("role", "starts_at", "ends_at"))
    start = _database_now()
    found = [
        Gap(role.value, *times)
        for role in DutyRole
        for times in uncovered([row[1:] for row in rows if row[0] == role], start, start + span)
    ]
    return sorted(found, key=lambda gap: (gap.starts_at, gap.role))


def uncovered(
    shifts: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The parts of `start` to `end` that no shift covers; shifts in order of their beginning."""
    reached = start
    for begins, ends in shifts:
        if begins > reached:
            yield reached, min(begins, end)
        reached = max(reached, ends)
        if reached >= end:
            return
    yield reached, end


def _database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (moment,) = cursor.fetchone()
    result: datetime = moment
    return result
