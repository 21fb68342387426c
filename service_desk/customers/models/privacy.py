"""What customers may ask for their data (PIPL 44-50), what must be kept all the same, and how long it is kept."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.customers.models.customers import Customer
from service_desk.customers.rules import PrivacyKind, PrivacyState

_STAFF = settings.AUTH_USER_MODEL


class PrivacyRule(models.Model):
    """The newest row holds; without one nothing is erased by itself."""

    keep_days = models.PositiveIntegerField(
        _("Days after which callers are made anonymous"),
        default=0,
        help_text=_("Counted from the end of the case. 0: never by itself. The law asks for the shortest time needed."),
    )
    answer_days = models.PositiveSmallIntegerField(
        _("Days for the answer to a request"), default=15, help_text=_("GB/T 35273 allows 30.")
    )
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        _STAFF, verbose_name=_("Set by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Rule of keeping customers' data")
        verbose_name_plural = _("Rules of keeping customers' data")
        constraints = [
            models.CheckConstraint(
                condition=Q(keep_days=0) | Q(keep_days__range=(30, 36500)), name="privacy_keep_days"
            ),
            models.CheckConstraint(condition=Q(answer_days__range=(1, 30)), name="privacy_answer_days"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @classmethod
    def in_force(cls) -> PrivacyRule:
        """What holds now."""
        return cls.objects.order_by("-pk").first() or cls()


class LegalHold(models.Model):
    """A dispute or an order for which nothing of a customer may be erased until it is lifted."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.PROTECT, related_name="holds"
    )
    reason = models.CharField(_("Reason"), max_length=500)
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    by = models.ForeignKey(_STAFF, verbose_name=_("Set by"), on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(_("Lifted"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        _STAFF, verbose_name=_("Lifted by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Legal hold")
        verbose_name_plural = _("Legal holds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(lifted_at=None), name="hold_one_at_a_time"),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_a_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="hold_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class PrivacyRequest(models.Model):
    """What somebody asks about their own data, until when it must be answered, and the answer."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("Customer unit"), on_delete=models.PROTECT, related_name="privacy_requests"
    )
    kind = models.CharField(pgettext_lazy("privacy", "What is asked"), max_length=8, choices=PrivacyKind)
    asked_by = models.CharField(pgettext_lazy("privacy", "Who asks"), max_length=80)
    proof = models.CharField(_("How it was made sure that it is them"), max_length=200)
    words = models.TextField(pgettext_lazy("privacy", "In their words"), max_length=2000, blank=True)
    taken_by = models.ForeignKey(_STAFF, verbose_name=_("Taken by"), on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(pgettext_lazy("privacy", "Asked"), db_default=Now(), editable=False)
    due_at = models.DateTimeField(_("Answer due"))
    state = models.CharField(_("State"), max_length=8, choices=PrivacyState, default=PrivacyState.OPEN)
    answer = models.TextField(_("Answer"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("Decided"), null=True, editable=False)
    decided_by = models.ForeignKey(
        _STAFF, verbose_name=_("Decided by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Request about one's data")
        verbose_name_plural = _("Requests about one's data")
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at", "id"], name="privacy_open", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PrivacyKind.values), name="privacy_kind_is_known"),
            models.CheckConstraint(condition=~Q(asked_by="") & ~Q(proof=""), name="privacy_says_who"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None, answer="")
                | (
                    Q(state__in=["done", "refused"], decided_at__isnull=False, decided_by__isnull=False) & ~Q(answer="")
                ),
                name="privacy_decided_in_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return f"/customers/privacy/{self.pk}/"


class ErasurePass(models.Model):
    """How far a walk over old things has come: one row for each kind of thing, so that any worker goes on with it."""

    holder = models.CharField(primary_key=True, max_length=40)
    last_pk = models.BigIntegerField(default=0)
    erased = models.BigIntegerField(default=0)
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        verbose_name = _("Walk over what is old")
        verbose_name_plural = _("Walks over what is old")

    def __str__(self) -> str:
        return self.holder
