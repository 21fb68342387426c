"""Notices as rows: what the screen shows, and the outbox of everything that leaves the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.notices.rules import (
    FAILED_STATES,
    OPEN_STATES,
    STUCK_SECONDS,
    AckVia,
    ChannelKind,
    DeliveryState,
    Level,
)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads as questions."""

    def of(self, staff: Any) -> NoticeQuerySet:
        """What somebody was told."""
        return self.filter(recipient_id=staff.pk)

    def about_thing(self, about: str) -> NoticeQuerySet:
        """Everything told about one thing ('case:123'), oldest first, with its deliveries."""
        return (
            self.filter(about=about)
            .select_related("recipient", "instead_of", "acked_by")
            .prefetch_related("deliveries")
            .order_by("id")
        )

    def unread(self) -> NoticeQuerySet:
        """Neither read nor acknowledged nor taken back."""
        return self.filter(read_at=None, acked_at=None, stopped_at=None)

    def waiting(self) -> NoticeQuerySet:
        """Still to be acknowledged."""
        return self.filter(needs_ack=True, acked_at=None, stopped_at=None)

    def waiting_by_chain(self, thing: str) -> Any:
        """Still to be acknowledged, of the chains that begin with this thing; `which` is the number that follows."""
        number = models.Func(F("chain"), models.Value(":"), models.Value(2), function="split_part")
        of_it = Q(chain__startswith=f"{thing}:")
        which = models.Case(models.When(of_it, then=Cast(number, models.BigIntegerField())))
        return self.waiting().filter(of_it).annotate(which=which)

    def to_nobody(self) -> NoticeQuerySet:
        """Those for whom nobody could be found: shown red."""
        return self.filter(recipient=None)


