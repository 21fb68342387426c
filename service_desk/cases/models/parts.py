"""What goes on beside the main way of a case: hand-overs (C5), promises (C11), consultations (C2)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models.by_time import by_time
from service_desk.cases.models.case import Case
from service_desk.cases.rules import HandOverState, PromiseState

_STAFF = settings.AUTH_USER_MODEL


class HandOver(models.Model):
    """The offer to take a case over, with what the receiver must know so that nobody asks the customer again.

    Customer and matter are the case's own; the giver holds it until the receiver accepts. A trigger lets the handler
    of a case change in no other way.
    """

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="hand_overs")
    giver = models.ForeignKey(_STAFF, verbose_name=_("Giver"), on_delete=models.PROTECT, related_name="+")
    receiver = models.ForeignKey(
        _STAFF, verbose_name=_("Receiver"), on_delete=models.PROTECT, related_name="offered_cases"
    )
    proposed_by = models.ForeignKey(_STAFF, verbose_name=_("Proposed by"), on_delete=models.PROTECT, related_name="+")
    done = models.TextField(_("What was done"), max_length=4000)
    remaining = models.TextField(_("What remains"), max_length=4000)
    promised = models.TextField(_("What was promised"), max_length=4000)
    state = models.CharField(_("State"), max_length=10, choices=HandOverState, default=HandOverState.PROPOSED)
    proposed_at = models.DateTimeField(_("Proposed"), db_default=Now(), editable=False)
    decided_at = models.DateTimeField(_("Decided"), null=True, editable=False)
    decline_reason = models.TextField(_("Reason"), blank=True, max_length=2000)
    not_mine = models.BooleanField(_("Declined as not mine"), default=False)

    class Meta:
        verbose_name = _("Hand-over")
        verbose_name_plural = _("Hand-overs")
        ordering = ["-proposed_at"]
        indexes = [
            models.Index(fields=["receiver", "proposed_at"], name="hand_over_inbox", condition=Q(state="proposed")),
            by_time("proposed_at", name="hand_over_proposed_at"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="proposed"), name="hand_over_one_at_a_time"),
            models.CheckConstraint(condition=~Q(giver=F("receiver")), name="hand_over_to_somebody_else"),
            models.CheckConstraint(condition=Q(state__in=HandOverState.values), name="hand_over_state_is_known"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None) | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="hand_over_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decline_reason=""), name="hand_over_declined_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(done="") & ~Q(remaining="") & ~Q(promised=""), name="hand_over_says_everything"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.giver} → {self.receiver} ({self.state})"


class Promise(models.Model):
    """Something promised to the customer, with the time until which; its clock is never paused (C11, D3)."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="promises")
    text = models.CharField(_("What was promised"), max_length=500)
    by = models.ForeignKey(_STAFF, verbose_name=_("Promised by"), on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Promised"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("Until"))
    state = models.CharField(_("State"), max_length=10, choices=PromiseState, default=PromiseState.OPEN)
    settled_at = models.DateTimeField(_("Settled"), null=True, editable=False)
    settled_with = models.TextField(_("What was done or said"), blank=True, max_length=2000)
    broken_at = models.DateTimeField(_("Broken"), null=True, editable=False)
    follows = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followed_by", editable=False)

    class Meta:
        verbose_name = _("Promise")
        verbose_name_plural = _("Promises")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["case", "due_at"], name="promise_open", condition=Q(settled_at=None)),
            by_time("broken_at", name="promise_broken_at"),
            by_time("settled_at", name="promise_settled_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("made_at")), name="promise_due_after_made"),
            models.CheckConstraint(condition=~Q(text=""), name="promise_has_text"),
            models.CheckConstraint(condition=Q(state__in=PromiseState.values), name="promise_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["kept", "moved"]) | Q(broken_at=None, settled_at__isnull=False),
                name="promise_kept_in_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="broken") | Q(broken_at__isnull=False), name="promise_broken_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text[:40]} ({self.state})"


class Consultation(models.Model):
    """A question to an expert of the product centre before the grading, and the answer, with their times (C2)."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="consultations")
    asked_by = models.ForeignKey(_STAFF, verbose_name=_("Asked by"), on_delete=models.PROTECT, related_name="+")
    expert = models.ForeignKey(_STAFF, verbose_name=_("Expert"), on_delete=models.PROTECT, related_name="consulted")
    question = models.TextField(_("Question"), max_length=4000)
    asked_at = models.DateTimeField(_("Asked"), db_default=Now(), editable=False)
    answer = models.TextField(_("Answer"), blank=True, max_length=4000)
    answered_at = models.DateTimeField(_("Answered"), null=True, editable=False)

    class Meta:
        verbose_name = _("Consultation")
        verbose_name_plural = _("Consultations")
        ordering = ["asked_at"]
        indexes = [
            models.Index(fields=["expert", "asked_at"], name="consultation_inbox", condition=Q(answered_at=None))
        ]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(answered_at=None), name="consultation_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="consultation_answered_in_words",
            ),
            models.CheckConstraint(condition=~Q(asked_by=F("expert")), name="consultation_of_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.asked_by} → {self.expert}"
