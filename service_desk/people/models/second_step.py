"""What proves a log-in besides the password: a key in the telephone, codes on paper, and who must have them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.people.models.organisation import Staff
from service_desk.people.rules import Role


class SecondStep(models.Model):
    """The key that a person's authenticator app shares with the desk (RFC 6238). It counts once it was confirmed."""

    staff = models.OneToOneField(
        Staff, verbose_name=_("Member of staff"), primary_key=True, on_delete=models.PROTECT, related_name="second_step"
    )
    secret = models.TextField(editable=False)  # locked by rest.vault
    confirmed_at = models.DateTimeField(_("In force since"), null=True, editable=False)
    #: The last time step whose code was used: no code opens the desk twice.
    last_step = models.BigIntegerField(default=0, db_default=0, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    locked_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("Second step")
        verbose_name_plural = _("Second steps")

    def __str__(self) -> str:
        return str(self.staff_id)


class RecoveryCode(models.Model):
    """One of the codes on paper, for when the telephone is lost; each opens the desk once."""

    staff = models.ForeignKey(
        Staff, verbose_name=_("Member of staff"), on_delete=models.PROTECT, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(_("Used"), null=True, editable=False)

    class Meta:
        verbose_name = _("Recovery code")
        verbose_name_plural = _("Recovery codes")
        constraints = [models.UniqueConstraint(fields=["staff", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return str(self.pk)


class SecondStepRule(models.Model):
    """Which roles must prove themselves in two steps; the newest row holds, so that each change stays readable."""

    roles: Any = ArrayField(
        models.CharField(max_length=30, choices=Role), verbose_name=_("Roles"), default=list, blank=True
    )
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        Staff, verbose_name=_("Set by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Rule of the second step")
        verbose_name_plural = _("Rules of the second step")
        get_latest_by = "pk"
        constraints = [
            models.CheckConstraint(
                condition=Q(roles__contained_by=list(Role.values)), name="second_step_roles_are_known"
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.roles)

    @classmethod
    def in_force(cls) -> list[str]:
        """The roles that need a second step now."""
        return list(cls.objects.order_by("-pk").values_list("roles", flat=True).first() or [])
