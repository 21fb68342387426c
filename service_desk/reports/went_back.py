"""When the database's clock goes back, exports, sums and scheduled reports do not wait for the time before.

Each wait here has a longest: what waits for longer was put off by a time that is no more.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from service_desk.deadlines.clock import now
from service_desk.reports.models import Export, LongSum, ReportSchedule
from service_desk.reports.rules import CLOSING, LEASE, MAX_TRIES, TRY_AGAIN
from service_desk.reports.schedules import zone

#: By so much a time may lie ahead without a jump.
_AHEAD = timedelta(seconds=2)
#: A next time that is nearer is right, or comes soon enough.
_DAY = timedelta(days=1)


def bring_near() -> int:
    """Unfinished exports and sums that were last heard of in the future, and tries put off too far; how many."""
    leased = (
        Export.objects.unfinished().filter(lease_until__gt=Now() + CLOSING + _AHEAD).update(lease_until=Now() + LEASE)
    )
    poked = Export.objects.unfinished().filter(poked_at__gt=Now() + _AHEAD).update(poked_at=Now())
    asked = LongSum.objects.waiting().filter(asked_at__gt=Now() + _AHEAD).update(asked_at=Now())
    put_off = ReportSchedule.objects.filter(retry_at__gt=Now() + TRY_AGAIN * MAX_TRIES + _AHEAD).update(retry_at=Now())
    return leased + poked + asked + put_off


def set_right() -> int:
    """Next times of scheduled reports that lie behind their next one by the time that is; how many.

    A period that has been sent is not sent again: its row says so.
    """
    moment, moved = now(), 0
    for schedule in ReportSchedule.objects.filter(paused_at=None, next_at__gt=moment + _DAY):
        first = schedule.slots.first_after(moment, zone())
        if first < schedule.next_at:
            unchanged = ReportSchedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at)
            moved += unchanged.update(next_at=first)
    return moved
