"""The days of a report: today, a week, a month or any days, the same length before, and the steps of a curve. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from service_desk.rest.errors import Invalid

#: The longest period of a report, and the years in which there may be cases.
LONGEST = timedelta(days=366)
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)
_DAY = timedelta(days=1)


class Span(TextChoices):
    """How long a period is; all but the last are told by one of their days."""

    DAY = "day", pgettext_lazy("period", "Day")
    WEEK = "week", pgettext_lazy("period", "Week")
    MONTH = "month", pgettext_lazy("period", "Month")
    CUSTOM = "custom", pgettext_lazy("period", "From … to")


class Grain(TextChoices):
    """The steps of a curve; the values are those of PostgreSQL's date_trunc."""

    HOUR = "hour", gettext_lazy("by hour")
    DAY = "day", gettext_lazy("by day")
    WEEK = "week", gettext_lazy("by week")
    MONTH = "month", gettext_lazy("by month")


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included, in the desk's zone."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    @property
    def grain(self) -> Grain:
        """The steps that its curve has: never more than some fifty."""
        for grain, most in ((Grain.HOUR, 2), (Grain.DAY, 45), (Grain.WEEK, 200)):
            if self.days <= most:
                return grain
        return Grain.MONTH

    def begins(self, zone: ZoneInfo) -> datetime:
        """Its first moment."""
        return datetime.combine(self.since, time(), zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until + _DAY, time(), zone)

    def before(self) -> Period:
        """The period that it is held against: the month before a whole month, else as many days before."""
        if self.since.day == 1 and self == month_of(self.since):
            return month_of(self.since - _DAY)
        return Period(self.since - timedelta(days=self.days), self.since - _DAY)

    def after(self) -> Period:
        """The period that follows: the next month after a whole month, else as many days."""
        following = self.until + _DAY
        if self.since.day == 1 and self == month_of(self.since):
            return month_of(following)
        return Period(following, self.until + timedelta(days=self.days))

    def buckets(self) -> list[datetime]:
        """The first local moment of each step, without a zone, as date_trunc tells them; the first may lie before."""
        grain, found = self.grain, []
        at = _floor(datetime.combine(self.since, time()), grain)
        last = datetime.combine(self.until + _DAY, time())
        while at < last:
            found.append(at)
            at = _next(at, grain)
        return found

    def step(self, at: datetime) -> tuple[datetime, datetime]:
        """The first local moment of the step that holds this one, and the first after it."""
        first = _floor(at, self.grain)
        return first, _next(first, self.grain)


def _floor(at: datetime, grain: Grain) -> datetime:
    if grain == Grain.WEEK:
        return at - timedelta(days=at.weekday())
    return at.replace(day=1) if grain == Grain.MONTH else at


def _next(at: datetime, grain: Grain) -> datetime:
    if grain == Grain.MONTH:
        return (at + timedelta(days=32)).replace(day=1)
    return at + {Grain.HOUR: timedelta(hours=1), Grain.DAY: _DAY, Grain.WEEK: timedelta(days=7)}[grain]


def month_of(day: date) -> Period:
    """The month that this day lies in."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1) - _DAY)


def week_of(day: date) -> Period:
    """The week that this day lies in; weeks begin on Monday."""
    first = day - timedelta(days=day.weekday())
    return Period(first, first + timedelta(days=6))


def period_of(span: str, day: date) -> Period:
    """The day, week or month that this day lies in."""
    if span == Span.MONTH:
        return month_of(day)
    return week_of(day) if span == Span.WEEK else Period(day, day)


def just_ended(span: str, today: date) -> Period:
    """The last whole day, week or month before today: what a scheduled report speaks of."""
    whole = period_of(span, today)
    return period_of(span, whole.since - _DAY)


def usual(today: date) -> Period:
    """The last thirty days, today among them."""
    return Period(today - timedelta(days=29), today)


def checked(since: date, until: date) -> Period:
    """The period from the one day to the other; `Invalid` when it runs backwards, is too long or in no such year."""
    if not _FIRST <= min(since, until) <= max(since, until) <= _LAST:
        raise Invalid(_("There are no cases in such a year."), field="since", code="out_of_range")
    if until < since:
        raise Invalid(_("The last day lies before the first."), field="until", code="backwards")
    if until - since >= LONGEST:
        raise Invalid(_("Please choose at most a year."), field="since", code="too_long")
    return Period(since, until)
