"""Who is on duty, per duty role, at any moment (C18)."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from service_desk.people.rules import DutyRole


class DutyShift(models.Model):
    """One person on duty for one role from `starts_at` to `ends_at` (UTC, half open); never two at once."""

    role = models.CharField(_("Duty"), max_length=30, choices=DutyRole)
    staff = models.ForeignKey("people.Staff", verbose_name=_("Who"), on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField(_("From"))
    ends_at = models.DateTimeField(_("Until"))

    class Meta:
        verbose_name = _("Duty shift")
        verbose_name_plural = _("Duty shifts")
        ordering = ["role", "starts_at"]
        indexes = [models.Index(fields=["role", "ends_at"], name="shift_role_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(role__in=DutyRole.values), name="shift_role_is_known"),
            # A range of one text value would need a range type; the role's hash as a range of one integer does
            # the same without the btree_gist extension. Two roles with one hash would only refuse too much.
            ExclusionConstraint(
                name="shift_one_person_per_role",
                expressions=[
                    (
                        Func(
                            Func(F("role"), function="hashtext"),
                            Func(F("role"), function="hashtext"),
                            models.Value("[]"),
                            function="int4range",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func(F("starts_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.staff}"
