"""Who follows a case without holding it, and who was mentioned in a note of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import BigIntegerField, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.cases.models.case import Case
from service_desk.cases.models.history import CaseEvent

_STAFF = settings.AUTH_USER_MODEL


class WatchReason(models.TextChoices):
    """How somebody came to watch."""

    OWN = "own", _("of their own accord")
    MENTIONED = "mentioned", _("mentioned in a note")


class CaseWatch(models.Model):
    """Somebody is told of what happens to a case; it ends with a press, or with the right to see the case."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="watches")
    staff = models.ForeignKey(_STAFF, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="watches")
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    reason = models.CharField(_("Reason"), max_length=10, choices=WatchReason, default=WatchReason.OWN)

    class Meta:
        verbose_name = _("Watch")
        verbose_name_plural = _("Watches")
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "staff"], name="case_watched_once"),
            models.CheckConstraint(condition=Q(reason__in=WatchReason.values), name="case_watch_reason_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.staff}"


class Mention(models.Model):
    """A colleague named in a note with @: the reference behind the words, written once with the note."""

    event = models.ForeignKey(
        CaseEvent, verbose_name=_("Timeline entry"), on_delete=models.PROTECT, related_name="mentions"
    )
    staff = models.ForeignKey(_STAFF, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="mentions")
    words = models.CharField(_("As written"), max_length=82)

    class Meta:
        verbose_name = _("Mention")
        verbose_name_plural = _("Mentions")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["event", "staff"], name="mention_once")]
        triggers = append_only("mention")

    def __str__(self) -> str:
        return self.words


def who_may_see(case: Case, people: Iterable[Any]) -> set[int]:
    """Those of `people`, by number, who may know of `case`: by the question every list starts from, in one query."""
    asked = [
        Case.objects.visible_to(person)
        .filter(pk=case.pk)
        .order_by()
        .values_list(Value(person.pk, output_field=BigIntegerField()), flat=True)
        for person in people
        if person.is_active
    ]
    if not asked:
        return set()
    return set(asked[0].union(*asked[1:], all=True)) if len(asked) > 1 else set(asked[0])
