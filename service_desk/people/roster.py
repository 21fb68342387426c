"""The roster as questions: who is on duty now, what the week looks like, where nobody is (C18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from service_desk.people.gaps import Gap, gaps_ahead, uncovered
from service_desk.people.models import Absence, DutyShift, Staff
from service_desk.people.rules import DutyRole

AHEAD = 14


@dataclass(frozen=True)
class Duty:
    """One duty role and who has it at this moment: `stands_in` for the planned person when that one is away."""

    role: str
    label: str
    shift: DutyShift | None
    stands_in: Staff | None = None

    @property
    def person(self) -> Staff | None:
        """Whom to ring."""
        if self.stands_in is not None or self.shift is None:
            return self.stands_in
        return self.shift.staff


@dataclass(frozen=True)
class Day:
    """One role on one day: the shifts that touch it, and the times that nobody covers."""

    day: date
    shifts: list[DutyShift]
    open_times: list[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Row:
    """One role through a week."""

    role: str
    label: str
    days: list[Day]


def database_now() -> datetime:
    """The only clock that decides (D1), for pages that show a week around it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (moment,) = cursor.fetchone()
    result: datetime = moment
    return result


def upcoming_gaps(days: int = AHEAD) -> list[Gap]:
    """The times of the next `days` in which some role has nobody, soonest first."""
    return gaps_ahead(timedelta(days=days))


def on_duty_now() -> list[Duty]:
    """Every role and its person of this moment; two queries."""
    present = DutyShift.objects.filter(starts_at__lte=Now(), ends_at__gt=Now()).select_related("staff__unit")
    by_role = {shift.role: shift for shift in present}
    away = {
        absence.staff_id: absence.deputy
        for absence in Absence.objects.filter(
            starts_at__lte=Now(), ends_at__gt=Now(), staff__in=[shift.staff_id for shift in by_role.values()]
        ).select_related("deputy__unit")
    }
    return [
        Duty(role.value, str(role.label), shift, away.get(shift.staff_id) if shift else None)
        for role in DutyRole
        for shift in [by_role.get(role.value)]
    ]


def week_of(monday: date) -> list[Row]:
    """Every role from Monday to Sunday in the desk's zone; one query."""
    zone = ZoneInfo(settings.TIME_ZONE)
    bounds = [datetime.combine(monday + timedelta(days=n), time(), zone) for n in range(8)]
    shifts = list(
        DutyShift.objects.filter(starts_at__lt=bounds[-1], ends_at__gt=bounds[0])
        .select_related("staff")
        .order_by("starts_at")
    )
    return [
        Row(role.value, str(role.label), _days([shift for shift in shifts if shift.role == role], bounds))
        for role in DutyRole
    ]


def _days(shifts: Iterable[DutyShift], bounds: list[datetime]) -> list[Day]:
    mine = list(shifts)
    return [
        Day(
            day=start.date(),
            shifts=(touching := [shift for shift in mine if shift.starts_at < end and shift.ends_at > start]),
            open_times=list(uncovered([(shift.starts_at, shift.ends_at) for shift in touching], start, end)),
        )
        for start, end in pairwise(bounds)
    ]
