"""The clocks of this room: the 24 hours of an answered call (C3), and the time of a promised call back (C11, C14)."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.models.messages import CallMessage
from service_desk.deadlines.hours import Pause
from service_desk.deadlines.models import ClockEvent, Deadline
from service_desk.deadlines.models.clocks import DeadlineQuerySet
from service_desk.deadlines.rules import ClockKind, ClockState
from service_desk.people.models import Unit
from service_desk.telephony.models import Call

_STAFF = settings.AUTH_USER_MODEL


class CallDeadlineQuerySet(DeadlineQuerySet):
    """Reads as questions."""

    def standing(self) -> Self:
        """Those that no later word has taken back."""
        return self.exclude(state=ClockState.CANCELLED)

    def to_register(self) -> Self:
        """Calls still to be registered: the next due first."""
        return self.open().filter(kind=ClockKind.REGISTRATION).order_by("due_at", "id")

    def of(self, staff: Any) -> Self:
        """Those of the calls that somebody answered or claimed."""
        return self.filter(Q(call__claimed_by=staff) | Q(call__agent=staff, call__claimed_by=None))


class CallDeadline(Deadline):
    """A clock of a call, or of a message. What turns out otherwise later is cancelled, and a new cycle stands.

    `owner`, `chief` and `unit` are written when it is breached: whose call it was and the organisation as it was then.
    """

    call = models.ForeignKey(
        Call, verbose_name=_("Call"), null=True, on_delete=models.PROTECT, related_name="deadlines", db_index=False
    )
    message = models.ForeignKey(
        CallMessage,
        verbose_name=pgettext_lazy("call", "Message for a colleague"),
        null=True,
        on_delete=models.PROTECT,
        related_name="deadlines",
        db_index=False,
    )
    heard_late = models.BooleanField(_("Runs from when the desk heard of the call"), default=False)
    owner = models.ForeignKey(
        _STAFF, verbose_name=_("Person"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    chief = models.ForeignKey(
        _STAFF, verbose_name=_("Section chief"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    unit = models.ForeignKey(
        Unit, verbose_name=_("Unit"), null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects: ClassVar[Any] = CallDeadlineQuerySet.as_manager()

    class Meta(Deadline.Meta):
        abstract = False
        verbose_name = _("Clock of a call")
        verbose_name_plural = _("Clocks of calls")
        indexes = [
            *Deadline.Meta.indexes,
            models.Index(
                fields=["breached_at", "id"], name="call_clock_breached", condition=Q(breached_at__isnull=False)
            ),
        ]
        constraints = [
            *Deadline.Meta.constraints,
            models.UniqueConstraint(fields=["call", "kind", "cycle"], name="call_clock_once_per_cycle"),
            models.UniqueConstraint(fields=["message", "kind", "cycle"], name="message_clock_once_per_cycle"),
            models.UniqueConstraint(
                fields=["call", "kind"], condition=~Q(state=ClockState.CANCELLED), name="call_clock_stands_once"
            ),
            models.UniqueConstraint(
                fields=["message", "kind"], condition=~Q(state=ClockState.CANCELLED), name="message_clock_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(call__isnull=False, message=None, kind=ClockKind.REGISTRATION)
                | Q(call=None, message__isnull=False, kind=ClockKind.PROMISE),
                name="call_clock_has_one_subject",
            ),
            models.CheckConstraint(
                condition=~Q(state=ClockState.PAUSED), name="call_clock_never_pauses"
            ),
        ]  # fmt: skip

    def pauses(self) -> list[Pause]:
        """Nothing holds the registration clock, nor a promise (D3)."""
        return []


class CallClockEvent(ClockEvent):
    """What happened to a clock of a call."""

    deadline = models.ForeignKey(
        CallDeadline, verbose_name=_("Clock"), on_delete=models.PROTECT, related_name="history"
    )

    class Meta(ClockEvent.Meta):
        abstract = False
        verbose_name = _("Clock event of a call")
        verbose_name_plural = _("Clock events of calls")
