"""Reports that are sent by themselves: what, to whom, when; and each one that was sent."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.reports.rules import Every, Slots, Trouble, Weekday


class ScheduleQuerySet(models.QuerySet["ReportSchedule"]):
    """Reads as questions."""

    def of(self, person: Any) -> Self:
        """One's own."""
        return self.filter(owner_id=person.pk)

    def due(self) -> Self:
        """What is to be sent now."""
        return self.filter(paused_at=None, next_at__lte=Now()).filter(Q(retry_at=None) | Q(retry_at__lte=Now()))


class ReportSchedule(models.Model):
    """A report that its owner gets by e-mail; `next_at` is when, `retry_at` is later when it could not be computed."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("For"),
        on_delete=models.PROTECT,
        related_name="report_schedules",
        db_index=False,
    )
    name = models.CharField(_("Name"), max_length=80)
    report = models.CharField(_("Report"), max_length=40)
    by = models.CharField(_("Grouped by"), max_length=40, blank=True, default="")
    filters: Any = models.JSONField(_("Filters"), default=dict)
    every = models.CharField(_("How often"), max_length=10, choices=Every)
    weekday = models.PositiveSmallIntegerField(_("On"), choices=Weekday, null=True, blank=True)
    day = models.PositiveSmallIntegerField(_("Day of the month"), null=True, blank=True)
    at = models.TimeField(_("At"))
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    paused_at = models.DateTimeField(_("Paused"), null=True, editable=False)
    next_at = models.DateTimeField(_("Next"), editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    trouble = models.CharField(_("Last trouble"), max_length=20, choices=Trouble, blank=True, default="")
    trouble_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = ScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("Scheduled report")
        verbose_name_plural = _("Scheduled reports")
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["owner", "name"], name="schedule_by_owner"),
            models.Index(fields=["next_at"], name="schedule_due", condition=Q(paused_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(every__in=Every.values), name="schedule_every_is_known"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(report=""), name="schedule_has_a_name"),
            models.CheckConstraint(
                condition=Q(every="daily", weekday=None, day=None)
                | Q(every="weekly", weekday__range=(1, 7), day=None)
                | Q(every="monthly", weekday=None, day__range=(1, 31)),
                name="schedule_day_fits",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slots(self) -> Slots:
        """When it is due."""
        return Slots(self.every, self.at, self.weekday, self.day)


class SentReport(models.Model):
    """A report that was written and handed to the outbox: one for its time, however often the worker is asked."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="sent", db_index=False)
    since = models.DateField(_("From"))
    until = models.DateField(_("Until"))
    by_hand = models.BooleanField(_("Asked for by hand"), default=False)
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    late_by_seconds = models.PositiveIntegerField(null=True)
    notice = models.ForeignKey("notices.Notice", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    size = models.BigIntegerField()

    class Meta:
        verbose_name = _("Sent report")
        verbose_name_plural = _("Sent reports")
        indexes = [
            models.Index(fields=["schedule", "-id"], name="sent_report_newest"),
            models.Index(fields=["written_at"], name="sent_report_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "since", "until"], condition=Q(by_hand=False), name="sent_report_once"
            ),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="sent_report_runs_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id}: {self.since}–{self.until}"
