"""As what an answered call was registered; at most one settlement of a call stands, none is ever lost (C3, T7)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.models.messages import CallMessage
from service_desk.calls.rules import Exemption, SettledAs
from service_desk.cases.models import Case
from service_desk.telephony.models import Call

_STAFF = settings.AUTH_USER_MODEL
_UNDOING = ["undone_at", "undone_by", "undone_why"]


class CallSettlementQuerySet(models.QuerySet["CallSettlement"]):
    """Reads as questions."""

    def standing(self) -> Self:
        """Those that nobody has undone."""
        return self.filter(undone_at=None)


class CallSettlement(models.Model):
    """What a call was registered as. `counts_at` is when it counts as registered: a case made in time counts from then,
    however late it was linked. Undoing closes the row with a reason; the next settlement is a row of its own."""

    call = models.ForeignKey(
        Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="settlements", db_index=False
    )
    settled_as = models.CharField(_("Registered as"), max_length=10, choices=SettledAs)
    case = models.ForeignKey(
        Case,
        verbose_name=_("Case"),
        null=True,
        on_delete=models.PROTECT,
        related_name="call_settlements",
        db_index=False,
    )
    message = models.ForeignKey(
        CallMessage,
        verbose_name=pgettext_lazy("call", "Message for a colleague"),
        null=True,
        on_delete=models.PROTECT,
        related_name="settlements",
    )
    reason = models.CharField(_("Reason"), max_length=20, choices=Exemption, blank=True)
    words = models.CharField(_("Explanation"), max_length=500, blank=True)
    carried_from = models.ForeignKey(
        "self", verbose_name=_("By the call it was passed on to"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(_("Registered"), db_default=Now(), editable=False)
    counts_at = models.DateTimeField(_("Counts from"), editable=False)
    undone_at = models.DateTimeField(_("Undone"), null=True, editable=False)
    undone_by = models.ForeignKey(
        _STAFF, verbose_name=_("Undone by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_why = models.CharField(_("Why it was undone"), max_length=500, blank=True)

    objects: ClassVar[Any] = CallSettlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("Registration of a call")
        verbose_name_plural = _("Registrations of calls")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["call", "id"], name="settlement_of_call"),
            models.Index(fields=["case", "-id"], name="settlement_of_case", condition=Q(case__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["call"], condition=Q(undone_at=None), name="call_settled_once"),
            models.CheckConstraint(
                condition=Q(settled_as="case", case__isnull=False, message=None, reason="")
                | Q(settled_as="message", message__isnull=False, case=None, reason="")
                | Q(settled_as="exception", reason="follow_up", case__isnull=False, message=None)
                | (
                    Q(settled_as="exception", reason__in=Exemption.values, case=None, message=None)
                    & ~Q(reason="follow_up")
                ),
                name="settlement_says_as_what",
            ),
            models.CheckConstraint(condition=~Q(reason="other") | ~Q(words=""), name="settlement_other_is_explained"),
            models.CheckConstraint(condition=Q(counts_at__lte=F("settled_at")), name="settlement_counts_before_it_is"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undone_why="")
                | (Q(undone_at__isnull=False) & ~Q(undone_why="")),
                name="settlement_undone_with_reason",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="settlement_is_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="settlement_only_undone",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=_UNDOING),
            ),
            pgtrigger.Protect(
                name="settlement_undone_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__undone_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.get_settled_as_display()}"
