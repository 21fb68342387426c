"""What the engine says of itself (D13): beats of its doors, and incidents that the auditor found."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.deadlines.rules import INCIDENT_WORDS, Door


class Heartbeat(models.Model):
    """The last sign of life of one loop, written by itself at most once a second."""

    process = models.CharField(_("Process"), max_length=60, primary_key=True)
    door = models.CharField(_("Door"), max_length=10, choices=Door)
    beat_at = models.DateTimeField(_("Last beat"), db_default=Now())
    lag_ms = models.IntegerField(_("Lag in milliseconds"), default=0)
    fired = models.BigIntegerField(_("Steps fired"), default=0)

    class Meta:
        verbose_name = _("Heartbeat")
        verbose_name_plural = _("Heartbeats")
        ordering = ["process"]

    def __str__(self) -> str:
        return self.process


class Incident(models.Model):
    """Something about the clocks that should not be so, found by the auditor or the engine."""

    kind = models.CharField(_("Kind"), max_length=40)
    thing = models.CharField(_("About"), max_length=80)
    detail = models.TextField(_("Detail"), blank=True)
    found_at = models.DateTimeField(_("Found"), db_default=Now())
    repaired_at = models.DateTimeField(_("Mended"), null=True, blank=True)

    class Meta:
        verbose_name = _("Incident")
        verbose_name_plural = _("Incidents")
        ordering = ["-found_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "thing"], condition=Q(repaired_at=None), name="incident_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.thing}"

    @property
    def words(self) -> str:
        """What kind of incident it is, for a person; one that has no words yet shows its name."""
        return str(INCIDENT_WORDS.get(self.kind, self.kind))
