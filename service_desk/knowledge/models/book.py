"""Entries of the phrasebook, their versions from draft to retired, and the releases that checks use (K4)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.knowledge.rules import Category, PhraseKind, PhraseState

#: What the product itself notes down, for people in their own language; a release keeps it as it was written.
_SHIPPED_NOTES = {
    "source documents": _("As the source documents say"),
    "ours": _("Proposed with the product: no source document says it"),
}


class Phrase(models.Model):
    """One entry under its code; what it says is in its versions."""

    code = models.CharField(_("Code"), max_length=20, unique=True)
    kind = models.CharField(_("Kind"), max_length=10, choices=PhraseKind.choices)

    class Meta:
        verbose_name = _("Phrase")
        verbose_name_plural = _("Phrases")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="phrase_has_a_code"),
            models.CheckConstraint(condition=Q(kind__in=PhraseKind.values), name="phrase_kind_known"),
        ]

    def __str__(self) -> str:
        return self.code


class PhraseVersionQuerySet(models.QuerySet["PhraseVersion"]):
    """Reads as questions."""

    def in_force(self) -> Self:
        """What is approved now."""
        return self.filter(state=PhraseState.APPROVED)

    def drafts(self) -> Self:
        """What waits for somebody's approval."""
        return self.filter(state=PhraseState.DRAFT)

    def whole(self) -> Self:
        """With what a line of a list shows."""
        return self.select_related("phrase", "author", "approver")


class PhraseVersion(models.Model):
    """What an entry says: drafted by one, approved by another, retired in the end; written once."""

    phrase = models.ForeignKey(Phrase, on_delete=models.PROTECT, related_name="versions")
    state = models.CharField(_("State"), max_length=10, choices=PhraseState.choices, default=PhraseState.DRAFT)
    text = models.CharField(_("Phrase"), max_length=80)
    category = models.CharField(_("Category"), max_length=20, choices=Category.choices, blank=True)
    situation = models.CharField(_("Situation"), max_length=200, blank=True)
    content: Any = models.JSONField(_("Content"))
    source = models.CharField(_("Source"), max_length=100, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    # By which an approved phrase is typed fast (quick insert); computed when the version is written.
    initials = models.CharField(max_length=80, blank=True, db_default="", editable=False)
    # Null where the house's own documents are the author, or approve: what they say needs nobody's word.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("Author")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("Approved by")
    )
    created_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = PhraseVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("Version of a phrase")
        verbose_name_plural = _("Versions of phrases")
        constraints = [
            models.CheckConstraint(
                condition=Q(author=None) | Q(approver=None) | ~Q(approver=F("author")),
                name="phrase_approver_is_not_author",
            ),
            models.CheckConstraint(
                condition=~Q(state=PhraseState.APPROVED) | Q(approver__isnull=False) | ~Q(source=""),
                name="phrase_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=PhraseState.DRAFT) | Q(approver=None, approved_at=None),
                name="phrase_draft_is_unapproved",
            ),
            models.CheckConstraint(condition=Q(state__in=PhraseState.values), name="phrase_state_known"),
            models.CheckConstraint(condition=~Q(text=""), name="phrase_is_not_empty"),
            models.UniqueConstraint(
                fields=["phrase"], condition=Q(state=PhraseState.APPROVED), name="phrase_one_version_in_force"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="phrase_by_state"),
            models.Index(fields=["phrase", "-id"], name="phrase_by_code"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="phrase_written_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(
                    pgtrigger.Q(old__content__df=pgtrigger.F("new__content"))
                    | pgtrigger.Q(old__text__df=pgtrigger.F("new__text"))
                    | pgtrigger.Q(old__category__df=pgtrigger.F("new__category"))
                    | pgtrigger.Q(old__phrase__df=pgtrigger.F("new__phrase"))
                    | pgtrigger.Q(old__source__df=pgtrigger.F("new__source"))
                    | pgtrigger.Q(old__author__df=pgtrigger.F("new__author"))
                ),
                func="RAISE EXCEPTION 'K4: what a version says is written once; make another' "
                "USING ERRCODE = 'check_violation', CONSTRAINT = 'phrase_written_once', "
                "TABLE = 'knowledge_phraseversion';",
            ),
            pgtrigger.Protect(name="phrase_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.phrase.code} {self.text}"

    @property
    def note_told(self) -> str:
        """The note as people read it."""
        return str(_SHIPPED_NOTES.get(self.note, self.note))

    @property
    def author_told(self) -> str:
        """Who wrote it, or which source document says it, or that it came with the product."""
        if self.author is not None:
            return str(self.author)
        return str(_("Source document %(number)s") % {"number": self.source} if self.source else _("With the product"))

    def snapshot(self) -> dict[str, Any]:
        """The entry as a release holds it; `version` says which version it was."""
        return {
            **self.content,
            "code": self.phrase.code,
            "kind": self.phrase.kind,
            "text": self.text,
            "version": self.pk,
        }


class BookReleaseQuerySet(models.QuerySet["BookRelease"]):
    """Reads as questions."""

    def newest(self) -> Self:
        """Newest first; the first one is in force."""
        return self.order_by("-number")


class BookRelease(models.Model):
    """An immutable, numbered snapshot of what was approved; the one with the highest number is in force."""

    number = models.PositiveIntegerField(_("Number"), primary_key=True)
    content: Any = models.JSONField()
    sha256 = models.CharField(max_length=64)
    entries = models.PositiveIntegerField(_("Entries"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    rolled_back_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    valid_from = models.DateTimeField(_("Since"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = BookReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("Release of the phrasebook")
        verbose_name_plural = _("Releases of the phrasebook")
        constraints = [models.CheckConstraint(condition=Q(number__gt=0), name="release_number_positive")]
        triggers = append_only("bookrelease")

    def __str__(self) -> str:
        return str(self.number)

    @property
    def note_told(self) -> str:
        """The note as people read it."""
        return str(_SHIPPED_NOTES.get(self.note, self.note))
