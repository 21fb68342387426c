"""Phone systems as the desk knows them: keys, secrets, extensions, and what was refused at the door."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.models import Staff, Unit
from service_desk.telephony.rules import LIMITS, AuthMode, IntegrationKind, Limits


class IntegrationQuerySet(models.QuerySet["Integration"]):
    """Reads as questions."""

    def with_a_door(self) -> IntegrationQuerySet:
        """Real phone systems: without the desk's own, in which calls are written down by hand."""
        return self.exclude(kind=IntegrationKind.MANUAL)


class Integration(models.Model):
    """One phone system of one company; its key says who it is, its secret signs, both may be replaced without a gap."""

    name = models.CharField(pgettext_lazy("integration", "Name"), max_length=80, unique=True)
    kind = models.CharField(_("Kind"), max_length=20, choices=IntegrationKind)
    auth_mode = models.CharField(_("Proof"), max_length=10, choices=AuthMode, default=AuthMode.SIGNED)
    scopes = ArrayField(models.CharField(max_length=64), verbose_name=_("May"), default=list)
    networks = ArrayField(models.CharField(max_length=43), verbose_name=_("Addresses"), default=list, blank=True)
    key_prefix = models.CharField(max_length=8, unique=True, editable=False)
    key_digest = models.CharField(max_length=64, editable=False)
    previous_key_prefix = models.CharField(max_length=8, unique=True, null=True, editable=False)
    previous_key_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    secret = models.TextField(editable=False)  # encrypted: see vault
    previous_secret = models.TextField(blank=True, default="", editable=False)
    unit = models.ForeignKey(
        Unit,
        verbose_name=_("Unit"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Whose calls these are while nobody has claimed them."),
    )
    events_per_second = models.PositiveIntegerField(_("Deliveries a second"), default=200)
    silent_minutes = models.PositiveIntegerField(
        _("Alarm after minutes of silence"), default=60, help_text=_("In working hours; 0: no alarm.")
    )
    is_active = models.BooleanField(_("Active"), default=True)
    created_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = IntegrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("Phone system")
        verbose_name_plural = _("Phone systems")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=IntegrationKind.values), name="integration_kind_is_known"),
            models.CheckConstraint(condition=Q(auth_mode__in=AuthMode.values), name="integration_proof_is_known"),
            models.CheckConstraint(
                condition=~Q(auth_mode=AuthMode.KEY_ONLY) | Q(networks__len__gt=0),
                name="integration_without_signature_names_addresses",
            ),
            models.CheckConstraint(
                condition=Q(events_per_second__gte=1, events_per_second__lte=10_000), name="integration_rate_is_sane"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind=IntegrationKind.MANUAL), name="integration_by_hand_is_one"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExtensionQuerySet(models.QuerySet["Extension"]):
    """Reads as questions."""

    def valid_at(self, moment: datetime) -> ExtensionQuerySet:
        """Those that were somebody's at this moment."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=moment), valid_from__lte=moment)

    def holder(self, integration_id: int, moment: datetime, *, extension: str, agent_code: str) -> Extension | None:
        """Whose phone it was at this moment (hot desks); the agent's code, where it is sent, wins."""
        found = self.filter(integration_id=integration_id).valid_at(moment).select_related("staff")
        if agent_code:
            named = found.filter(agent_code=agent_code).order_by("-valid_from").first()
            if named is not None:
                return named
        return found.filter(extension=extension).first() if extension else None


