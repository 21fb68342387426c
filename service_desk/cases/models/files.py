"""Files of a case: what each is, where its content lies, who brought it; never deleted, at most withdrawn."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models.case import Case
from service_desk.cases.models.history import CaseEvent
from service_desk.cases.models.reports import CustomerReport
from service_desk.cases.rules import FilePurpose, ScanState
from service_desk.rest.filetypes import IMAGES, LONGEST_NAME

_STAFF = settings.AUTH_USER_MODEL


class FileQuerySet(models.QuerySet["CaseFile"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """The files of the cases this person may know of (P6)."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def kept(self) -> Self:
        """Without those that were withdrawn."""
        return self.filter(withdrawn_at=None)


class CaseFile(models.Model):
    """One file. Its row is written once (a trigger); only its withdrawal is added later, with the reason."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="files")
    report = models.ForeignKey(
        CustomerReport,
        verbose_name=_("Report"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="files",
    )
    note = models.ForeignKey(
        CaseEvent, verbose_name=_("Note"), null=True, blank=True, on_delete=models.PROTECT, related_name="files"
    )
    purpose = models.CharField(
        pgettext_lazy("file", "What for"), max_length=12, choices=FilePurpose, default=FilePurpose.ATTACHMENT
    )
    name = models.CharField(_("Name"), max_length=LONGEST_NAME)
    content_type = models.CharField(_("Kind"), max_length=80)
    size = models.PositiveIntegerField(_("Size"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    sent_sha256 = models.CharField(max_length=64, editable=False)  # of what was sent: a picture is drawn anew
    stored = models.CharField(max_length=60, unique=True, editable=False)
    thumbnail = models.BooleanField(default=False, editable=False)
    #: Only a scanner that the settings name looks at it; what waits for its verdict is not handed out.
    scan = models.CharField(
        _("Virus check"), max_length=8, choices=ScanState, blank=True, default="", db_default="", editable=False
    )
    virus = models.CharField(_("Virus"), max_length=120, blank=True, default="", db_default="", editable=False)
    uploaded_by = models.ForeignKey(_STAFF, verbose_name=_("Uploaded by"), on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("Uploaded"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        _STAFF, verbose_name=_("Withdrawn by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    withdrawn_reason = models.CharField(_("Reason"), max_length=500, blank=True)

    objects = FileQuerySet.as_manager()

    class Meta:
        verbose_name = _("File")
        verbose_name_plural = _("Files")
        ordering = ["uploaded_at", "id"]
        indexes = [models.Index(fields=["id"], name="case_file_to_scan", condition=Q(scan="waiting"))]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "sent_sha256"], condition=Q(withdrawn_at=None), name="case_file_once"
            ),
            models.CheckConstraint(condition=Q(purpose__in=FilePurpose.values), name="case_file_purpose_is_known"),
            models.CheckConstraint(condition=~Q(name="") & Q(size__gt=0), name="case_file_has_name_and_content"),
            models.CheckConstraint(
                condition=Q(scan__in=["", "waiting", "clean"], virus="") | (Q(scan="infected") & ~Q(virus="")),
                name="case_file_scan_is_known",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason="")),
                name="case_file_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Whether it is a picture."""
        return self.content_type in IMAGES
