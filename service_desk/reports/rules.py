"""What an export and a scheduled report are: states, limits, and when the next one is due; pure."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: More rows than that nobody gets in one file; a sheet of a workbook holds 1,048,576.
MOST_ROWS = 1_000_000
#: So many rows are read by one statement.
CHUNK = 2_000
#: A worker writes for so long, then other work of the queue has its turn.
SLICE_SECONDS = 2.0
#: A worker that has not been heard of for so long is dead, and another goes on from what was written.
LEASE = timedelta(seconds=60)
#: Binding the parts of a million rows takes a minute or two; so often (seconds) its worker says that it lives.
RENEWED = 3.0
#: Then the workbook is packed, in one piece.
CLOSING = timedelta(minutes=5)
#: So often in a row a worker may die over the same part.
MAX_ATTEMPTS = 5
#: How long a file lies ready, and its row is listed.
KEPT = timedelta(hours=24)
LISTED = timedelta(days=30)
#: So many unfinished exports one person may have.
MOST_OPEN = 5


class ExportState(TextChoices):
    """Where an export stands."""

    WAITING = "waiting", pgettext_lazy("export", "Waiting")
    WRITING = "writing", pgettext_lazy("export", "Being written")
    READY = "ready", pgettext_lazy("export", "Ready")
    REFUSED = "refused", pgettext_lazy("export", "Refused")
    FAILED = "failed", pgettext_lazy("export", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("export", "Cancelled")
    EXPIRED = "expired", pgettext_lazy("export", "Expired")
    DELETED = "deleted", pgettext_lazy("export", "Deleted")


#: States in which a worker still has something to do.
OPEN_STATES = (ExportState.WAITING, ExportState.WRITING)
#: States of a file that was there and is gone.
GONE_STATES = (ExportState.EXPIRED, ExportState.DELETED)


class Problem(TextChoices):
    """Why there is no file."""

    NOT_ALLOWED = "not_allowed", _("You may not take this list along any more.")
    TOO_MANY = "too_many", _("It has more than a million rows. Narrow the list down and take it along in parts.")
    UNKNOWN_LIST = "unknown_list", _("This list is not there any more.")
    WORKER_LOST = "worker_lost", _("Writing it was interrupted several times. Please ask for it again.")
    TOO_MUCH = "too_much", _("It takes too long to be read. Choose fewer days, or narrow it down.")
    NO_SPACE = "no_space", _("The disk of the desk is full. Tell your administrator, then ask for it again.")


class Every(TextChoices):
    """How often a report is sent; each speaks of the whole day, week or month just ended."""

    DAILY = "daily", _("daily")
    WEEKLY = "weekly", _("weekly")
    MONTHLY = "monthly", _("monthly")

    @property
    def span(self) -> str:
        """The period that it speaks of, as `periods.Span` has it."""
        return {"daily": "day", "weekly": "week", "monthly": "month"}[self.value]


class Weekday(IntegerChoices):
    """As ISO counts them."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Trouble(TextChoices):
    """Why a scheduled report was not sent."""

    NOT_ALLOWED = "not_allowed", _("You may not read this report any more; it is paused.")
    TOO_MUCH = "too_much", _("The period holds too much to be summed in time.")
    BAD_FILTER = "bad_filter", _("One of its filters is not valid any more; it is paused.")
    FAILED = "failed", _("It could not be computed; tell your administrator.")
    NO_MAILBOX = "no_mailbox", _("No e-mail went out: you have no address, or chose to get graver notices only.")


#: A report that could not be computed is tried again so often, and so much later each time.
MAX_TRIES = 5
TRY_AGAIN = timedelta(minutes=5)
#: A report that is sent so much later than its time says so.
LATE = timedelta(minutes=5)
#: How long the files of a sent report lie there: its letter may have to be sent again.
ENCLOSED = timedelta(days=7)
#: What was computed beside is shown for so long, and so many such sums one person may wait for at once.
SUM_KEPT = timedelta(hours=1)
MOST_SUMS = 3
#: So many schedules one person may have.
MOST_SCHEDULES = 20


@dataclass(frozen=True, slots=True)
class Slots:
    """When it is due: every day, on a weekday, or on a day of the month (its last, when it has no such day)."""

    every: str
    at: time
    weekday: int | None = None
    day: int | None = None

    def last_until(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The latest time that is not after `moment`."""
        day = moment.astimezone(zone).date() + timedelta(days=1)
        while True:
            if self._on(day):
                slot = datetime.combine(day, self.at, zone).astimezone(UTC)
                if slot <= moment:
                    return slot
            day -= timedelta(days=1)

    def first_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The next time after `moment`."""
        day = moment.astimezone(zone).date() - timedelta(days=1)
        while True:
            if self._on(day):
                slot = datetime.combine(day, self.at, zone).astimezone(UTC)
                if slot > moment:
                    return slot
            day += timedelta(days=1)

    def _on(self, day: date) -> bool:
        if self.every == Every.WEEKLY:
            return day.isoweekday() == self.weekday
        if self.every == Every.MONTHLY:
            return day.day == min(self.day or 1, monthrange(day.year, day.month)[1])
        return True
