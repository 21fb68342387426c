"""What is asked of the desk: request types with fields of their own (C16, C8), and drafts of the register form."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from service_desk.cases.rules import DemandedReport, FieldKind
from service_desk.people.models import ProductType, ServiceLine


def lines_of(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _in_chinese() -> bool:
    return (get_language() or settings.LANGUAGE_CODE).startswith("zh")


class RequestTypeQuerySet(models.QuerySet["RequestType"]):
    """Reads as questions."""

    def offered(self, product: ProductType | None = None) -> Self:
        """The types in use, for the service line of this product when it is known."""
        found = self.filter(is_active=True)
        if product is None:
            return found
        return found.filter(Q(service_line=None) | Q(service_line=product.service_line_id))


class RequestType(models.Model):
    """A sort of request: what it asks beside the fault, what the customer is told once, which report closes it."""

    name = models.CharField(_("Name"), max_length=40, unique=True)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    service_line = models.ForeignKey(
        ServiceLine,
        verbose_name=_("Service line"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    report = models.CharField(_("Report before closing"), max_length=16, choices=DemandedReport, blank=True)
    materials = models.TextField(_("Materials"), max_length=2000, blank=True)
    steps = models.TextField(_("Steps"), max_length=2000, blank=True)
    is_active = models.BooleanField(_("Active"), default=True)
    order = models.PositiveSmallIntegerField(_("Place in the list"), default=100)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = RequestTypeQuerySet.as_manager()

    class Meta:
        verbose_name = _("Request type")
        verbose_name_plural = _("Request types")
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="request_type_has_name"),
            models.CheckConstraint(
                condition=Q(report__in=["", *DemandedReport.values]), name="request_type_report_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return self.name if _in_chinese() else self.name_en or self.name

    @property
    def material_lines(self) -> list[str]:
        """What the customer must bring or have ready (C16)."""
        return lines_of(self.materials)

    @property
    def step_lines(self) -> list[str]:
        """What will happen, in order (C16)."""
        return lines_of(self.steps)

    @property
    def tells(self) -> bool:
        """Whether there is anything to tell once."""
        return bool(self.material_lines or self.step_lines)


class RequestField(models.Model):
    """A field that a request type asks; its answers lie in `Case.request_values` under `key`.

    One that has answers is retired, never removed, and keeps its key and kind: a trigger holds that (migration 0005).
    """

    request_type = models.ForeignKey(
        RequestType, verbose_name=_("Request type"), on_delete=models.PROTECT, related_name="fields"
    )
    key = models.SlugField(_("Key"), max_length=30)
    name = models.CharField(_("Label"), max_length=60)
    name_en = models.CharField(_("English label"), max_length=80, blank=True)
    kind = models.CharField(_("Kind of field"), max_length=10, choices=FieldKind, default=FieldKind.TEXT)
    required = models.BooleanField(_("Must be filled in"), default=False)
    choices = models.TextField(_("Choices"), max_length=2000, blank=True)  # one a line
    lowest = models.DecimalField(_("Lowest"), max_digits=14, decimal_places=4, null=True, blank=True)
    highest = models.DecimalField(_("Highest"), max_digits=14, decimal_places=4, null=True, blank=True)
    help = models.CharField(_("Help"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("Place in the list"), default=100)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Field of a request type")
        verbose_name_plural = _("Fields of request types")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request_type", "key"], name="request_field_key_once"),
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_]*$"), name="request_field_key_is_plain"),
            models.CheckConstraint(condition=Q(kind__in=FieldKind.values), name="request_field_kind_is_known"),
            models.CheckConstraint(
                condition=~Q(kind=FieldKind.CHOICE) | ~Q(choices=""), name="request_field_choice_has_choices"
            ),
            models.CheckConstraint(
                condition=Q(lowest=None) | Q(highest=None) | Q(highest__gte=models.F("lowest")),
                name="request_field_range_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The label in the language of the reader."""
        return self.name if _in_chinese() else self.name_en or self.name

    @property
    def choice_lines(self) -> list[str]:
        """What may be chosen."""
        return lines_of(self.choices)


class RegisterDraft(models.Model):
    """What somebody was typing into the register form: it comes back after a dead browser or an expired session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField()  # of the form: once it is registered the draft goes
    values = models.JSONField(default=dict)  # none: thrown away, and the edition stays until the week is over
    edition = models.PositiveIntegerField(default=0, db_default=0)  # how often it was thrown away
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("Draft of a registration")
        verbose_name_plural = _("Drafts of registrations")
        ordering = ["-saved_at"]
        indexes = [models.Index(fields=["saved_at"], name="register_draft_age")]
        constraints = [models.UniqueConstraint(fields=["user", "token"], name="register_draft_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.saved_at:%Y-%m-%d %H:%M}"
