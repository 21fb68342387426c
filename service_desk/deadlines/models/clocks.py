"""The clock as a row: abstract here, concrete beside its subject (`cases.CaseDeadline`, …).

What is due next is a column with a partial index, so the engine's cost grows with what is due and not with what
is open. The ladder is planned into absolute times when the clock is armed; firing does no calendar arithmetic.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.audit.append_only import append_only
from service_desk.deadlines.hours import Pause, WorkCalendar
from service_desk.deadlines.models.calendars import CalendarVersion
from service_desk.deadlines.models.policies import Policy
from service_desk.deadlines.rules import OPEN_STATES, ClockEventType, ClockKind, ClockState, Door
from service_desk.deadlines.schedule import Explanation, Step, Target, explain_target


class DeadlineQuerySet(models.QuerySet[Any]):
    """Reads as questions."""

    def due(self) -> Self:
        """Running clocks whose next step has come, by the database's statement clock (uses the partial index)."""
        return self.filter(state=ClockState.RUNNING, next_at__lte=Now())

    def open(self) -> Self:
        """Clocks that have not ended."""
        return self.filter(state__in=OPEN_STATES)


class Deadline(models.Model):
    """One clock of one subject in one cycle. Times are UTC; durations follow the policy."""

    kind = models.CharField(_("Clock"), max_length=30, choices=ClockKind)
    cycle = models.PositiveSmallIntegerField(_("Cycle"), default=1)
    policy = models.ForeignKey(Policy, verbose_name=_("Policy"), on_delete=models.PROTECT, related_name="+")
    calendar_version = models.ForeignKey(
        CalendarVersion, verbose_name=_("Working calendar"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("State"), max_length=10, choices=ClockState, default=ClockState.RUNNING)
    own_seconds = models.PositiveIntegerField(_("Target of its own in seconds"), null=True)  # elapsed; a promise's
    armed_at = models.DateTimeField(_("Armed"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("Started"))
    due_at = models.DateTimeField(_("Due"))
    schedule = models.JSONField(_("Ladder in time"))  # {"due": iso, "steps": [[code, iso], …]} in order of time
    step = models.SmallIntegerField(_("Last step fired"), default=-1)  # index into schedule["steps"]
    next_at = models.DateTimeField(_("Next step"), null=True)
    breached_at = models.DateTimeField(pgettext_lazy("when", "Breached"), null=True)
    ended_at = models.DateTimeField(_("Ended"), null=True)
    version = models.PositiveIntegerField(default=1)
    error = models.TextField(blank=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                name="%(class)s_next",
                condition=Q(state=ClockState.RUNNING, next_at__isnull=False),
            ),
            models.Index(fields=["due_at", "id"], name="%(class)s_due", condition=Q(state__in=OPEN_STATES)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=ClockState.MET) | Q(breached_at=None, ended_at__isnull=False),
                name="%(class)s_met_or_breached",
            ),
            models.CheckConstraint(
                condition=~Q(state=ClockState.BREACHED) | Q(breached_at__isnull=False, ended_at__isnull=False),
                name="%(class)s_breached_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, ended_at=None)
                | (~Q(state__in=OPEN_STATES) & Q(ended_at__isnull=False)),
                name="%(class)s_open_or_ended",
            ),
            models.CheckConstraint(
                condition=Q(state=ClockState.RUNNING) | Q(next_at=None), name="%(class)s_only_running_fires"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="%(class)s_due_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"

    def pauses(self) -> list[Pause]:
        """The pause segments that count for this clock, oldest first; concrete clocks say which."""
        raise NotImplementedError

    # What follows from the row ------------------------------------------------------------------------------
    @property
    def work_calendar(self) -> WorkCalendar | None:
        """The calendar of the clock's version; None is elapsed time, as that of every target of its own."""
        if self.calendar_version is None or self.own_seconds is not None:
            return None
        return self.calendar_version.work_calendar()

    @property
    def is_open(self) -> bool:
        """Whether the clock has not ended."""
        return self.state in OPEN_STATES

    def remaining(self, now: datetime) -> timedelta:
        """Elapsed time to the due time; negative when late."""
        return self.due_at - now

    @property
    def target(self) -> Target:
        """The policy's target, unless this clock was given one of its own (a promise is due when it was promised)."""
        return Target(duration=timedelta(seconds=self.own_seconds)) if self.own_seconds else self.policy.target

    def explain(self, now: datetime) -> Explanation:
        """The due time, segment by segment (D9); of a paused clock, up to `now`."""
        return explain_target(self.target, self.work_calendar, self.started_at, self.pauses(), now)


class Firing(NamedTuple):
    """One step of one clock as the engine fires it."""

    deadline: Any
    code: str
    step: Step
    at: datetime  # when it should have fired
    late_seconds: int | None  # set when the system was late (D12)
    entered_late: bool  # the step's time had passed before the clock was armed (D7)


class ClockEvent(models.Model):
    """Append-only history of a clock; concrete beside the clock, with a foreign key `deadline`."""

    type = models.CharField(pgettext_lazy("clock", "What happened"), max_length=12, choices=ClockEventType)
    code = models.CharField(_("Step"), max_length=40, blank=True)
    at = models.DateTimeField(_("When"), db_default=Now())
    door = models.CharField(_("Door"), max_length=10, choices=Door, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.JSONField(default=dict)

    class Meta:
        abstract = True
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deadline", "code"], condition=Q(type=ClockEventType.FIRED), name="%(class)s_step_once"
            )
        ]
        triggers = append_only("clock_history")

    def __str__(self) -> str:
        return f"{self.type} {self.code}"