class Notice(models.Model):
    """One message to one person; the row itself is the notice on the screen, so there it comes exactly once.

    The number is the event number of the live stream. `chain` is `dedup_key` without the repeat's number: one
    acknowledgement answers the whole chain. Of a chain only the newest row carries `next_repeat_at`.
    """

    key = models.UUIDField(_("Key"), db_default=RandomUUID(), unique=True, editable=False)
    dedup_key = models.TextField(editable=False)  # unique by a constraint below
    chain = models.TextField(editable=False)
    kind = models.TextField(_("Kind"))
    level = models.TextField(_("Level"), choices=Level)
    recipient = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Recipient"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="notices",
        db_index=False,
    )
    slot = models.TextField(_("Told as"), blank=True)
    instead_of = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Stood in for"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    fallback = models.BooleanField(_("Nobody held the role"), db_default=False)
    private = models.BooleanField(_("Only to the person"), db_default=False)
    facts: Any = models.JSONField(
        _("Facts"), db_default=models.Value({}, models.JSONField()), encoder=DjangoJSONEncoder
    )
    about = models.TextField(_("About"), blank=True)
    link = models.TextField(_("Page"), blank=True)
    created_at = models.DateTimeField(_("Written"), db_default=Now(), editable=False)
    late_by_seconds = models.IntegerField(_("System was late by (seconds)"), null=True, blank=True)
    needs_ack = models.BooleanField(_("To be acknowledged"), db_default=False)
    repeat_seconds = models.IntegerField(_("Repeated every (seconds)"), null=True, blank=True)
    repeat_no = models.IntegerField(_("Repeat"), db_default=0)
    next_repeat_at = models.DateTimeField(_("Next repeat"), null=True, blank=True)
    acked_at = models.DateTimeField(_("Acknowledged"), null=True, blank=True)
    acked_by = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Acknowledged by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    acked_via = models.TextField(_("Acknowledged by way of"), choices=AckVia, blank=True, db_default="")
    stopped_at = models.DateTimeField(_("Stopped"), null=True, blank=True)
    read_at = models.DateTimeField(_("Read"), null=True, blank=True)

    objects: ClassVar[Any] = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("Notice")
        verbose_name_plural = _("Notices")
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notice_by_recipient"),
            models.Index(
                fields=["recipient", "-id"],
                name="notice_unread",
                condition=Q(read_at=None, acked_at=None, stopped_at=None),
            ),
            models.Index(fields=["about", "id"], name="notice_by_thing"),
            models.Index(fields=["chain"], name="notice_by_chain"),
            models.Index(
                fields=["chain"],
                name="notice_waiting",
                condition=Q(needs_ack=True, acked_at=None, stopped_at=None),
            ),
            models.Index(
                fields=["next_repeat_at", "id"],
                name="notice_to_repeat",
                condition=Q(acked_at=None, stopped_at=None, next_repeat_at__isnull=False),
            ),
        ]
        constraints = [
            # unique=True would cost a second index for LIKE on each of the two hot tables.
            models.UniqueConstraint(fields=["dedup_key"], name="notice_once"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="notice_level_is_known"),
            models.CheckConstraint(condition=Q(acked_via__in=["", *AckVia.values]), name="notice_ack_way_is_known"),
            models.CheckConstraint(
                condition=Q(acked_at=None, acked_by=None, acked_via="")
                | (Q(acked_at__isnull=False, acked_by__isnull=False) & ~Q(acked_via="")),
                name="notice_ack_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(repeat_seconds=None) | Q(repeat_seconds__gt=0), name="notice_repeat_is_later"
            ),
            models.CheckConstraint(condition=Q(repeat_no__gte=0), name="notice_repeat_counts_up"),
            models.CheckConstraint(
                condition=Q(next_repeat_at=None) | Q(needs_ack=True, repeat_seconds__isnull=False),
                name="notice_only_unanswered_repeats",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.dedup_key}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an acknowledgement."""
        return self.needs_ack and self.acked_at is None and self.stopped_at is None


class ChannelAddress(models.Model):
    """Where a channel reaches a person, a unit, or (with neither) the whole desk.

    A person's e-mail needs no row: it is `staff.email`. A row of kind e-mail changes that: another address, only
    graver notices, or none, except that an emergency always goes out by e-mail.
    """

    kind = models.TextField(_("Channel"), choices=ChannelKind)
    staff = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="addresses",
    )
    unit = models.ForeignKey(
        "people.Unit", verbose_name=_("Unit"), null=True, blank=True, on_delete=models.CASCADE, related_name="addresses"
    )
    name = models.CharField(_("Name"), max_length=80, blank=True)
    target = models.TextField(_("Address"), blank=True)
    secret = models.TextField(_("Secret"), blank=True, db_default="")
    previous_secret = models.TextField(_("Secret before the change"), blank=True, db_default="")
    min_level = models.TextField(_("From level"), choices=Level, default=Level.INFO)
    enabled = models.BooleanField(_("In use"), default=True)

    class Meta:
        verbose_name = _("Channel address")
        verbose_name_plural = _("Channel addresses")
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="address_kind_is_known"),
            models.CheckConstraint(condition=Q(min_level__in=Level.values), name="address_level_is_known"),
            models.CheckConstraint(condition=Q(staff=None) | Q(unit=None), name="address_of_person_or_unit"),
            models.CheckConstraint(
                condition=~Q(target="") | Q(kind=ChannelKind.EMAIL, staff__isnull=False), name="address_is_not_empty"
            ),
            models.UniqueConstraint(
                fields=["staff"], condition=Q(kind=ChannelKind.EMAIL), name="address_one_mailbox_a_person"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_kind_display()} {self.masked_target}"

    @property
    def masked_target(self) -> str:
        """The address without what would let a reader use it: an e-mail in full, of all others the end."""
        if self.kind == ChannelKind.EMAIL:
            return self.target
        return f"…{self.target[-4:]}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Reads as questions."""

    def undelivered(self) -> DeliveryQuerySet:
        """Given up: somebody has to look at them."""
        return self.filter(state__in=FAILED_STATES)

    def open(self) -> DeliveryQuerySet:
        """Still on their way."""
        return self.filter(state__in=OPEN_STATES)

    def stuck(self) -> DeliveryQuerySet:
        """Due for so long that no dispatcher can be at work (RELIABILITY 19e); uses the index of the open ones."""
        return self.open().filter(next_attempt_at__lt=Now() - timedelta(seconds=STUCK_SECONDS))


class Delivery(models.Model):
    """The outbox: one notice on its way through one channel to one address.

    Written in the transaction of the notice, or of many at once soon after (`Unaddressed`); exactly once here, at least
    once on the wire, always under the same `message_id`. `fence` counts the claims: a sender that was overtaken changes
    nothing.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.TextField(_("Channel"), choices=ChannelKind)
    address = models.ForeignKey(
        ChannelAddress, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    target = models.TextField(_("Address"), blank=True, db_default="")
    dedup_key = models.TextField(editable=False)  # unique by a constraint below
    message_id = models.TextField(_("Message-ID"), editable=False)
    state = models.TextField(_("State"), choices=DeliveryState, db_default=DeliveryState.PENDING)
    attempts = models.IntegerField(_("Attempts"), db_default=0)
    next_attempt_at = models.DateTimeField(_("Next attempt"), db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.IntegerField(db_default=0)
    last_error = models.TextField(_("Last error"), blank=True, db_default="")
    repeat_possible = models.BooleanField(_("May have arrived twice"), db_default=False)
    door = models.TextField(_("Sent by"), blank=True, db_default="")
    created_at = models.DateTimeField(_("Written"), db_default=Now(), editable=False)
    sent_at = models.DateTimeField(pgettext_lazy("when", "Sent"), null=True, blank=True)
    widened_at = models.DateTimeField(_("Next channel opened"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("Failure reported"), null=True, blank=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("Delivery")
        verbose_name_plural = _("Deliveries")
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], name="delivery_open", condition=Q(state__in=["pending", "sending"])
            ),
            models.Index(
                fields=["channel", "next_attempt_at", "id"],
                name="delivery_due_by_channel",
                condition=Q(state__in=["pending", "sending"]),
            ),
            models.Index(fields=["-id"], name="delivery_failed", condition=Q(state__in=["dead", "unknown"])),
            models.Index(
                fields=["id"],
                name="delivery_to_escalate",
                condition=Q(state__in=["dead", "unknown"], escalated_at=None),
            ),
            models.Index(
                fields=["id"],
                name="delivery_to_widen",
                condition=(Q(state__in=["pending", "sending"]) | Q(state__in=["dead", "unknown"], escalated_at=None))
                & Q(widened_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dedup_key"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
            models.CheckConstraint(condition=Q(channel__in=ChannelKind.values), name="delivery_channel_is_known"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at=None)),
                name="delivery_sent_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeliveryState.SENDING) | Q(lease_until__isnull=False),
                name="delivery_sending_is_leased",
            ),
            models.CheckConstraint(condition=Q(attempts__gte=0, fence__gte=F("attempts")), name="delivery_counts_up"),
        ]

    def __str__(self) -> str:
        return f"{self.dedup_key} ({self.state})"


class UnaddressedQuerySet(models.QuerySet["Unaddressed"]):
    """Reads as questions."""

    def stuck(self) -> UnaddressedQuerySet:
        """Waiting for so long that no dispatcher can be at work."""
        return self.filter(created_at__lt=Now() - timedelta(seconds=STUCK_SECONDS))

    def notices(self) -> int:
        """How many notices they are."""
        found: int | None = self.aggregate(n=models.Sum("notice_ids__len"))["n"]
        return found or 0


class Unaddressed(models.Model):
    """A batch of notices whose deliveries are still to be written: what a storm leaves to the dispatcher.

    Written in the transaction of the notices, deleted in that of their deliveries.
    """

    notice_ids = ArrayField(models.BigIntegerField())
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[Any] = UnaddressedQuerySet.as_manager()

    class Meta:
        verbose_name = _("Notices without letters yet")
        verbose_name_plural = _("Notices without letters yet")
        constraints = [
            models.CheckConstraint(condition=Q(notice_ids__len__gt=0), name="unaddressed_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{len(self.notice_ids)} notices"


class DispatcherBeat(models.Model):
    """The sign of life of each dispatcher, and what it saw last."""

    name = models.TextField(primary_key=True)
    beat_at = models.DateTimeField(db_default=Now())
    detail: Any = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("Sign of life of a dispatcher")
        verbose_name_plural = _("Signs of life of the dispatchers")

    def __str__(self) -> str:
        return self.name
