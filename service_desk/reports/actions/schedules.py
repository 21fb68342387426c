"""What a person does with scheduled reports: makes, changes, pauses, takes up again, ends one, asks for one now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import said
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.reports import schedules
from service_desk.reports.figures import question
from service_desk.reports.models import ReportSchedule, SentReport
from service_desk.reports.periods import just_ended
from service_desk.reports.rules import MOST_SCHEDULES, Every, Trouble
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound

#: So often at most somebody asks for one by hand.
_APART = timedelta(seconds=60)


@transaction.atomic
def schedule_report(
    *,
    actor: Any,
    name: str,
    report: str,
    every: str,
    at: time,
    by: str = "",
    filters: Mapping[str, Any] | None = None,
    weekday: int | None = None,
    day: int | None = None,
) -> ReportSchedule:
    """Have a report sent to oneself: daily, weekly or monthly, each for the period just ended."""
    moment = now()
    given = _checked(actor, moment, report, name, every, by, filters, weekday, day)
    Staff.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)  # counted one after the other
    if ReportSchedule.objects.of(actor).count() >= MOST_SCHEDULES:
        raise Conflict(_("You have %(most)s scheduled reports already.") % {"most": MOST_SCHEDULES}, code="too_many")
    made = ReportSchedule(owner=actor, report=report, at=at, **given)
    made.next_at = made.slots.first_after(moment, schedules.zone())
    made.save()
    record(verb="report.schedule", thing=thing_of(made), actor=actor, detail={"report": report, **_told(made)})
    return made


@transaction.atomic
def reschedule(
    *,
    actor: Any,
    pk: int,
    name: str,
    every: str,
    at: time,
    by: str = "",
    filters: Mapping[str, Any] | None = None,
    weekday: int | None = None,
    day: int | None = None,
) -> ReportSchedule:
    """Say anew when it is sent and what it holds; what was sent for a period is not sent for it again."""
    found = _own(actor, pk)
    moment = now()
    given = _checked(actor, moment, found.report, name, every, by, filters, weekday, day)
    before, slots = _told(found), found.slots
    for key, value in given.items():
        setattr(found, key, value)
    found.at = at
    if found.slots != slots:
        found.next_at = found.slots.first_after(moment, schedules.zone())
    found.retry_at, found.tries, found.trouble, found.trouble_at = None, 0, "", None
    found.save()
    after = _told(found)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        record(verb="report.reschedule", thing=thing_of(found), actor=actor, detail={"changed": changed})
    return found


def _checked(
    actor: Any,
    moment: datetime,
    report: str,
    name: str,
    every: str,
    by: str,
    filters: Mapping[str, Any] | None,
    weekday: int | None,
    day: int | None,
) -> dict[str, Any]:
    """What is said of a schedule, as its row holds it; raises what is wrong with it."""
    require(actor, "report.schedule")
    demand_clean({"name": name})
    name = said(name, "name", limit=80)
    weekday, day = _day(every, weekday, day)
    if every not in Every.values:
        raise Invalid(_("Please choose one."), field="every", code="invalid_choice")
    today = moment.astimezone(schedules.zone()).date()
    asked = question(actor, report, just_ended(Every(every).span, today), by, filters)
    return {
        "name": name,
        "by": by,
        "filters": dict(asked.filters),
        "every": every,
        "weekday": weekday,
        "day": day,
    }


def _told(schedule: ReportSchedule) -> dict[str, Any]:
    """What the trail keeps of it."""
    names = ("name", "by", "filters", "every", "weekday", "day")
    return {name: getattr(schedule, name) for name in names} | {"at": schedule.at.isoformat("minutes")}


def _day(every: str, weekday: int | None, day: int | None) -> tuple[int | None, int | None]:
    """The day that this rhythm needs, and none that it does not."""
    if every == Every.WEEKLY:
        if weekday not in range(1, 8):
            raise Invalid(_("Please choose the day of the week."), field="weekday", code="required")
        return weekday, None
    if every == Every.MONTHLY:
        if day not in range(1, 32):
            raise Invalid(_("Please give a day from 1 to 31."), field="day", code="required")
        return None, day
    return None, None


@transaction.atomic
def pause(*, actor: Any, pk: int) -> ReportSchedule:
    """Send it no more, until somebody goes on with it."""
    found = _own(actor, pk)
    if found.paused_at is not None:
        raise Conflict(_("It is paused already."), code="paused")
    found.paused_at = now()
    found.save(update_fields=["paused_at"])
    record(verb="report.pause", thing=thing_of(found), actor=actor)
    return found


@transaction.atomic
def resume(*, actor: Any, pk: int) -> ReportSchedule:
    """Send it again, from its next time on; nothing is sent after."""
    found = _own(actor, pk)
    require(actor, "report.schedule")
    if found.paused_at is None:
        raise Conflict(_("It is not paused."), code="not_paused")
    found.paused_at, found.retry_at, found.tries, found.trouble, found.trouble_at = None, None, 0, "", None
    found.next_at = found.slots.first_after(now(), schedules.zone())
    found.save()
    record(verb="report.resume", thing=thing_of(found), actor=actor)
    return found


@transaction.atomic
def unschedule(*, actor: Any, pk: int) -> None:
    """Take it away; what was sent stays in its person's mailbox and in the trail."""
    found = _own(actor, pk)
    record(verb="report.unschedule", thing=thing_of(found), actor=actor, detail={"report": found.report})
    found.delete()


@transaction.atomic
def send_now(*, actor: Any, pk: int) -> str:
    """Send the report of the period just ended once more, beside its times; what stood in the way."""
    found = _own(actor, pk)
    require(actor, "report.schedule")
    moment = now()
    if SentReport.objects.filter(schedule=found, by_hand=True, written_at__gt=moment - _APART).exists():
        raise Conflict(_("One has just been sent; please wait a minute."), code="too_soon")
    period = just_ended(Every(found.every).span, moment.astimezone(schedules.zone()).date())
    trouble = schedules.attempt(found, period, by_hand=True)
    if trouble and trouble != Trouble.NO_MAILBOX:
        found.trouble, found.trouble_at = trouble, moment
        found.save(update_fields=["trouble", "trouble_at"])
    return trouble


def _own(actor: Any, pk: int) -> ReportSchedule:
    """Nobody learns of another's."""
    mine = ReportSchedule.objects.of(actor).select_related("owner").select_for_update(of=("self",))
    found: ReportSchedule | None = mine.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def thing_of(schedule: ReportSchedule) -> str:
    """How the trail names it."""
    return f"schedule:{schedule.pk}"
