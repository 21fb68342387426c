"""What the company demands for its secrets: how many looks at numbers are unusual, how long a password may live."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.models.organisation import Staff


class GuardRule(models.Model):
    """The newest row holds, so that each change stays readable; without a row the defaults below hold."""

    alarm_after = models.PositiveIntegerField(
        _("Numbers a day after which somebody is told"),
        default=30,
        help_text=_("Telephone numbers that one person has shown in full on one day."),
    )
    stop_after = models.PositiveIntegerField(
        _("Numbers a day after which no more are shown"), default=200, help_text=_("0: never.")
    )
    officer = models.ForeignKey(
        Staff,
        verbose_name=_("Privacy officer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Told beside the administrators; decides on requests of customers about their data."),
    )
    approve_rows = models.PositiveIntegerField(
        _("Rows above which an export is approved by somebody else"),
        default=100_000,
        db_default=100_000,
        help_text=_("Before its file can be fetched. 0: never."),
    )
    password_days = models.PositiveIntegerField(
        _("Days after which a password must be changed"),
        default=0,
        help_text=_("0: never (OWASP ASVS 6.2.10). China's MLPS level 3 asks for a regular change."),
    )
    password_kinds = models.PositiveSmallIntegerField(
        _("Kinds of characters in a password"),
        default=0,
        help_text=_("Of capital letters, small letters, figures and others: at least so many. 0: any."),
    )
    since = models.DateTimeField(_("Since"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        Staff, verbose_name=_("Set by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("Rule of what is guarded")
        verbose_name_plural = _("Rules of what is guarded")
        get_latest_by = "pk"
        constraints = [
            models.CheckConstraint(condition=Q(alarm_after__gte=1), name="guard_alarm_after_one"),
            models.CheckConstraint(
                condition=Q(stop_after=0) | Q(stop_after__gte=F("alarm_after")),
                name="guard_told_before_stopped",
                violation_error_message=_(
                    "Not below the number at which somebody is told, so that they hear of it before."
                ),
            ),
            models.CheckConstraint(condition=Q(password_kinds__lte=4), name="guard_kinds_at_most_four"),
            models.CheckConstraint(condition=Q(password_days__lte=3650), name="guard_days_are_sensible"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @classmethod
    def in_force(cls) -> GuardRule:
        """What holds now."""
        return cls.objects.order_by("-pk").first() or cls()


class RevealCount(models.Model):
    """How many numbers one person has had shown in full on one day of the desk's zone."""

    staff = models.ForeignKey(Staff, verbose_name=_("Member of staff"), on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("Day"))
    shown = models.PositiveIntegerField(_("Numbers shown in full"))

    class Meta:
        verbose_name = _("Numbers shown in full")
        verbose_name_plural = _("Numbers shown in full")
        constraints = [models.UniqueConstraint(fields=["staff", "day"], name="reveals_once_a_day")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.day}: {self.shown}"


class Approval(models.Model):
    """Four eyes: what somebody asks for waits until somebody else has said yes. `thing` is its key in the trail."""

    thing = models.TextField(_("thing"), unique=True)
    asked_by = models.ForeignKey(
        Staff, verbose_name=pgettext_lazy("export", "Asked by"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("Asked for"), db_default=Now(), editable=False)
    by = models.ForeignKey(
        Staff, verbose_name=_("Approved by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField(_("Approved"), null=True, editable=False)

    class Meta:
        verbose_name = _("Approval")
        verbose_name_plural = _("Approvals")
        constraints = [
            models.CheckConstraint(
                condition=Q(by=None, at=None) | (Q(by__isnull=False, at__isnull=False) & ~Q(by=F("asked_by"))),
                name="approval_by_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return self.thing
