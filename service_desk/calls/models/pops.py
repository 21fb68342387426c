"""A call on somebody's screen: once per call and person, withdrawn when a colleague has it or the caller gave up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.models.settling import CallSettlement
from service_desk.people.models import Staff
from service_desk.telephony.models import Call

#: A call whose end was lost does not ring on a screen for ever.
RINGS_AT_MOST = timedelta(minutes=5)
#: After its end a call stands on the screen so long; then it stands among those still to register.
STAYS = timedelta(minutes=30)


class Withdrawn(models.TextChoices):
    """Why a call left a screen without its person having done anything."""

    ELSEWHERE = "elsewhere", pgettext_lazy("call on a screen", "a colleague has answered")
    GONE = "gone", pgettext_lazy("call on a screen", "the caller gave up")


class CallPopQuerySet(models.QuerySet["CallPop"]):
    """Reads as questions."""

    def showing(self, staff: Staff) -> Self:
        """What stands on this person's screen now: what rings, who is on the line, what is over and not registered."""
        rings = Q(call__answered_at=None, call__ended_at=None, shown_at__gt=Now() - RINGS_AT_MOST)
        talks = Q(call__answered_at__isnull=False, call__ended_at=None)
        settled = Exists(CallSettlement.objects.standing().filter(call=OuterRef("call")))
        over = Q(call__ended_at__gt=Now() - STAYS, call__answered_at__isnull=False) & ~Q(settled)
        return self.filter(withdrawn_at=None, put_aside_at=None, staff=staff).filter(rings | talks | over)


class CallPop(models.Model):
    """The screen that opened, and the register form that belongs to it: one token, so one draft per call and person."""

    call = models.ForeignKey(Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="pops")
    staff = models.ForeignKey(
        Staff, verbose_name=_("Member of staff"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    token = models.UUIDField(default=uuid4, unique=True, editable=False)
    rang = models.BooleanField(_("Rang here"), default=False)
    shown_at = models.DateTimeField(_("Shown"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    withdrawn_because = models.CharField(_("Because"), max_length=10, choices=Withdrawn, blank=True, default="")
    put_aside_at = models.DateTimeField(_("Put aside"), null=True, blank=True)

    objects: ClassVar[Any] = CallPopQuerySet.as_manager()

    class Meta:
        verbose_name = _("Call on a screen")
        verbose_name_plural = _("Calls on screens")
        indexes = [
            models.Index(
                fields=["staff", "-id"], name="pop_showing", condition=Q(withdrawn_at=None, put_aside_at=None)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["call", "staff"], name="pop_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_because="")
                | Q(withdrawn_at__isnull=False, withdrawn_because__in=Withdrawn.values),
                name="pop_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id} → {self.staff_id}"
