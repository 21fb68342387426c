"""The clocks of a case, their history, and the pauses that hold them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models.by_time import by_time
from service_desk.cases.models.case import Case
from service_desk.cases.rules import WaitingFor
from service_desk.deadlines.hours import Pause
from service_desk.deadlines.models import ClockEvent, Deadline
from service_desk.deadlines.rules import NEVER_PAUSED, OPEN_STATES


class CasePause(models.Model):
    """One time of waiting: from, until, for what, who said so (D3). It holds the clocks that may pause."""

    case = models.ForeignKey(Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="pauses")
    starts_at = models.DateTimeField(_("From"))
    ends_at = models.DateTimeField(_("Until"), null=True)
    waiting_for = models.CharField(_("Waiting for"), max_length=12, choices=WaitingFor)
    reason = models.CharField(_("Reason"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("By"), on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("Pause")
        verbose_name_plural = _("Pauses")
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(ends_at=None), name="case_one_open_pause"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")), name="pause_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pause_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_waiting_for_display()}"

    def segment(self, since: datetime | None = None) -> Pause:
        """As the arithmetic takes it; what lies before `since` is left out."""
        return Pause(max(self.starts_at, since) if since else self.starts_at, self.ends_at, self.reason)


class CaseDeadline(Deadline):
    """A clock of a case."""

    # No index of its own: the unique constraint begins with the case.
    case = models.ForeignKey(
        Case, verbose_name=_("Case"), on_delete=models.PROTECT, related_name="deadlines", db_index=False
    )

    part = models.BigIntegerField(
        default=0, db_default=0
    )  # of which promise, hand-over or consultation; 0: of the case itself
    people = models.JSONField(default=dict, db_default={})  # further slots of the ladder: {"receiver": 12}
    # Time that never counts: of a clock taken over the pauses it had (D5), of one that goes on what lay between (D4).
    gaps = models.JSONField(default=list, db_default=[])  # [[iso, iso, reason], …]
    pauses_from = models.DateTimeField(null=True, editable=False)  # the case's own pauses count from here on (D5)

    class Meta(Deadline.Meta):
        abstract = False
        verbose_name = _("Clock")
        verbose_name_plural = _("Clocks")
        constraints = [
            *Deadline.Meta.constraints,
            models.UniqueConstraint(fields=["case", "kind", "cycle", "part"], name="case_clock_once_per_cycle"),
        ]
        indexes = [
            *Deadline.Meta.indexes,
            # Whether a case is late, and which of its clocks is the nearest, from the index alone.
            models.Index(fields=["case", "due_at", "id"], name="casedeadline_open", condition=Q(state__in=OPEN_STATES)),
            by_time("breached_at", name="casedeadline_breached_at"),
            by_time("ended_at", name="casedeadline_ended_at"),
        ]

    def pauses(self) -> list[Pause]:
        """Its gaps; and the case's pauses, if its policy allows any and its time is not its own."""
        gaps = [
            Pause(datetime.fromisoformat(since), datetime.fromisoformat(until), why) for since, until, why in self.gaps
        ]
        if self.own_seconds is not None or not self.policy.may_pause or self.kind in NEVER_PAUSED:
            return gaps
        since = self.pauses_from or self.started_at
        return gaps + [
            pause.segment(self.pauses_from)
            for pause in self.case.pauses.all()
            if pause.ends_at is None or pause.ends_at > since
        ]

    def gap(self) -> timedelta:
        """How much of the time since its start lies in gaps."""
        ends = [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until, _why in self.gaps]
        return sum((until - since for since, until in ends), timedelta(0))


class CaseClockEvent(ClockEvent):
    """What happened to a clock of a case."""

    deadline = models.ForeignKey(
        CaseDeadline, verbose_name=_("Clock"), on_delete=models.PROTECT, related_name="history"
    )

    class Meta(ClockEvent.Meta):
        abstract = False
        verbose_name = _("Clock event")
        verbose_name_plural = _("Clock events")
        indexes = [by_time("at", name="caseclockevent_at")]
