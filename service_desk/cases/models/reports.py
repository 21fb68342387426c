"""Reports to the customer (C8): drafted, submitted once, then unchanged for ever; a correction is a new revision."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models.case import Case
from service_desk.cases.rules import Channel, DemandedReport, ReportState

_STAFF = settings.AUTH_USER_MODEL


class ReportQuerySet(models.QuerySet["CustomerReport"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """The reports of the cases this person may know of (P6)."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def with_successor(self) -> Self:
        """Each knows whether a later revision has been submitted."""
        later = CustomerReport.objects.filter(
            case=OuterRef("case"),
            kind=OuterRef("kind"),
            revision__gt=OuterRef("revision"),
            state=ReportState.SUBMITTED,
        )
        return self.annotate(superseded=Exists(later))


class CustomerReport(models.Model):
    """One revision of one report. A trigger refuses every change of a submitted one (migration 0006)."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(_("Kind"), max_length=16, choices=DemandedReport)
    revision = models.PositiveSmallIntegerField(_("Revision"), default=1)
    state = models.CharField(_("State"), max_length=10, choices=ReportState, default=ReportState.DRAFT)
    data = models.JSONField(default=dict)  # answers by papers.Entry.key
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(_STAFF, verbose_name=_("Written by"), on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("Written"), db_default=Now(), editable=False)
    changed_by = models.ForeignKey(_STAFF, verbose_name=_("Changed by"), on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("Changed"), db_default=Now(), editable=False)
    submitted_at = models.DateTimeField(_("Submitted"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        _STAFF, verbose_name=_("Submitted by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(_("Submitted by way of"), max_length=10, choices=Channel, blank=True)
    recipient = models.CharField(_("Submitted to"), max_length=120, blank=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("Report to the customer")
        verbose_name_plural = _("Reports to the customer")
        ordering = ["kind", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "revision"], name="report_revision_once"),
            models.UniqueConstraint(fields=["case", "kind"], condition=Q(state="draft"), name="report_one_draft"),
            models.CheckConstraint(condition=Q(kind__in=DemandedReport.values), name="report_kind_is_known"),
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at=None, submitted_by=None, channel="", recipient="")
                | (
                    Q(state="submitted", submitted_at__isnull=False, submitted_by__isnull=False)
                    & Q(channel__in=Channel.values)
                    & ~Q(recipient="")
                ),
                name="report_submitted_to_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.revision}"

    @property
    def is_draft(self) -> bool:
        """Whether it may still be written."""
        return self.state == ReportState.DRAFT
