"""How cases hang together, and what an earlier cycle of a reopened case came to (D4, D5)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.cases.models.case import Case
from service_desk.cases.rules import Channel, LinkKind

_STAFF = settings.AUTH_USER_MODEL


class CaseLink(models.Model):
    """Two cases that somebody has put side by side; a pair stands once, whichever was named first.

    Parent and child is a column of the child, since it has one parent; merged-into is a column of the merged case.
    """

    first = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Case, verbose_name=_("Other case"), on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("Kind"), max_length=10, choices=LinkKind, default=LinkKind.RELATED)
    made_at = models.DateTimeField(_("When"), db_default=Now(), editable=False)
    made_by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Link of cases")
        verbose_name_plural = _("Links of cases")
        ordering = ["made_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="case_link_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="case_link_in_order"),
            models.CheckConstraint(condition=Q(kind__in=LinkKind.values), name="case_link_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} – {self.second_id}"


class CaseCycle(models.Model):
    """What a case had come to when it was reopened: the results of that cycle stay as they were (D4)."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="cycles")
    cycle = models.PositiveSmallIntegerField(_("Cycle"))
    state = models.CharField(_("State"), max_length=12)
    began_at = models.DateTimeField(_("Began"))
    restored_at = models.DateTimeField(_("Service restored"), null=True)
    resolved_at = models.DateTimeField(_("Case resolved"), null=True)
    replied_at = models.DateTimeField(_("Replied"), null=True)
    ended_at = models.DateTimeField(_("Closed"), null=True)
    outcome = models.TextField(_("Outcome"), blank=True)
    reply = models.TextField(_("Reply to the customer"), blank=True)
    reply_channel = models.CharField(_("Replied by"), max_length=10, choices=Channel, blank=True)
    reopened_at = models.DateTimeField(_("Reopened"))
    reopened_by = models.ForeignKey(_STAFF, verbose_name=_("Reopened by"), on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("Reason"), max_length=2000)

    class Meta:
        verbose_name = _("Earlier cycle")
        verbose_name_plural = _("Earlier cycles")
        ordering = ["cycle"]
        constraints = [
            models.UniqueConstraint(fields=["case", "cycle"], name="case_cycle_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="case_cycle_reopened_with_reason"),
        ]
        triggers = append_only("case_cycle")

    def __str__(self) -> str:
        return f"{self.case_id} ({self.cycle})"
