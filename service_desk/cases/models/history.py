"""What happened to a case, in order; written once, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.cases.models.case import Case
from service_desk.cases.rules import EventType, Severity


class CaseEvent(models.Model):
    """One line of a case's timeline."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(_("When"), db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Who"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    type = models.CharField(_("What"), max_length=12, choices=EventType)
    text = models.TextField(_("Text"), blank=True, max_length=8000)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("Timeline entry")
        verbose_name_plural = _("Timeline entries")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["case", "at", "id"], name="case_timeline")]
        triggers = append_only("case_timeline")

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.at:%Y-%m-%d %H:%M}"


class ImpactObservation(models.Model):
    """What the real impact was at a moment: beside the grade, which never changes (C2)."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="impacts")
    at = models.DateTimeField(_("When"), db_default=Now(), editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="+")
    level = models.CharField(_("Looks like"), max_length=10, choices=Severity)
    text = models.TextField(_("What is observed"), max_length=8000)
    started_emergency = models.BooleanField(_("Started the emergency process"), default=False)

    class Meta:
        verbose_name = _("Impact observation")
        verbose_name_plural = _("Impact observations")
        ordering = ["at", "id"]
        triggers = append_only("impact")

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.at:%Y-%m-%d %H:%M}"
