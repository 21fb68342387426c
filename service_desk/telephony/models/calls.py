"""Calls: their events as received, the row folded from them, and what the rules say about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

import uuid_utils
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.people.models import Staff
from service_desk.people.names import mask_number
from service_desk.telephony.models.integrations import Integration
from service_desk.telephony.rules import (
    CallEventType,
    CallRule,
    CallState,
    Cause,
    Direction,
    Party,
    Verdict,
    is_withheld,
)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ref() -> str:
    """A fresh public name of a call: 26 characters that sort by time (ULID)."""
    number = uuid.UUID(str(uuid_utils.uuid7())).int
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


class CallQuerySet(models.QuerySet["Call"]):
    """Reads as questions."""

    def open(self) -> CallQuerySet:
        """Those of which no end is known."""
        return self.filter(ended_at=None)

    def unclaimed(self) -> CallQuerySet:
        """Answered by a phone that is nobody's, and taken by nobody since."""
        return self.filter(agent=None, claimed_by=None, answered_at__isnull=False)

    def of(self, staff: Staff) -> CallQuerySet:
        """Those that somebody answered or claimed."""
        return self.filter(Q(claimed_by=staff) | Q(agent=staff, claimed_by=None))


class Call(models.Model):
    """One call, folded from the set of its events; nothing but the fold writes the columns that events speak of."""

    ref = models.CharField(_("Call"), max_length=26, unique=True, default=new_ref, editable=False)
    integration = models.ForeignKey(
        Integration, verbose_name=_("Phone system"), on_delete=models.PROTECT, related_name="calls", db_index=False
    )
    call_id = models.CharField(_("Number at the phone system"), max_length=250)
    state = models.CharField(_("State"), max_length=10, choices=CallState, default=CallState.NEW)
    direction = models.CharField(_("Direction"), max_length=10, choices=Direction, blank=True, default="")
    customer_number = models.CharField(_("Customer's number"), max_length=40, blank=True, default="")
    customer_e164 = models.CharField(max_length=20, null=True, blank=True)
    line_number = models.CharField(_("Line"), max_length=40, blank=True, default="")
    queue = models.CharField(_("Queue"), max_length=100, blank=True, default="")
    extension = models.CharField(_("Extension"), max_length=32, blank=True, default="")
    agent_code = models.CharField(_("Agent code"), max_length=64, blank=True, default="")
    agent = models.ForeignKey(
        Staff,
        verbose_name=_("Answered by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="calls",
        db_index=False,
    )
    claimed_by = models.ForeignKey(
        Staff, verbose_name=_("Claimed by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    extensions_rung = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    parent_call_id = models.CharField(max_length=250, blank=True, default="")
    started_at = models.DateTimeField(_("Began"), null=True, blank=True)
    ringing_at = models.DateTimeField(_("Rang"), null=True, blank=True)
    answered_at = models.DateTimeField(_("Answered"), null=True, blank=True)
    held_since = models.DateTimeField(_("On hold since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    ring_seconds = models.FloatField(_("Rang for (seconds)"), null=True, blank=True)
    ring_count = models.BigIntegerField(_("Rings"), null=True, blank=True)
    hold_seconds = ArrayField(models.FloatField(), verbose_name=_("On hold (seconds)"), default=list, blank=True)
    ended_by = models.CharField(_("Hung up by"), max_length=10, choices=Party, blank=True, default="")
    cause = models.CharField(_("Cause"), max_length=20, choices=Cause, blank=True, default="")
    sip_status = models.PositiveSmallIntegerField(null=True, blank=True)
    recording_url = models.TextField(_("Recording"), blank=True, default="")
    transfers = models.JSONField(_("Transfers"), default=list, blank=True, encoder=DjangoJSONEncoder)
    attributes = models.JSONField(default=dict, blank=True)
    differences = models.JSONField(_("Overruled by the record"), default=list, blank=True)
    is_stale = models.BooleanField(_("No end was reported"), default=False)
    given_up_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(_("First heard of"), db_default=Now(), editable=False)
    last_heard_at = models.DateTimeField(_("Last heard of"), db_default=Now(), editable=False)
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    change_no = models.BigIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[Any] = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("Call")
        verbose_name_plural = _("Calls")
        indexes = [
            models.Index(fields=["change_no", "id"], name="call_by_change"),
            models.Index(fields=["integration", "change_no", "id"], name="call_by_system_change"),
            models.Index(fields=["customer_e164", "-id"], name="call_by_number"),
            models.Index(fields=["last_heard_at"], name="call_open", condition=Q(ended_at=None)),
            models.Index(fields=["agent", "-id"], name="call_by_agent"),
            models.Index(fields=["-id"], name="call_stale", condition=Q(is_stale=True)),
            models.Index(
                fields=["-id"],
                name="call_unclaimed",
                condition=Q(agent=None, claimed_by=None, answered_at__isnull=False),
            ),
            models.Index(
                fields=["integration", "parent_call_id"], name="call_by_parent", condition=~Q(parent_call_id="")
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["integration", "call_id"], name="call_once"),
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="call_state_is_known"),
            models.CheckConstraint(condition=Q(direction__in=["", *Direction.values]), name="call_direction_is_known"),
            models.CheckConstraint(condition=Q(ended_by__in=["", *Party.values]), name="call_party_is_known"),
            models.CheckConstraint(condition=Q(cause__in=["", *Cause.values]), name="call_cause_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=[CallState.ENDED, CallState.MISSED], ended_at__isnull=False)
                | (~Q(state__in=[CallState.ENDED, CallState.MISSED]) & Q(ended_at=None)),
                name="call_over_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.masked_number}".strip()

    @property
    def masked_number(self) -> str:
        """The customer's number as staff see it (P6)."""
        return "" if is_withheld(self.customer_number) else mask_number(self.customer_number)

    @property
    def responsible(self) -> Staff | None:
        """Whose call it is: who claimed it, else who answered it."""
        return self.claimed_by or self.agent


class CallEvent(models.Model):
    """An event as it was received; never changed, never taken away."""

    call = models.ForeignKey(
        Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="events", db_index=False
    )
    integration = models.ForeignKey(Integration, on_delete=models.PROTECT, related_name="events", db_index=False)
    event_id = models.CharField(_("Event"), max_length=250)
    type = models.CharField(_("What"), max_length=20, choices=CallEventType)
    timestamp = models.DateTimeField(_("When, by the phone system"))
    counted_at = models.DateTimeField(_("When, as it counts"))
    seq = models.BigIntegerField(default=-1)
    extension = models.CharField(_("Extension"), max_length=32, blank=True, default="")
    data = models.JSONField(_("Content"), default=dict)
    received_at = models.DateTimeField(_("Received"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Call event")
        verbose_name_plural = _("Call events")
        indexes = [models.Index(fields=["integration", "-received_at", "-id"], name="call_event_last_received")]
        constraints = [
            # call = integration and call_id, so this is the contract's natural key.
            models.UniqueConstraint(fields=["call", "type", "extension", "timestamp"], name="call_event_once"),
            models.CheckConstraint(condition=Q(type__in=CallEventType.values), name="call_event_type_is_known"),
        ]
        triggers = append_only("call_event")

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class SeenEvent(models.Model):
    """An id that was delivered, kept for thirty days: the same again is a repeat, other content under it is refused."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_id = models.CharField(max_length=250)
    digest = models.BinaryField(max_length=32)
    call = models.ForeignKey(Call, null=True, on_delete=models.CASCADE, related_name="+")
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("Delivered id")
        verbose_name_plural = _("Delivered ids")
        indexes = [models.Index(fields=["received_at"], name="seen_event_by_age")]
        constraints = [models.UniqueConstraint(fields=["integration", "event_id"], name="seen_event_once")]

    def __str__(self) -> str:
        return self.event_id


class CallRecord(models.Model):
    """What the phone system says about a whole call afterwards; overrules its events where they differ."""

    call = models.OneToOneField(Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="record")
    data = models.JSONField(_("Content"))
    digest = models.BinaryField(max_length=32)
    versions = models.PositiveIntegerField(_("Versions of the record"), default=1)
    received_at = models.DateTimeField(_("Received"), db_default=Now())

    class Meta:
        verbose_name = _("Call record")
        verbose_name_plural = _("Call records")

    def __str__(self) -> str:
        return f"{self.call_id}"


class CallLink(models.Model):
    """A transfer: `child` is the call that `parent` became. A table of its own, so that linking locks neither call."""

    child = models.OneToOneField(Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="up")
    parent = models.ForeignKey(Call, verbose_name=_("Passed on from"), on_delete=models.PROTECT, related_name="down")
    by_guess = models.BooleanField(_("Joined by number and time"), default=False)

    class Meta:
        verbose_name = _("Transfer between calls")
        verbose_name_plural = _("Transfers between calls")
        constraints = [
            models.CheckConstraint(condition=~Q(child=models.F("parent")), name="call_is_not_its_own_parent")
        ]

    def __str__(self) -> str:
        return f"{self.parent_id} → {self.child_id}"


class TransferNote(models.Model):
    """Name and matter that go with a transfer (T6)."""

    call = models.OneToOneField(Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="transfer_note")
    name = models.CharField(pgettext_lazy("person", "Name"), max_length=80)
    matter = models.CharField(_("Matter"), max_length=500)
    noted_by = models.ForeignKey(Staff, verbose_name=_("Noted by"), on_delete=models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(_("Noted"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Word with a transfer")
        verbose_name_plural = _("Words with transfers")
        constraints = [models.CheckConstraint(condition=~Q(name="") & ~Q(matter=""), name="transfer_note_is_whole")]

    def __str__(self) -> str:
        return self.name


class CallFactQuerySet(models.QuerySet["CallFact"]):
    """Reads as questions."""

    def standing(self) -> CallFactQuerySet:
        """Those that later events have not refuted."""
        return self.filter(withdrawn_at=None)

    def breached(self) -> CallFactQuerySet:
        """Standing breaches."""
        return self.standing().filter(verdict=Verdict.BREACHED)


class CallFact(models.Model):
    """What a call says about one rule; one a call and rule, withdrawn with a note when later facts refute it."""

    call = models.ForeignKey(
        Call, verbose_name=_("Call"), on_delete=models.PROTECT, related_name="facts", db_index=False
    )
    rule = models.CharField(_("Rule"), max_length=4, choices=CallRule)
    verdict = models.CharField(_("Verdict"), max_length=10, choices=Verdict)
    detail = models.JSONField(_("Figures"), default=dict)
    found_at = models.DateTimeField(_("Found"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("Last changed"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True, default="")

    objects: ClassVar[Any] = CallFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("Fact of a call")
        verbose_name_plural = _("Facts of calls")
        indexes = [models.Index(fields=["rule", "verdict", "-id"], name="call_fact_by_rule")]
        constraints = [
            models.UniqueConstraint(fields=["call", "rule"], name="call_fact_once"),
            models.CheckConstraint(condition=Q(rule__in=CallRule.values), name="call_fact_rule_is_known"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="call_fact_verdict_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.verdict}"


def settled_before() -> datetime:
    """Every change that was numbered before this moment can be read now, and none with a smaller number will follow.

    Numbers are drawn before the commit, so a reader who goes by number alone would pass over one that is drawn but
    not yet committed. Ask this first, in a statement of its own, then read rows with `changed_at` before it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
        )
        moment: datetime = cursor.fetchone()[0]
    return moment
