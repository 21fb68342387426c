"""The complaint itself: a case and more (P1, P4). What must never be false of it is a constraint or a trigger."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.cases.models import Case
from service_desk.complaints.rules import ComplaintChannel, ComplaintLevel, InstanceKind
from service_desk.people.models import ProductType, ServiceLine, Unit
from service_desk.telephony.models import Call

_STAFF = settings.AUTH_USER_MODEL


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    """Reads as questions. Every list, count, search and export starts from `visible_to`."""

    def visible_to(self, user: Any) -> Self:
        """Those whose circle this person is in (P6): what is visible is decided by the case, in one place."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def for_page(self) -> Self:
        """With the names that every list shows, in one query."""
        return self.select_related("case__customer", "case__product_type", "case__handler", "case__first_responder")


class Complaint(models.Model):
    """A complaint. Number, times, people, hand-overs, promises, notes, files and clocks are the case's."""

    case = models.OneToOneField(
        Case, verbose_name=_("Case"), on_delete=models.PROTECT, primary_key=True, related_name="complaint"
    )
    channel = models.CharField(_("Came by"), max_length=10, choices=ComplaintChannel)
    stage = models.CharField(_("Instance"), max_length=10, choices=InstanceKind, default=InstanceKind.COMPLAINT)
    wanted = models.TextField(_("What is wanted"), max_length=2000)
    address = models.CharField(_("Address of the complainant"), max_length=200, blank=True)
    anonymous = models.BooleanField(_("Anonymous"), default=False)
    anonymous_reason = models.CharField(_("Why without a name"), max_length=200, blank=True)

    about_case = models.ForeignKey(
        Case, verbose_name=_("About the case"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    about_staff = models.ForeignKey(
        _STAFF, verbose_name=_("About the person"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    about_unit = models.ForeignKey(
        Unit, verbose_name=_("About the unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    about_product = models.ForeignKey(
        ProductType,
        verbose_name=_("About the product"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    about_service = models.ForeignKey(
        ServiceLine,
        verbose_name=_("About the service"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    call = models.ForeignKey(
        Call, verbose_name=_("From the call"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    regulator_due_at = models.DateTimeField(_("The regulator's time"), null=True, blank=True)

    satisfied = models.BooleanField(_("Complainant satisfied"), null=True)
    satisfaction_said = models.TextField(_("What the complainant says"), blank=True, max_length=2000)
    satisfaction_at = models.DateTimeField(_("Asked"), null=True, editable=False)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        verbose_name = _("Complaint")
        verbose_name_plural = _("Complaints")
        ordering = ["-case_id"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=ComplaintChannel.values), name="complaint_channel_is_known"),
            models.CheckConstraint(condition=Q(stage__in=InstanceKind.values), name="complaint_stage_is_known"),
            models.CheckConstraint(
                condition=Q(about_case__isnull=False)
                | Q(about_staff__isnull=False)
                | Q(about_unit__isnull=False)
                | Q(about_product__isnull=False)
                | Q(about_service__isnull=False),
                name="complaint_is_about_something",
            ),
            models.CheckConstraint(condition=~Q(wanted=""), name="complaint_says_what_is_wanted"),
            models.CheckConstraint(
                condition=Q(anonymous=False) | ~Q(anonymous_reason=""), name="complaint_anonymous_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(satisfied=None, satisfaction_at=None)
                | Q(satisfied__isnull=False, satisfaction_at__isnull=False),
                name="complaint_satisfaction_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.case.number

    def get_absolute_url(self) -> str:
        """Where it is shown: on the page of its case."""
        return self.case.get_absolute_url()

    @property
    def number(self) -> str:
        """The case's."""
        return self.case.number

    @property
    def version(self) -> int:
        """The case's: every verb of either counts."""
        return self.case.version

    @property
    def level(self) -> ComplaintLevel:
        """How grave it is: a column of the case, since policies are asked by it (P3, P4)."""
        return ComplaintLevel(self.case.level)

    def get_level_display(self) -> str:
        """Its level in words, as of a field with choices."""
        return str(self.level.label)


class ExternalIdentifier(models.Model):
    """The number that somebody else gave the same matter, after TMF621: who owns it, of what type it is, the number."""

    complaint = models.ForeignKey(
        Complaint, verbose_name=_("Complaint"), on_delete=models.PROTECT, related_name="identifiers"
    )
    owner = models.CharField(_("Owner"), max_length=80)
    type = models.CharField(pgettext_lazy("identifier", "Type"), max_length=40)
    value = models.CharField(_("Number"), max_length=80)
    by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("When"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Number of another body")
        verbose_name_plural = _("Numbers of other bodies")
        ordering = ["id"]
        indexes = [models.Index(fields=["value"], name="external_identifier_value")]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "owner", "type", "value"], name="external_identifier_once"),
            models.CheckConstraint(condition=~Q(owner="") & ~Q(value=""), name="external_identifier_is_whole"),
        ]
        triggers = append_only("external_identifier")

    def __str__(self) -> str:
        return f"{self.owner} {self.value}"


class ComplaintNumber(models.Model):
    """The last complaint number of a local day: a series of its own, so that no gap among CALL tickets tells of one."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("Number of the day")
        verbose_name_plural = _("Numbers of the day")

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"
