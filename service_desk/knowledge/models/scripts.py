"""What to say next in a call, as data (K5): lines of a situation, each an approved phrase, for one line or all."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.knowledge.models.book import Phrase
from service_desk.knowledge.rules import DayPart, PhraseKind, PhraseState, Situation
from service_desk.people.models import ServiceLine


class ScriptLineQuerySet(models.QuerySet["ScriptLine"]):
    """Reads as questions."""

    def of_line(self, service_line_id: str | None) -> Self:
        """The lines for a service line and those for all, in order."""
        return self.filter(Q(service_line=None) | Q(service_line=service_line_id)).order_by(
            "situation", "position", "id"
        )

    def with_words(self) -> Self:
        """Only phrases to be said that are approved now, with their words as `words` and their code as `code`."""
        approved = Q(phrase__versions__state=PhraseState.APPROVED, phrase__kind=PhraseKind.APPROVED)
        return self.filter(approved).annotate(words=models.F("phrase__versions__text"), code=models.F("phrase__code"))


class ScriptLine(models.Model):
    """One thing to say in a situation; what it says is the phrase as approved now, so a script needs no approval."""

    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Service line")
    )
    situation = models.CharField(_("Situation"), max_length=20, choices=Situation.choices)
    position = models.PositiveSmallIntegerField(pgettext_lazy("script", "Position"), default=1)
    day_part = models.CharField(_("Time of day"), max_length=10, choices=DayPart.choices, blank=True)
    phrase = models.ForeignKey(Phrase, on_delete=models.PROTECT, related_name="+", verbose_name=_("Phrase"))

    objects: ClassVar[Any] = ScriptLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("Line of a call script")
        verbose_name_plural = _("Lines of call scripts")
        constraints = [
            models.CheckConstraint(condition=Q(situation__in=Situation.values), name="script_situation_known"),
            models.CheckConstraint(condition=Q(day_part__in=["", *DayPart.values]), name="script_day_part_known"),
            models.UniqueConstraint(
                fields=["service_line", "situation", "phrase"], name="script_says_it_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.situation} {self.position}: {self.phrase}"
