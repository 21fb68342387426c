"""What counts as a violation, how it is decided, and what it costs (C4, Q2). Pure; no database, no clock."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Offence(TextChoices):
    """What may be a violation: those of level 1 (C4), and the 24-hour rule that was not kept (C3)."""

    MISSED_REGISTRATION = "missed_registration", _("Missed registration")
    LATE_REGISTRATION = "late_registration", _("Late registration")
    SUBSTANTIATED_COMPLAINT = "substantiated_complaint", _("Substantiated complaint")


#: C4 names these two; what was registered, but late, breaks C3 and has a cost of its own, which the rules leave open.
LEVEL_ONE = frozenset({Offence.MISSED_REGISTRATION, Offence.SUBSTANTIATED_COMPLAINT})


class ViolationState(TextChoices):
    """Suspected when found; it counts once it is verified."""

    SUSPECTED = "suspected", _("Suspected")
    VERIFIED = "verified", _("Verified")
    DISMISSED = "dismissed", _("Dismissed")
    WITHDRAWN = "withdrawn", pgettext_lazy("violation", "Withdrawn")


class Share(TextChoices):
    """In which quality somebody carries a violation."""

    PERSON = "person", _("as the person responsible")
    CHIEF = "chief", _("as the section chief")


class EntryKind(TextChoices):
    """What stands in the ledger."""

    VIOLATION = "violation", _("Violation")
    PRAISE = "praise", _("Praise")
    CORRECTION = "correction", _("Correction")


def month_of(moment: datetime, zone: str) -> date:
    """The first day of the desk's local month in which `moment` (UTC) lies."""
    return moment.astimezone(ZoneInfo(zone)).date().replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
