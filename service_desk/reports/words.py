"""Values of a report in words, the same on a page, on paper and in a mail."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.reports.periods import Grain, Period
from service_desk.reports.shapes import Unit, Value


def shown(value: Value, unit: Unit) -> str:
    """`1,204`, `93.4 %`, `3 h 20 min`; a dash where there is nothing to say, words as they are."""
    if value is None:
        return "–"
    if isinstance(value, str) or not isinstance(value, int | float):
        return str(value)
    if unit == "share":
        return _("%(n)s %%") % {"n": f"{value * 100:.1f}"}
    return lasting(value) if unit == "seconds" else f"{value:,}"


def lasting(value: float) -> str:
    """Seconds as days, hours and minutes; the two greatest only."""
    seconds = int(value)
    if seconds < 60:
        return _("%(n)s s") % {"n": seconds}
    minutes = seconds // 60
    parts = [
        (_("%(n)s d"), minutes // 1440),
        (_("%(n)s h"), minutes % 1440 // 60),
        (_("%(n)s min"), minutes % 60),
    ]
    return " ".join([text % {"n": n} for text, n in parts if n][:2])


def difference(value: Value, before: Value, unit: Unit) -> str:
    """How the one differs from the other, in words: never by a colour or an arrow alone."""
    if not isinstance(value, int | float) or not isinstance(before, int | float):
        return "–"
    gap = value - before
    size = abs(gap)
    if unit == "share":
        points = {"n": f"{size * 100:.1f}"}
        if round(size * 1000) == 0:
            return _("unchanged")
        return _("up %(n)s points") % points if gap > 0 else _("down %(n)s points") % points
    if not size or (unit == "seconds" and int(value) == int(before)):
        return _("unchanged")
    if unit == "seconds":
        return (
            _("%(time)s longer") % {"time": lasting(size)}
            if gap > 0
            else _("%(time)s shorter") % {"time": lasting(size)}
        )
    number = {"n": f"{size:,}"}
    return pgettext("difference", "%(n)s more") % number if gap > 0 else pgettext("difference", "%(n)s fewer") % number


def days(period: Period) -> str:
    """`2026-11-01 to 2026-11-30`, or the one day."""
    if period.since == period.until:
        return period.since.isoformat()
    return _("%(since)s to %(until)s") % {"since": period.since.isoformat(), "until": period.until.isoformat()}


def step(at: datetime, grain: Grain) -> str:
    """The name of a step of a curve."""
    if grain == Grain.HOUR:
        return at.strftime("%m-%d %H:00")
    if grain == Grain.MONTH:
        return at.strftime("%Y-%m")
    return at.strftime("%m-%d") if grain == Grain.DAY else _("week of %(day)s") % {"day": at.strftime("%m-%d")}