class Extension(models.Model):
    """Who sits at a phone, from when to when; never two at one phone at once."""

    integration = models.ForeignKey(
        Integration, verbose_name=_("Phone system"), on_delete=models.PROTECT, related_name="extensions"
    )
    extension = models.CharField(_("Extension"), max_length=32)
    staff = models.ForeignKey(
        Staff, verbose_name=_("Member of staff"), on_delete=models.PROTECT, related_name="extensions"
    )
    agent_code = models.CharField(_("Agent code"), max_length=64, blank=True)
    valid_from = models.DateTimeField(_("From"), db_default=Now())
    valid_to = models.DateTimeField(_("Until"), null=True, blank=True)

    objects: ClassVar[Any] = ExtensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("Extension")
        verbose_name_plural = _("Extensions")
        ordering = ["extension", "-valid_from"]
        indexes = [models.Index(fields=["integration", "agent_code"], name="extension_by_agent_code")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="extension_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=~Q(extension=""), name="extension_has_a_number"),
            # int8range(x, x, '[]') compares for equality without the btree_gist extension; two extensions with one
            # hash would only refuse too much.
            ExclusionConstraint(
                name="extension_is_one_persons",
                expressions=[
                    (
                        Func(F("integration_id"), F("integration_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            Func(F("extension"), function="hashtext"),
                            Func(F("extension"), function="hashtext"),
                            Value("[]"),
                            function="int4range",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func(F("valid_from"), F("valid_to"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.extension} {self.staff}"


class RefusedDelivery(models.Model):
    """A delivery that was refused; a repeat within the same minute is counted, so that a flood cannot fill the log."""

    integration = models.ForeignKey(
        Integration, verbose_name=_("Phone system"), null=True, on_delete=models.CASCADE, related_name="refusals"
    )
    minute = models.DateTimeField(_("When"))
    status = models.PositiveSmallIntegerField(_("Status"))
    problem = models.CharField(_("Problem"), max_length=60)
    detail = models.CharField(_("Reason"), max_length=500, blank=True)
    message_id = models.CharField(_("Message"), max_length=250, blank=True)
    ip = models.GenericIPAddressField(_("From address"), null=True)
    times = models.PositiveIntegerField(_("Times"), default=1)
    last_at = models.DateTimeField(_("Last"), db_default=Now())

    class Meta:
        verbose_name = _("Refused delivery")
        verbose_name_plural = _("Refused deliveries")
        indexes = [
            models.Index(fields=["integration", "-id"], name="refused_by_integration"),
            models.Index(fields=["minute"], name="refused_by_minute"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "minute", "problem", "message_id", "ip"],
                name="refused_counted",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.problem}"


class CallLimits(models.Model):
    """The company's own figures for T1 to T4; one row, or none for the shipped ones."""

    ring_cycle_seconds = models.FloatField(_("Seconds a ring"), default=Limits.ring_cycle_seconds)
    answer_rings = models.PositiveSmallIntegerField(_("T1: rings at most"), default=Limits.answer_rings)
    apology_ring = models.PositiveSmallIntegerField(_("T2: apology from ring"), default=Limits.apology_ring)
    outbound_least = models.PositiveSmallIntegerField(_("T3: rings at least"), default=Limits.outbound_least)
    outbound_most = models.PositiveSmallIntegerField(_("T3: rings at most"), default=Limits.outbound_most)
    hold_word_seconds = models.FloatField(_("T4: seconds to a word"), default=Limits.hold_word_seconds)
    hold_grace_seconds = models.FloatField(_("T4: seconds of grace"), default=Limits.hold_grace_seconds)
    hold_offer_seconds = models.FloatField(
        _("T4: seconds until a call back is offered"),
        default=Limits.hold_offer_seconds,
        db_default=Limits.hold_offer_seconds,
        validators=[MinValueValidator(1)],
    )

    class Meta:
        verbose_name = _("Limits of calls")
        verbose_name_plural = _("Limits of calls")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="call_limits_are_one_row"),
            models.CheckConstraint(
                condition=Q(
                    ring_cycle_seconds__gte=0.5,
                    ring_cycle_seconds__lte=60,
                    answer_rings__gte=1,
                    apology_ring__gte=1,
                    outbound_least__lte=F("outbound_most"),
                    hold_word_seconds__gt=0,
                    hold_grace_seconds__gte=0,
                ),
                name="call_limits_make_sense",
            ),
        ]

    def __str__(self) -> str:
        return str(_("Limits of calls"))

    @classmethod
    def in_force(cls) -> Limits:
        """The company's figures, or the shipped ones."""
        row = cls.objects.filter(pk=1).values(*LIMITS).first()
        return Limits(**row) if row else Limits()
