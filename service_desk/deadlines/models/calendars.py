"""Working calendars as versioned data (D2): a clock keeps the version it was computed with."""

from __future__ import annotations

from functools import lru_cache

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.deadlines.hours import WorkCalendar


class Calendar(models.Model):
    """A named working calendar; its content is its current version."""

    name = models.CharField(_("Name"), max_length=60, unique=True)
    current = models.ForeignKey(
        "CalendarVersion", verbose_name=_("Version in force"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("Working calendar")
        verbose_name_plural = _("Working calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One immutable state of a calendar: periods of the week, holidays, make-up days, which years are confirmed."""

    calendar = models.ForeignKey(
        Calendar, verbose_name=_("Working calendar"), on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveIntegerField(_("Version"))
    data = models.JSONField(_("Content"))
    note = models.CharField(_("What changed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("Made"), db_default=Now(), editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Calendar version")
        verbose_name_plural = _("Calendar versions")
        ordering = ["calendar", "-number"]
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_once")]
        triggers = [
            pgtrigger.Protect(name="calendar_version_is_immutable", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"

    def work_calendar(self) -> WorkCalendar:
        """The arithmetic's view of this version; kept in memory, since a version never changes."""
        return _work_calendar(self.pk)


@lru_cache(maxsize=64)
def _work_calendar(pk: int) -> WorkCalendar:
    return WorkCalendar.from_json(CalendarVersion.objects.values_list("data", flat=True).get(pk=pk))
