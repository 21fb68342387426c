"""A list that somebody takes along as a file: a row first, then the file, then a link for this person alone."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.exporting import Format
from service_desk.reports.rules import MOST_ROWS, OPEN_STATES, ExportState, Problem


class ExportQuerySet(models.QuerySet["Export"]):
    """Reads as questions."""

    def of(self, person: Any) -> Self:
        """One's own: nobody sees what another takes along, whatever their role."""
        return self.filter(by_id=person.pk)

    def unfinished(self) -> Self:
        """What a worker has still to do."""
        return self.filter(state__in=OPEN_STATES)

    def forsaken(self) -> Self:
        """Unfinished, and nobody is at it: never begun, between two slices, or its worker is dead."""
        return self.unfinished().filter(Q(lease_until=None) | Q(lease_until__lte=Now()))


class Export(models.Model):
    """One file that was asked for.

    `what` is a key of `exporting.EXPORTABLE`, `query` the address of the list, whose telephone numbers are taken out of
    it once the file is written. `fence` counts the claims: a worker that was overtaken changes nothing. `parts` are the
    pieces that are whole, in order, `cursor` the last row in them, so that any worker goes on where another stopped.
    """

    key = models.UUIDField(_("Key"), db_default=RandomUUID(), unique=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("By"), on_delete=models.PROTECT, related_name="exports", db_index=False
    )
    what = models.TextField(_("List"))
    query = models.TextField(_("Filters"), blank=True)
    format = models.CharField(_("File"), max_length=4, choices=Format)
    in_full = models.BooleanField(_("Telephone numbers in full"), default=False)
    reason = models.TextField(_("Reason"), blank=True, max_length=200)
    language = models.CharField(max_length=10)
    state = models.CharField(_("State"), max_length=10, choices=ExportState, default=ExportState.WAITING)
    problem = models.CharField(_("Why not"), max_length=20, choices=Problem, blank=True, default="")
    rows_expected = models.PositiveIntegerField(_("Rows expected"), null=True)
    rows_done = models.PositiveIntegerField(_("Rows"), default=0)
    cursor = models.TextField(blank=True, default="", editable=False)
    parts: Any = models.JSONField(default=list, editable=False)
    all_read = models.BooleanField(default=False, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    poked_at = models.DateTimeField(db_default=Now(), editable=False)
    stored = models.TextField(blank=True, default="", editable=False)
    size = models.BigIntegerField(_("Size"), null=True)
    asked_at = models.DateTimeField(_("Asked for"), db_default=Now(), editable=False)
    ended_at = models.DateTimeField(_("Ended"), null=True, editable=False)
    expires_at = models.DateTimeField(_("Available until"), null=True, editable=False)
    downloads = models.PositiveIntegerField(_("Downloads"), default=0)
    last_download_at = models.DateTimeField(pgettext_lazy("when", "Last downloaded"), null=True, editable=False)

    objects: ClassVar[Any] = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("Export")
        verbose_name_plural = _("Exports")
        indexes = [
            models.Index(fields=["by", "-id"], name="export_by_person"),
            models.Index(fields=["id"], name="export_unfinished", condition=Q(state__in=["waiting", "writing"])),
            models.Index(fields=["expires_at"], name="export_ready", condition=Q(state="ready")),
            models.Index(fields=["ended_at"], name="export_ended", condition=Q(ended_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_is_known"),
            models.CheckConstraint(condition=Q(format__in=Format.values), name="export_format_is_known"),
            models.CheckConstraint(condition=Q(rows_done__lte=MOST_ROWS), name="export_rows_are_bounded"),
            models.CheckConstraint(condition=Q(in_full=False) | ~Q(reason=""), name="export_in_full_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "writing"], ended_at=None)
                | (~Q(state__in=["waiting", "writing"]) & Q(ended_at__isnull=False, lease_until=None)),
                name="export_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | (Q(expires_at__isnull=False, size__isnull=False) & ~Q(stored="")),
                name="export_ready_has_a_file",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "failed"]) | ~Q(problem=""), name="export_says_why_not"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Whether a worker has still something to do."""
        return self.state in OPEN_STATES

    @property
    def percent(self) -> int:
        """How much of it is written, for the bar."""
        return min(100, self.rows_done * 100 // self.rows_expected) if self.rows_expected else 0
