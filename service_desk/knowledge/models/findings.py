"""What the check has found where, for quality inspection, and how entries fare in use (K3, Q3)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.knowledge.models.book import BookRelease
from service_desk.knowledge.rules import Category, Direction, FindingOutcome, Speaker, Weight

BEFORE = 30  # characters of the text that an excerpt keeps in front of the words


class LanguageFindingQuerySet(models.QuerySet["LanguageFinding"]):
    """Reads as questions."""

    def newest(self) -> Self:
        """Newest first, with the people of a line."""
        return self.select_related("said_by", "decided_by").order_by("-id")

    def figures(self) -> Any:
        """For each entry: found, dismissed, overridden, replaced; most dismissed first."""
        return (
            self.values("entry")
            .annotate(
                found=Count("id"),
                dismissed=Count("id", filter=Q(outcome=FindingOutcome.DISMISSED)),
                overridden=Count("id", filter=Q(outcome=FindingOutcome.OVERRIDDEN)),
                replaced=Count("id", filter=Q(outcome=FindingOutcome.REPLACED)),
            )
            .order_by("-dismissed", "-found", "entry")
        )


class LanguageFinding(models.Model):
    """One finding as it was made: release and entry stay with it, so that it can be explained for ever."""

    release = models.ForeignKey(BookRelease, on_delete=models.PROTECT, related_name="+", verbose_name=_("Release"))
    entry = models.CharField(_("Entry"), max_length=20)
    form = models.CharField(max_length=80)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    excerpt = models.CharField(_("Text"), max_length=120)
    category = models.CharField(_("Category"), max_length=20, choices=Category.choices)
    severity = models.CharField(_("Effect"), max_length=10, choices=Weight.choices)
    how = models.CharField(max_length=20)
    direction = models.CharField(_("Direction"), max_length=20, choices=Direction.choices)
    speaker = models.CharField(_("Speaker"), max_length=10, choices=Speaker.choices)
    thing = models.CharField(_("Where"), max_length=60, help_text="Such as case:12.")
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("Written by")
    )
    found_at = models.DateTimeField(_("Found"), db_default=Now(), editable=False)
    outcome = models.CharField(_("Outcome"), max_length=12, choices=FindingOutcome.choices, default=FindingOutcome.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, editable=False)
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    objects: ClassVar[Any] = LanguageFindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("Finding of the language check")
        verbose_name_plural = _("Findings of the language check")
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="finding_has_a_span"),
            models.CheckConstraint(
                condition=Q(outcome=FindingOutcome.OPEN) | Q(decided_at__isnull=False),
                name="finding_decided_at_some_time",
            ),
        ]
        indexes = [
            models.Index(fields=["entry", "-id"], name="finding_by_entry"),
            models.Index(fields=["said_by", "-id"], name="finding_by_writer"),
            models.Index(fields=["thing"], name="finding_by_thing"),
            models.Index(fields=["outcome", "-id"], name="finding_by_outcome"),
            models.Index(fields=["-found_at"], name="finding_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.excerpt}"

    @property
    def phrase(self) -> str:
        """The words themselves, as they stood in the text."""
        low = min(self.start, BEFORE)
        return self.excerpt[low : low + self.end - self.start]


class PhraseUse(models.Model):
    """How often an approved phrase was put into a text, a day of the desk's zone: the count is raised in place."""

    entry = models.CharField(max_length=20)
    day = models.DateField()
    times = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("Use of a phrase")
        verbose_name_plural = _("Uses of phrases")
        constraints = [models.UniqueConstraint(fields=["entry", "day"], name="phrase_use_once_a_day")]

    def __str__(self) -> str:
        return f"{self.entry} {self.day}: {self.times}"
