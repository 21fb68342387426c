"""Lists of people and of what counts for them: roster, absences, violations, the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from service_desk.cases.columns import Column
from service_desk.deadlines.clock import now
from service_desk.people.access import can
from service_desk.people.models import Absence, DutyShift, Staff
from service_desk.quality.actions import sums_of
from service_desk.quality.forms import MonthForm, ViolationFilters
from service_desk.quality.models import LedgerEntry, Violation
from service_desk.reports.exporting import Exportable, Listed, Rows
from service_desk.reports.lists.cells import columns, keyed, text

GROUP = _("People and quality")
_WEEK = timedelta(days=7)

# --- The roster: the week of the address and absences that are not over (C18) ---
_SHIFTS = columns(DutyShift, "role", "staff", "staff__unit", "starts_at", "ends_at")
_ABSENCES = columns(Absence, "staff", "staff__unit", "starts_at", "ends_at", "deputy", "reason")


def _shifts(_user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    zone = ZoneInfo(settings.TIME_ZONE)
    try:
        day = date.fromisoformat(query.get("week", ""))
        monday = datetime.combine(day - timedelta(days=day.weekday()), time(), zone)
        until = monday + _WEEK
    except (ValueError, OverflowError):
        today = now().astimezone(zone).date()
        monday = datetime.combine(today - timedelta(days=today.weekday()), time(), zone)
        until = monday + _WEEK
    found = DutyShift.objects.filter(starts_at__lt=until, ends_at__gt=monday)
    return keyed(found, shown, "role", "starts_at", "id")


def _absences(_user: Any, _query: QueryDict, shown: Sequence[Column]) -> Rows:
    return keyed(Absence.objects.filter(ends_at__gt=Now()), shown, "starts_at", "id")


# --- Violations and the ledger (C4, Q2) ---
_VIOLATIONS = columns(
    Violation, "offence", "person", "chief", "unit", ("source", _("Found in")), "happened_at", "found_at", "state",
    ("decided_by", _("Decided by")), "decided_at", ("decision", _("Reason")), "objection", "answer",
)  # fmt: skip
_ENTRIES = columns(LedgerEntry, "staff", "unit", "month", "kind", "share", "points", "yuan", "text", "by", "at")
_SUMS = (
    text("staff", _("Person"), lambda row: row[0]),
    text("unit", _("Unit"), lambda row: row[0].unit),
    text("points", _("Points"), lambda row: row[1]["points"]),
    text("yuan", _("Yuan"), lambda row: row[1]["yuan"]),
)


def _violations(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    form = ViolationFilters(query)
    form.is_valid()
    return keyed(Violation.objects.visible_to(user).filter(**form.chosen), shown, "-found_at", "-id")


def _month(query: QueryDict) -> date:
    form = MonthForm(query, moment=now())
    form.is_valid()
    return form.first_day


def _entries(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    """Of the month; one's own for those who do not watch over quality."""
    mine = Q() if can(user, "ledger.view") else Q(staff=user)
    return keyed(LedgerEntry.objects.filter(mine, month=_month(query)), shown, "-at", "-id")


def _sums(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    whole = bool(can(user, "ledger.view"))
    sums = {pk: line for pk, line in sums_of(_month(query)).items() if whole or pk == user.pk}
    people = Staff.objects.select_related("unit").in_bulk(list(sums))
    rows = [(people[pk], line) for pk, line in sums.items()]
    return Listed(sorted(rows, key=lambda row: (row[1]["points"], row[1]["yuan"], row[0].full_name)))


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "roster", _("Roster"), "roster.export", "roster", lambda _q: _SHIFTS, _shifts, opens="roster.view",
            group=GROUP,
        ),
        Exportable(
            "absences", _("Absences"), "roster.export", "roster", lambda _q: _ABSENCES, _absences,
            opens="roster.view", group=GROUP,
        ),
        Exportable(
            "violations", _("Violations"), "violation.export", "violation-list", lambda _q: _VIOLATIONS, _violations,
            group=GROUP,
        ),
        Exportable(
            "ledger", _("Ledger"), "ledger.export", "ledger", lambda _q: _ENTRIES, _entries, opens="", group=GROUP
        ),
        Exportable(
            "ledger-sums", _("Ledger, summed by person"), "ledger.export", "ledger", lambda _q: _SUMS, _sums,
            opens="", group=GROUP,
        ),
    )  # fmt: skip
