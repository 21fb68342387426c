"""Templates for notes and for words to the customer: one's own, and those a supervisor shares."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.models import ServiceLine, Unit


class TemplateUse(models.TextChoices):
    """Who reads what is written with it."""

    NOTE = "note", _("Internal note")
    CUSTOMER = "customer", _("Words to the customer")


class TemplateScope(models.TextChoices):
    """Who may use it."""

    OWN = "own", _("only me")
    UNIT = "unit", _("a unit")
    LINE = "line", _("a service line")
    ALL = "all", _("everybody")


class NoteTemplateQuerySet(models.QuerySet["NoteTemplate"]):
    """Reads as questions."""

    def usable_by(self, user: Any) -> Self:
        """One's own, those of one's unit, and those of service lines and of everybody."""
        return self.filter(
            Q(owner=user)
            | Q(scope__in=(TemplateScope.ALL, TemplateScope.LINE))
            | Q(scope=TemplateScope.UNIT, unit__isnull=False, unit=user.unit_id)
        )

    def for_line(self, service_line: str) -> Self:
        """Without those of other service lines."""
        return self.exclude(~Q(service_line=service_line), scope=TemplateScope.LINE)


class NoteTemplate(models.Model):
    """A text with slots such as {customer}, filled in when it is used."""

    name = models.CharField(pgettext_lazy("thing", "Name"), max_length=80)
    text = models.TextField(_("Text"), max_length=4000)
    use = models.CharField(_("For"), max_length=8, choices=TemplateUse, default=TemplateUse.NOTE)
    scope = models.CharField(_("Who may use it"), max_length=4, choices=TemplateScope, default=TemplateScope.OWN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Owner"), on_delete=models.PROTECT, related_name="note_templates"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("Unit"), null=True, on_delete=models.PROTECT, related_name="+")
    service_line = models.ForeignKey(
        ServiceLine, verbose_name=_("Service line"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(_("Changed"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = NoteTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("Template")
        verbose_name_plural = _("Templates")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="note_template_name_once"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(text=""), name="note_template_says_something"),
            models.CheckConstraint(condition=Q(use__in=TemplateUse.values), name="note_template_use_is_known"),
            models.CheckConstraint(
                condition=Q(scope__in=["own", "all"], unit=None, service_line=None)
                | Q(scope="unit", unit__isnull=False, service_line=None)
                | Q(scope="line", unit=None, service_line__isnull=False),
                name="note_template_scope_names_whose",
            ),
        ]

    def __str__(self) -> str:
        return self.name
