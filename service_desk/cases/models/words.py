"""The words of a case as an index finds them; triggers keep them (migration 0008), so that every door is covered."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models.case import Case


class CaseWords(models.Model):
    """Subject, caller, description, answers, outcome, reply and notes of a case, as pairs of characters and words.

    A table of its own: rows of cases are updated often and must not rewrite it.
    """

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.DO_NOTHING, related_name="words")
    words = SearchVectorField()

    class Meta:
        verbose_name = _("Words of a case")
        verbose_name_plural = _("Words of cases")
        # Without a list of pending entries: neither a search nor an unlucky registration pays for the others'.
        indexes = [GinIndex(fields=["words"], name="case_words_found", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.case_id)
