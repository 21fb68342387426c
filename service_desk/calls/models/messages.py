"""Messages for somebody who was absent when the caller asked for them (C14)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.rules import MessageState
from service_desk.customers.models import Customer
from service_desk.people.models import Absence
from service_desk.people.names import mask_number
from service_desk.people.rules import LEADING_ROLES, Role
from service_desk.telephony.models import Call

_STAFF = settings.AUTH_USER_MODEL
_ANSWERING = ["relayed_to", "acknowledged_at", "acknowledged_by", "done_at", "done_by", "outcome"]


class CallMessageQuerySet(models.QuerySet["CallMessage"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """Whom it is for, who stands in for them, who took it; and those who lead or audit the desk."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role(*LEADING_ROLES, Role.AUDITOR):
            return self
        return self.filter(Q(taken_by=user) | self._concerning(user))

    def for_me(self, user: Any) -> Self:
        """Those that somebody must answer: their own, and those of whom they stand in for now."""
        return self.filter(self._concerning(user))

    def relayed_by(self, user: Any) -> Self:
        """Those that somebody took."""
        return self.filter(taken_by=user)

    def open(self) -> Self:
        """Not answered yet."""
        return self.filter(done_at=None)

    @staticmethod
    def _concerning(user: Any) -> Q:
        absent = Absence.objects.filter(deputy=user, starts_at__lte=Now(), ends_at__gt=Now()).values("staff")
        return Q(for_whom=user) | Q(relayed_to=user) | Q(for_whom__in=absent)


class CallMessage(models.Model):
    """What a caller left for somebody: recorded, relayed, acknowledged; with a time it is a promise (C11, C14).

    What was taken down does not change (a trigger holds that); only its answer is added.
    """

    call = models.ForeignKey(
        Call, verbose_name=_("Call"), null=True, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    for_whom = models.ForeignKey(
        _STAFF,
        verbose_name=pgettext_lazy("message", "For"),
        on_delete=models.PROTECT,
        related_name="messages",
        db_index=False,
    )
    relayed_to = models.ForeignKey(
        _STAFF, verbose_name=_("Relayed to"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    from_name = models.CharField(pgettext_lazy("message", "From"), max_length=80)
    from_number = models.CharField(pgettext_lazy("telephone", "Number"), max_length=40, blank=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    matter = models.TextField(_("Matter"), max_length=2000)
    call_back_by = models.DateTimeField(_("Call back by"), null=True)
    taken_by = models.ForeignKey(
        _STAFF, verbose_name=_("Taken by"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    taken_at = models.DateTimeField(pgettext_lazy("message", "Taken"), db_default=Now(), editable=False)
    acknowledged_at = models.DateTimeField(_("Acknowledged"), null=True, editable=False)
    acknowledged_by = models.ForeignKey(
        _STAFF, verbose_name=_("Acknowledged by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    done_at = models.DateTimeField(pgettext_lazy("message", "Called back"), null=True, editable=False)
    done_by = models.ForeignKey(
        _STAFF, verbose_name=_("Called back by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.TextField(_("What was said"), blank=True, max_length=2000)

    objects: ClassVar[Any] = CallMessageQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("call", "Message for a colleague")
        verbose_name_plural = _("Messages for colleagues")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["for_whom", "-id"], name="message_for"),
            models.Index(fields=["taken_by", "-id"], name="message_taken_by"),
            models.Index(fields=["call"], name="message_of_call", condition=Q(call__isnull=False)),
            models.Index(fields=["-id"], name="message_open", condition=Q(done_at=None)),
            models.Index(fields=["customer", "-id"], name="message_of_customer", condition=Q(customer__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(from_name="") & ~Q(matter=""), name="message_is_whole"),
            models.CheckConstraint(
                condition=Q(call_back_by=None) | Q(call_back_by__gt=F("taken_at")), name="message_call_back_is_ahead"
            ),
            models.CheckConstraint(
                condition=Q(call_back_by=None) | ~Q(from_number=""), name="message_call_back_has_number"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="message_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, done_by=None, outcome="")
                | (Q(done_at__isnull=False, done_by__isnull=False, acknowledged_at__isnull=False) & ~Q(outcome="")),
                name="message_done_in_words",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="message_is_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="message_stays_as_taken",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=_ANSWERING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_name} → {self.for_whom}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return f"/calls/messages/{self.pk}/"

    @property
    def state(self) -> MessageState:
        """How far it is."""
        if self.done_at is not None:
            return MessageState.DONE
        return MessageState.ACKNOWLEDGED if self.acknowledged_at is not None else MessageState.RELAYED

    @property
    def masked_number(self) -> str:
        """The caller's number as it is shown (P6)."""
        return mask_number(self.from_number) if self.from_number else ""
