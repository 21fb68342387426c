"""Views of the list of cases under a name: filters, order and columns as they stand in the address."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.models import Unit

_STAFF = settings.AUTH_USER_MODEL


class Sharing(models.TextChoices):
    """Who sees a view in their list."""

    OWN = "own", pgettext_lazy("saved view", "only me")
    UNIT = "unit", pgettext_lazy("saved view", "my unit")
    ALL = "all", pgettext_lazy("saved view", "everybody")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Reads as questions."""

    def kept(self) -> Self:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)

    def offered_to(self, user: Any) -> Self:
        """One's own, those of one's unit, and everybody's."""
        return self.offered_in(user.pk, user.unit_id)

    def offered_in(self, person: int, unit: int | None) -> Self:
        """`offered_to` for the person of this number in this unit."""
        shared = Q(sharing=Sharing.ALL)
        if unit:
            shared |= Q(sharing=Sharing.UNIT, unit=unit)
        return self.kept().filter(Q(owner=person) | shared)


class SavedView(models.Model):
    """A view of the list that somebody keeps; what it shows is always asked with the reader's own rights."""

    owner = models.ForeignKey(
        _STAFF, verbose_name=pgettext_lazy("saved view", "Owner"), on_delete=models.PROTECT, related_name="saved_views"
    )
    name = models.CharField(pgettext_lazy("saved view", "Name"), max_length=40)
    query = models.CharField(max_length=2000, blank=True)  # the address after '?', without page and view
    sharing = models.CharField(_("Shown to"), max_length=4, choices=Sharing, default=Sharing.OWN)
    unit = models.ForeignKey(
        Unit, verbose_name=_("Unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("Saved view")
        verbose_name_plural = _("Saved views")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], condition=Q(deleted_at=None), name="view_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_name"),
            models.CheckConstraint(
                condition=Q(sharing="unit", unit__isnull=False) | Q(sharing__in=["own", "all"], unit=None),
                name="view_shared_with_a_unit",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DefaultView(models.Model):
    """The view in which somebody's list opens."""

    staff = models.OneToOneField(_STAFF, primary_key=True, on_delete=models.CASCADE, related_name="default_view")
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("Default view")
        verbose_name_plural = _("Default views")

    def __str__(self) -> str:
        return f"{self.staff_id}: {self.view_id}"
