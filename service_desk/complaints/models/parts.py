"""What belongs to a complaint: five clears, instances, corrective actions; and suggestions (P2, P5, P10, P11)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.cases.models import Case
from service_desk.cases.rules import Channel
from service_desk.complaints.models.complaint import Complaint
from service_desk.complaints.rules import EscalatedWhy, Finding, FiveClear, InstanceKind
from service_desk.people.models import Unit

_STAFF = settings.AUTH_USER_MODEL


class Clear(models.Model):
    """One entry of the working sheet: which of the five, what was done, when, by whom; several of one are allowed."""

    complaint = models.ForeignKey(
        Complaint, verbose_name=_("Complaint"), on_delete=models.PROTECT, related_name="clears"
    )
    clear = models.CharField(_("Which"), max_length=8, choices=FiveClear)
    text = models.TextField(_("What was done"), max_length=4000)
    at = models.DateTimeField(_("When"))
    written_at = models.DateTimeField(_("Written"), db_default=Now(), editable=False)
    by = models.ForeignKey(_STAFF, verbose_name=_("Who"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Entry of the five clears")
        verbose_name_plural = _("Five clears")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(clear__in=FiveClear.values), name="clear_is_one_of_five"),
            models.CheckConstraint(condition=~Q(text=""), name="clear_says_what"),
        ]
        triggers = append_only("clear")

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.clear}"


class Instance(models.Model):
    """One step of the ladder: whose it is, what it decided; once decided or passed on it stands for ever (P5)."""

    complaint = models.ForeignKey(
        Complaint, verbose_name=_("Complaint"), on_delete=models.PROTECT, related_name="instances"
    )
    kind = models.CharField(_("Instance"), max_length=10, choices=InstanceKind)
    owner = models.ForeignKey(_STAFF, verbose_name=_("Decides"), on_delete=models.PROTECT, related_name="+")
    why = models.CharField(_("Because"), max_length=12, choices=EscalatedWhy)
    reason = models.TextField(_("Reason"), blank=True, max_length=2000)
    opened_by = models.ForeignKey(
        _STAFF, verbose_name=_("Opened by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("Opened"), db_default=Now(), editable=False)
    finding = models.CharField(_("Finding"), max_length=13, choices=Finding, blank=True)
    reasons = models.TextField(_("Reasons of the decision"), blank=True, max_length=4000)
    remedy = models.TextField(_("Remedy"), blank=True, max_length=4000)
    reply = models.TextField(_("Reply sent"), blank=True, max_length=4000)
    reply_channel = models.CharField(_("Replied by"), max_length=10, choices=Channel, blank=True)
    decided_by = models.ForeignKey(
        _STAFF, verbose_name=_("Decided by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("Decided"), null=True, editable=False)
    passed_on_at = models.DateTimeField(_("Passed on"), null=True, editable=False)

    class Meta:
        verbose_name = _("Instance")
        verbose_name_plural = _("Instances")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "kind"], name="instance_once"),
            models.UniqueConstraint(
                fields=["complaint"], condition=Q(decided_at=None, passed_on_at=None), name="instance_one_open"
            ),
            models.CheckConstraint(condition=Q(kind__in=InstanceKind.values), name="instance_kind_is_known"),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, finding="")
                | (
                    Q(decided_at__isnull=False, decided_by=F("owner"), finding__in=Finding.values, passed_on_at=None)
                    & ~Q(reasons="")
                    & ~Q(remedy="")
                    & ~Q(reply="")
                    & ~Q(reply_channel="")
                ),
                name="instance_decision_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        """Whether a decision is still to come."""
        return self.decided_at is None and self.passed_on_at is None


class CorrectiveAction(models.Model):
    """What is changed so that it does not happen again: whose, until when, and that it was done (P10)."""

    complaint = models.ForeignKey(
        Complaint, verbose_name=_("Complaint"), on_delete=models.PROTECT, related_name="corrective_actions"
    )
    text = models.TextField(_("What is to be done"), max_length=2000)
    owner = models.ForeignKey(
        _STAFF, verbose_name=pgettext_lazy("corrective action", "Owner"), on_delete=models.PROTECT, related_name="+"
    )
    due_at = models.DateTimeField(_("Until"))
    made_by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("When"), db_default=Now(), editable=False)
    done_at = models.DateTimeField(_("Done"), null=True, editable=False)
    done_by = models.ForeignKey(
        _STAFF, verbose_name=_("Done by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    done_text = models.TextField(_("What was done"), blank=True, max_length=2000)

    class Meta:
        verbose_name = _("Corrective action")
        verbose_name_plural = _("Corrective actions")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="corrective_says_what"),
            models.CheckConstraint(condition=Q(due_at__gt=F("made_at")), name="corrective_due_after_made"),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None, done_text="")
                | (Q(done_at__isnull=False, done_by__isnull=False) & ~Q(done_text="")),
                name="corrective_done_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}: {self.owner}"


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """To those who know its case, and to who leads the unit that it was sent to: the text names no complainant."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        led = Q(unit__section_chief=user) | Q(unit__department_head=user)
        return self.filter(Q(case__in=Case.objects.visible_to(user)) | led)


class Suggestion(models.Model):
    """A customer's suggestion: sent to the unit concerned, answered by it, the answer returned to the customer (P11).

    It comes from a complaint or a CALL ticket; that the answer is returned is a promise of that case (C11).
    """

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="suggestions")
    text = models.TextField(_("Suggestion"), max_length=2000)
    unit = models.ForeignKey(Unit, verbose_name=_("Sent to"), on_delete=models.PROTECT, related_name="+")
    promise = models.OneToOneField(
        "cases.Promise", verbose_name=_("Promise"), on_delete=models.PROTECT, related_name="suggestion"
    )
    by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("When"), db_default=Now(), editable=False)
    answer = models.TextField(_("Answer"), blank=True, max_length=4000)
    answered_by = models.ForeignKey(
        _STAFF, verbose_name=_("Answered by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("Answered"), null=True, editable=False)
    returned_at = models.DateTimeField(_("Answer returned"), null=True, editable=False)
    returned_by = models.ForeignKey(
        _STAFF, verbose_name=_("Returned by"), null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("customer's", "Suggestion")
        verbose_name_plural = pgettext_lazy("customer's", "Suggestions")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="suggestion_says_what"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="suggestion_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None, returned_by=None)
                | Q(returned_at__isnull=False, returned_by__isnull=False, answered_at__isnull=False),
                name="suggestion_returned_after_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.unit}"
