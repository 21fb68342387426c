"""A change laid on running clocks (D2, D8): first a list of what would move, then, once confirmed, the moving."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.deadlines.models.calendars import Calendar, CalendarVersion
from service_desk.deadlines.models.policies import Policy
from service_desk.deadlines.rules import RolloutState


class Rollout(models.Model):
    """A new policy version or a changed calendar, with the running clocks that it moves.

    `lines` is what the person has seen (`preview.Line`), made once and never longer than `preview.MOST`; nothing
    that is not in it, or that has changed since, is moved. `draft` is a calendar's change, written when confirmed.
    """

    policy = models.ForeignKey(Policy, verbose_name=_("Policy"), null=True, on_delete=models.PROTECT, related_name="+")
    calendar = models.ForeignKey(
        Calendar, verbose_name=_("Working calendar"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    base = models.ForeignKey(CalendarVersion, null=True, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(CalendarVersion, null=True, on_delete=models.PROTECT, related_name="+")
    draft: Any = models.JSONField(default=dict)
    note = models.CharField(_("What changed"), max_length=200, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=RolloutState, default=RolloutState.PREPARING)
    token = models.CharField(max_length=64, blank=True)  # names exactly what is shown; a confirmation carries it
    lines: Any = models.JSONField(default=list)
    more = models.BooleanField(_("There are more clocks than one list holds"), default=False)
    place = models.PositiveIntegerField(default=0)  # so many lines are worked through
    skipped: Any = models.JSONField(default=list)  # indexes of lines whose clocks had ended or changed
    again: Any = models.JSONField(default=list)  # indexes of lines whose clocks somebody held; tried once more
    made_at = models.DateTimeField(_("Made"), db_default=Now(), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+"
    )
    listed_at = models.DateTimeField(_("Listed"), null=True)
    confirmed_at = models.DateTimeField(_("Confirmed"), null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("Confirmed by")
    )
    done_at = models.DateTimeField(_("Done"), null=True)

    class Meta:
        verbose_name = _("Change of running clocks")
        verbose_name_plural = _("Changes of running clocks")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="rollout_at_work",
                condition=Q(state__in=RolloutState.at_work()),
            ),
            models.Index(fields=["policy", "-id"], name="rollout_policy"),
            models.Index(fields=["calendar", "-id"], name="rollout_calendar"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(policy=None, calendar__isnull=False) | Q(policy__isnull=False, calendar=None),
                name="rollout_of_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(RolloutState.APPLYING, RolloutState.DONE))
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="rollout_moves_only_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy or self.calendar} {self.get_state_display()}"
