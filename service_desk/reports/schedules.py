"""Sends reports by themselves: what is due is claimed, written and handed to the outbox in one transaction.

A desk that was down sends each report once, for the period before its latest time; what lay between is not sent after.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.models import Delivery
from service_desk.notices.rules import ChannelKind, Level
from service_desk.people.access import require
from service_desk.reports import mailing
from service_desk.reports.figures import report
from service_desk.reports.models import ReportSchedule, SentReport
from service_desk.reports.periods import Period, just_ended
from service_desk.reports.rules import LATE, MAX_TRIES, TRY_AGAIN, Every, Trouble
from service_desk.rest.errors import Invalid, NotAllowed, NotFound
from service_desk.rest.sums import PATIENT_SECONDS

_AT_ONCE = 20
_TURN_SECONDS = 20.0  # with one more report of a minute it stays below the worker's limit
#: After these nothing comes of trying again.
_FINAL = frozenset({Trouble.NOT_ALLOWED, Trouble.BAD_FILTER})
_log = logging.getLogger(__name__)


def zone() -> ZoneInfo:
    """The desk's."""
    return ZoneInfo(settings.TIME_ZONE)


def send_due() -> int:
    """Send what is due, each in a transaction of its own, as long as the turn lasts; how many were looked at."""
    began = time.monotonic()
    for count in range(_AT_ONCE):
        if time.monotonic() - began > _TURN_SECONDS or not _send_next():
            return count
    return _AT_ONCE


@transaction.atomic
def _send_next() -> bool:
    """Take the one that has been due longest and that nobody else is at."""
    schedule = (
        ReportSchedule.objects.due()
        .select_related("owner")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("next_at", "pk")
        .first()
    )
    if schedule is None:
        return False
    moment = now()
    slot = max(schedule.slots.last_until(moment, zone()), schedule.next_at)
    period = just_ended(Every(schedule.every).span, slot.astimezone(zone()).date())
    trouble = attempt(schedule, period, late=moment - slot if moment - slot > LATE else None)
    if trouble == "" or trouble == Trouble.NO_MAILBOX or trouble in _FINAL or schedule.tries + 1 >= MAX_TRIES:
        _settle(schedule, moment, trouble)
    else:
        schedule.tries += 1
        schedule.trouble, schedule.trouble_at = trouble, moment
        schedule.retry_at = moment + TRY_AGAIN * schedule.tries
    schedule.save()
    return True


def _settle(schedule: ReportSchedule, moment: datetime, trouble: str) -> None:
    """This time is over: sent, or given up; a report that its owner may not read any more is paused."""
    schedule.tries, schedule.retry_at = 0, None
    schedule.trouble, schedule.trouble_at = trouble, moment if trouble else None
    schedule.next_at = schedule.slots.first_after(moment, zone())
    if trouble in _FINAL:
        schedule.paused_at = moment
    if trouble and trouble != Trouble.NO_MAILBOX and schedule.owner.is_active:
        _tell_not_sent(schedule, moment, trouble)


def attempt(schedule: ReportSchedule, period: Period, *, by_hand: bool = False, late: Any = None) -> str:
    """Write and hand over one report, or nothing of it; what stood in the way, blank for nothing."""
    try:
        with transaction.atomic():
            return _send(schedule, period, by_hand=by_hand, late=int(late.total_seconds()) if late else None)
    except NotAllowed:
        return Trouble.NOT_ALLOWED
    except NotFound:
        return Trouble.BAD_FILTER
    except Invalid as refusal:
        return Trouble.TOO_MUCH if refusal.code == "too_much" else Trouble.BAD_FILTER
    except Exception:
        # One report that cannot be computed must not keep the others; it is tried again and then said to its owner.
        _log.exception("The scheduled report %s cannot be computed", schedule.pk)
        return Trouble.FAILED


def _send(schedule: ReportSchedule, period: Period, *, by_hand: bool, late: int | None) -> str:
    owner = schedule.owner
    require(owner, "report.schedule")
    earlier = SentReport.objects.filter(schedule=schedule, since=period.since, until=period.until, by_hand=False)
    if not by_hand and earlier.exists():
        return ""
    key = uuid.uuid4()
    days = {"since": period.since.isoformat(), "until": period.until.isoformat()}
    asked = {**days, **({"by": schedule.by} if schedule.by else {}), **schedule.filters}
    link = f"{reverse('report', args=[schedule.report])}?{urlencode(asked)}"
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        found = report(owner, schedule.report, period, schedule.by, schedule.filters, seconds=PATIENT_SECONDS)
        size = mailing.keep(str(key), found, name=schedule.name, link=f"{settings.SITE_URL}{link}")
    dedup = f"report:{schedule.pk}:{period.since}:{period.until}{f':{key}' if by_hand else ''}"
    facts = {"name": schedule.name, "title": found.title, "_key": str(key), **days}
    written = send_many(
        [
            NewNotice(
                dedup_key=dedup,
                chain=dedup,
                kind="report_sent",
                level=Level.INFO,
                recipient_id=owner.pk,
                facts=facts,
                about=f"schedule:{schedule.pk}",
                link=link,
                late_by_seconds=late,
                private=True,
            )
        ]
    )
    notice = written[0] if written else None
    SentReport.objects.create(
        key=key,
        schedule=schedule,
        since=period.since,
        until=period.until,
        by_hand=by_hand,
        late_by_seconds=late,
        notice_id=notice,
        size=size,
    )
    record(
        verb="report.sent",
        thing=f"schedule:{schedule.pk}",
        actor=owner,
        detail={"report": schedule.report, "by": schedule.by, "filters": schedule.filters, **days, "by_hand": by_hand},
    )
    mailed = Delivery.objects.filter(notice=notice, channel=ChannelKind.EMAIL).exists()
    return "" if mailed else Trouble.NO_MAILBOX


def _tell_not_sent(schedule: ReportSchedule, moment: datetime, trouble: str) -> None:
    key = f"report:{schedule.pk}:{moment.isoformat()}:not_sent"
    send_many(
        [
            NewNotice(
                dedup_key=key,
                chain=key,
                kind="report_not_sent",
                level=Level.WARNING,
                recipient_id=schedule.owner_id,
                facts={"name": schedule.name, "trouble": str(trouble)},
                about=f"schedule:{schedule.pk}",
                link=reverse("schedule-list"),
                private=True,
            )
        ]
    )
