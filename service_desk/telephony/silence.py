"""Which phone systems have fallen silent in working hours: found here once, told, and shown as it was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, Exists, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat

from service_desk.deadlines.hours import between
from service_desk.deadlines.models import Calendar
from service_desk.deadlines.work_calendar import WorkCalendar
from service_desk.notices.models import Notice
from service_desk.telephony.models import CallEvent, Integration


@dataclass(frozen=True, slots=True)
class Silent:
    """A phone system of which nothing was heard for longer than its alarm allows."""

    integration: Integration
    last_at: datetime


def silent_systems(moment: datetime) -> list[Silent]:
    """Those that are silent at this moment, the longest silent first; two queries, however many there are."""
    last = CallEvent.objects.filter(integration=OuterRef("pk")).order_by("-received_at", "-id").values("received_at")
    rows = (
        Integration.objects.with_a_door()
        .filter(is_active=True, silent_minutes__gt=0)
        .annotate(last_at=Subquery(last[:1], output_field=DateTimeField()))
        .exclude(last_at=None)
        .order_by("last_at")
    )
    heard: list[Silent] = [Silent(row, getattr(row, "last_at")) for row in rows]  # noqa: B009 - an annotation
    late = [each for each in heard if moment - each.last_at > _allowed(each.integration)]
    hours = working_hours() if late else None
    return [each for each in late if is_silent(each.last_at, moment, _allowed(each.integration), hours)]


def told_silent() -> QuerySet[Integration]:
    """Those of whose silence the desk has told, and that have not been heard of since: for pages and the board."""
    events = CallEvent.objects.filter(integration=OuterRef(OuterRef("pk"))).order_by("-received_at", "-id")
    told = Notice.objects.filter(
        kind="phone_silent",
        about=Concat(Value("integration:"), Cast(OuterRef("pk"), TextField()), output_field=TextField()),
        created_at__gt=Subquery(events.values("received_at")[:1]),
    )
    found: QuerySet[Integration] = Integration.objects.filter(Exists(told), is_active=True, silent_minutes__gt=0)
    return found


def working_hours() -> WorkCalendar | None:
    """The desk's calendar; None: without one all time counts."""
    calendar = Calendar.objects.exclude(current=None).select_related("current").order_by("id").first()
    return None if calendar is None or calendar.current is None else calendar.current.work_calendar()


def is_silent(last: datetime, moment: datetime, longest: timedelta, hours: WorkCalendar | None) -> bool:
    """Whether more working time than allowed has passed since the last event, and it is working time now."""
    if moment - last <= longest:
        return False
    if hours is None:
        return True
    is_working_now = between(hours, moment - timedelta(seconds=1), moment) > timedelta(0)
    return is_working_now and between(hours, last, moment) > longest


def _allowed(row: Integration) -> timedelta:
    return timedelta(minutes=row.silent_minutes)
