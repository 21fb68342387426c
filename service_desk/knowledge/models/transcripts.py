"""Transcripts of calls that are checked afterwards (K3): the row first, its lines, and how far the check has come."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.knowledge.rules import Speaker, TranscriptState
from service_desk.people.rules import LEADING_ROLES, Role

#: Who reads the transcripts of others, as the findings in them.
INSPECTING = frozenset({*LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR, Role.AUDITOR})


class TranscriptQuerySet(models.QuerySet["Transcript"]):
    """Reads as questions."""

    def unfinished(self) -> Self:
        """What a worker has still to do."""
        return self.filter(state__in=[TranscriptState.WAITING, TranscriptState.RUNNING])

    def visible_to(self, user: Any) -> Self:
        """One's own, and all of them for those who inspect."""
        return self if user.has_role(*INSPECTING) else self.filter(by=user)


class Transcript(models.Model):
    """A talk, line by line; `done` lines are checked, so that any worker goes on where another stopped."""

    title = models.CharField(_("Title"), max_length=120)
    state = models.CharField(
        _("State"), max_length=10, choices=TranscriptState.choices, default=TranscriptState.WAITING
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("By"))
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Agent"),
    )
    lines_count = models.PositiveIntegerField(_("Lines"))
    done = models.PositiveIntegerField(_("Checked"), default=0)
    found = models.PositiveIntegerField(_("Findings"), default=0)
    created_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = TranscriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("Transcript")
        verbose_name_plural = _("Transcripts")
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="transcript_has_a_title"),
            models.CheckConstraint(condition=Q(done__lte=F("lines_count")), name="transcript_done_at_most_all"),
            models.CheckConstraint(
                condition=~Q(state=TranscriptState.DONE) | Q(done=F("lines_count"), ended_at__isnull=False),
                name="transcript_done_means_all",
            ),
        ]
        indexes = [
            models.Index(fields=["by", "-id"], name="transcript_by_sender"),
            models.Index(
                fields=["moved_at"], name="transcript_unfinished", condition=Q(state__in=["waiting", "running"])
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Where it is shown."""
        return f"/phrasebook/transcripts/{self.pk}/"


class TranscriptLine(models.Model):
    """What one of them said."""

    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    speaker = models.CharField(_("Speaker"), max_length=10, choices=Speaker.choices)
    text = models.TextField(_("Text"))

    class Meta:
        verbose_name = _("Line of a transcript")
        verbose_name_plural = _("Lines of transcripts")
        constraints = [models.UniqueConstraint(fields=["transcript", "number"], name="transcript_line_once")]

    def __str__(self) -> str:
        return f"{self.transcript_id}:{self.number}"
