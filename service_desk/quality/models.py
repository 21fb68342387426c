"""Violations and the ledger. What a closed month says cannot be changed, only corrected by a further entry (Q2)."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.people.models import Unit
from service_desk.people.rules import LEADING_ROLES, Role
from service_desk.quality.rules import EntryKind, Offence, Share, ViolationState

_STAFF = settings.AUTH_USER_MODEL
#: Who reads every violation and the whole ledger.
WATCHERS = LEADING_ROLES | {Role.QUALITY_INSPECTOR, Role.AUDITOR}


class ViolationQuerySet(models.QuerySet["Violation"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """Those who watch over quality see all of them, everybody else what concerns them."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.has_role(*WATCHERS) else self.filter(Q(person=user) | Q(chief=user))

    def suspected(self) -> Self:
        """Not decided yet."""
        return self.filter(state=ViolationState.SUSPECTED)


class Violation(models.Model):
    """A level-1 violation: suspected when found, verified or dismissed by a supervisor, objected to at most once (C4).

    `chief` is the section chief of the person as the organisation was when it was found; who is concerned never
    decides. `source` names the fact it came from, such as 'call:17', so that a sweep that finds it again adds nothing.
    """

    offence = models.CharField(_("Violation"), max_length=32, choices=Offence)
    source = models.CharField(_("Found in"), max_length=80)
    person = models.ForeignKey(_STAFF, verbose_name=_("Person"), on_delete=models.PROTECT, related_name="violations")
    chief = models.ForeignKey(
        _STAFF, verbose_name=_("Section chief"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("Unit"), null=True, on_delete=models.PROTECT, related_name="+")
    happened_at = models.DateTimeField(_("Happened"))
    found_at = models.DateTimeField(_("Found"), db_default=Now(), editable=False)
    found_by = models.ForeignKey(
        _STAFF, verbose_name=_("Reported by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    detail = models.TextField(_("What was found"), blank=True, max_length=2000)

    state = models.CharField(_("State"), max_length=10, choices=ViolationState, default=ViolationState.SUSPECTED)
    decided_by = models.ForeignKey(
        _STAFF, verbose_name=_("Decided by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("Decided"), null=True, editable=False)
    decision = models.TextField(_("Reason"), blank=True, max_length=2000)

    objection = models.TextField(_("Objection"), blank=True, max_length=2000)
    objected_at = models.DateTimeField(_("Objected"), null=True, editable=False)
    answered_by = models.ForeignKey(
        _STAFF, verbose_name=_("Answered by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("Answered"), null=True, editable=False)
    answer = models.TextField(_("Answer"), blank=True, max_length=2000)
    upheld = models.BooleanField(_("Objection upheld"), null=True)

    objects = ViolationQuerySet.as_manager()

    class Meta:
        verbose_name = _("Violation")
        verbose_name_plural = _("Violations")
        ordering = ["-found_at", "-id"]
        indexes = [
            models.Index(fields=["-found_at", "-id"], name="violation_newest"),
            models.Index(fields=["state", "-found_at", "-id"], name="violation_state_newest"),
            models.Index(fields=["person", "-found_at", "-id"], name="violation_person_newest"),
            models.Index(fields=["chief", "-found_at", "-id"], name="violation_chief_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["offence", "source", "person"], name="violation_found_once"),
            models.CheckConstraint(condition=Q(state__in=ViolationState.values), name="violation_state_is_known"),
            models.CheckConstraint(condition=Q(offence__in=Offence.values), name="violation_offence_is_known"),
            models.CheckConstraint(
                condition=Q(state="suspected", decided_at=None)
                | (~Q(state="suspected") & Q(decided_at__isnull=False) & ~Q(decision="")),
                name="violation_decided_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["verified", "dismissed"]) | Q(decided_by__isnull=False),
                name="violation_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("person")) & ~Q(answered_by=F("person")), name="violation_not_by_the_person"
            ),
            models.CheckConstraint(
                condition=Q(chief=None) | (~Q(decided_by=F("chief")) & ~Q(answered_by=F("chief"))),
                name="violation_not_by_the_chief",
            ),
            models.CheckConstraint(
                condition=Q(objection="", objected_at=None) | (~Q(objection="") & Q(objected_at__isnull=False)),
                name="violation_objection_has_time",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answer="", upheld=None)
                | (Q(answered_at__isnull=False, upheld__isnull=False, objected_at__isnull=False) & ~Q(answer="")),
                name="violation_answer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_offence_display()}: {self.person}"

    def get_absolute_url(self) -> str:
        """Where it is shown."""
        return f"/quality/violations/{self.pk}/"


class LedgerEntry(models.Model):
    """One line of the ledger of violations, praise, points and fines; lines are never changed (Q2).

    Points and yuan are taken off when they are negative. Migration 0001's triggers refuse a line in a closed month.
    """

    staff = models.ForeignKey(_STAFF, verbose_name=_("Person"), on_delete=models.PROTECT, related_name="ledger")
    unit = models.ForeignKey(Unit, verbose_name=_("Unit"), null=True, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(_("Month"))
    kind = models.CharField(_("Kind"), max_length=10, choices=EntryKind)
    share = models.CharField(_("Share"), max_length=8, choices=Share, blank=True)
    points = models.SmallIntegerField(_("Points"), default=0)
    yuan = models.IntegerField(_("Yuan"), default=0)
    violation = models.ForeignKey(Violation, null=True, on_delete=models.PROTECT, related_name="entries")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    text = models.TextField(_("Reason"), max_length=2000)
    by = models.ForeignKey(_STAFF, verbose_name=_("Entered by"), on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("Entered"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Ledger entry")
        verbose_name_plural = _("Ledger")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["month", "staff"], name="ledger_month_staff")]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="ledger_month_is_first_day"),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="ledger_kind_is_known"),
            models.CheckConstraint(condition=~Q(text=""), name="ledger_says_why"),
            models.CheckConstraint(condition=~Q(by=F("staff")), name="ledger_by_somebody_else"),
            models.UniqueConstraint(
                fields=["violation", "share"], condition=Q(kind="violation"), name="ledger_violation_once_per_share"
            ),
            models.UniqueConstraint(fields=["corrects"], name="ledger_corrected_once"),
            models.CheckConstraint(
                condition=Q(kind="correction", corrects__isnull=False) | (~Q(kind="correction") & Q(corrects=None)),
                name="ledger_correction_names_its_entry",
            ),
        ]
        triggers = append_only("ledger")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.staff}: {self.points} / {self.yuan}"


class ClosedMonth(models.Model):
    """A month whose ledger is final."""

    month = models.DateField(_("Month"), primary_key=True)
    closed_at = models.DateTimeField(pgettext_lazy("when", "Closed"), db_default=Now(), editable=False)
    closed_by = models.ForeignKey(_STAFF, verbose_name=_("Closed by"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Closed month")
        verbose_name_plural = _("Closed months")
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="closed_month_is_first_day")]
        triggers = append_only("closed_month")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
