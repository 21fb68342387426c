"""Targets as data (C6): how long, on which hours, and who is told when. A version never changes (D8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property, lru_cache

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.deadlines.models.calendars import Calendar
from service_desk.deadlines.rules import ClockKind
from service_desk.deadlines.schedule import AtKind, Step, StepAt, StepKind, Target, parse_steps
from service_desk.kept import among, keep
from service_desk.people.models import ServiceLine


class PolicyQuerySet(models.QuerySet["Policy"]):
    """Reads as questions."""

    def in_force(self) -> PolicyQuerySet:
        """Those that new clocks start with."""
        return self.filter(retired_at=None)

    def for_case(self, *, service_line: str, subject: str, severity: str) -> list[Policy]:
        """What a case of this line, subject and severity must keep, those for every severity before the severity's own.

        By kept questions, since every registration asks and composing them anew cost more than asking
        (docs/performance.md).
        """
        found = _for_case(service_line, subject, severity or _UNGRADED)
        if wanted := {policy.calendar_id for policy in found if policy.calendar_id is not None}:
            calendars = {calendar.pk: calendar for calendar in _calendars(sorted(wanted))}
            for policy in found:
                policy.calendar = calendars.get(policy.calendar_id or 0)
        return found


#: No policy has it: of a case without a severity only those for every severity are asked for.
_UNGRADED = "-"


@keep
def _for_case(service_line: str, subject: str, severity: str) -> models.QuerySet[Policy]:
    of_both = Q(severity="") | Q(severity=severity)
    return Policy.objects.in_force().filter(of_both, service_line=service_line, subject=subject).order_by("severity")


@keep
def _calendars(numbers: list[int]) -> models.QuerySet[Calendar]:
    # The content of a calendar is large and kept in memory (`CalendarVersion.work_calendar`).
    return Calendar.objects.filter(among("id", numbers)).select_related("current").defer("current__data")


class Policy(models.Model):
    """One target: service line x subject x severity x kind of clock, in one version."""

    service_line = models.ForeignKey(
        ServiceLine, verbose_name=_("Service line"), on_delete=models.PROTECT, related_name="policies"
    )
    subject = models.CharField(
        _("For"), max_length=20, default="call", help_text=_("The kind of case: call, complaint …")
    )
    severity = models.CharField(_("Severity"), max_length=20, blank=True, help_text=_("Empty: for every severity."))
    kind = models.CharField(_("Clock"), max_length=30, choices=ClockKind)
    version = models.PositiveIntegerField(_("Version"), default=1)
    target_seconds = models.PositiveIntegerField(_("Target in seconds"), null=True, blank=True)
    target_working_days = models.PositiveSmallIntegerField(_("Target in working days"), null=True, blank=True)
    calendar = models.ForeignKey(
        Calendar,
        verbose_name=_("Working calendar"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="policies",
        help_text=_("Empty: elapsed time, round the clock."),
    )
    may_pause = models.BooleanField(_("May be paused"), default=False)
    steps = models.JSONField(_("Ladder"), default=list)
    created_at = models.DateTimeField(_("Made"), db_default=Now(), editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(_("Retired"), null=True, blank=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("Policy")
        verbose_name_plural = _("Policies")
        ordering = ["service_line", "subject", "severity", "kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["service_line", "subject", "severity", "kind"],
                condition=Q(retired_at=None),
                name="policy_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["service_line", "subject", "severity", "kind", "version"], name="policy_version_once"
            ),
            models.CheckConstraint(
                condition=(Q(target_seconds__gt=0) & Q(target_working_days=None))
                | (Q(target_seconds=None) & Q(target_working_days__gt=0) & Q(calendar__isnull=False)),
                name="policy_has_one_target",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ClockKind.EMERGENCY) | Q(may_pause=False, calendar=None),
                name="policy_emergency_never_pauses",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="policy_is_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="policy_version_is_immutable",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(exclude=["retired_at"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_line_id} {self.subject} {self.severity} {self.get_kind_display()} v{self.version}"

    @property
    def target(self) -> Target:
        """The target as the arithmetic takes it."""
        if self.target_working_days is not None:
            return Target(working_days=self.target_working_days)
        return Target(duration=timedelta(seconds=self.target_seconds or 0))

    @property
    def ladder(self) -> tuple[Step, ...]:
        """The steps; with a silent one at the due time where the policy names none, so that a breach is recorded."""
        return _ladder(self.pk, json.dumps(self.steps))

    @cached_property
    def rungs(self) -> Mapping[str, Step]:
        """The steps by their codes; kept with the object, since one serves a whole batch of fired clocks."""
        return {step.code: step for step in self.ladder}


@lru_cache(maxsize=512)
def _ladder(_pk: int, steps: str) -> tuple[Step, ...]:
    ladder = parse_steps(json.loads(steps))
    if any(step.at in _AT_DUE for step in ladder):
        return ladder
    return (*ladder, Step("due", _AT_DUE[0], (), StepKind.BREACH))


_AT_DUE = (StepAt(AtKind.SHARE, 1), StepAt(AtKind.AFTER_DUE, 0))
