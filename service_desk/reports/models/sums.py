"""Sums that took too long to be waited for: who asked for what, and what a worker found."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.reports.rules import SUM_KEPT


class LongSumQuerySet(models.QuerySet["LongSum"]):
    """Reads as questions."""

    def fresh(self) -> Self:
        """Not computed yet, or computed lately."""
        return self.filter(Q(done_at=None) | Q(done_at__gt=Now() - SUM_KEPT))

    def waiting(self) -> Self:
        """What a worker has still to do."""
        return self.filter(done_at=None)


class LongSum(models.Model):
    """One question of one person; the answer holds what that person might see when it was computed."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    report = models.CharField(_("Report"), max_length=40, editable=False)
    question = models.JSONField(editable=False)  # since, until, by, filters
    digest = models.CharField(max_length=64, editable=False)  # of report and question
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=20, blank=True, default="", editable=False)
    answer: Any = models.JSONField(null=True, editable=False)

    objects: ClassVar[Any] = LongSumQuerySet.as_manager()

    class Meta:
        verbose_name = _("Long sum")
        verbose_name_plural = _("Long sums")
        indexes = [models.Index(fields=["asked_at", "id"], name="long_sum_waiting", condition=Q(done_at=None))]
        constraints = [
            models.UniqueConstraint(fields=["owner", "digest"], name="long_sum_once"),
            models.CheckConstraint(
                condition=Q(done_at=None, answer__isnull=True, problem="")
                | Q(done_at__isnull=False, answer__isnull=False, problem="")
                | (Q(done_at__isnull=False, answer__isnull=True) & ~Q(problem="")),
                name="long_sum_has_answer_or_problem",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.question}"
