"""Which articles help with a case, and which one it was solved with (K6)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models.case import Case
from service_desk.knowledge.models import Article


class CaseArticleQuerySet(models.QuerySet["CaseArticle"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """The links of the cases this person may know of (P6)."""
        return self.filter(case__in=Case.objects.visible_to(user))


class CaseArticle(models.Model):
    """An article beside a case."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="articles")
    article = models.ForeignKey(Article, verbose_name=_("Article"), on_delete=models.PROTECT, related_name="cases")
    solved = models.BooleanField(_("Solved with it"), default=False)
    linked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    linked_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CaseArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("Article of a case")
        verbose_name_plural = _("Articles of cases")
        constraints = [models.UniqueConstraint(fields=["case", "article"], name="case_article_once")]
        indexes = [models.Index(fields=["article", "-id"], name="case_article_newest")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.article_id}"
