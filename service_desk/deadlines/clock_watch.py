"""Trusts the database's clock, and notices when it jumps (RELIABILITY 21): a jump must not fire what is not due.

Each process compares the database's time with the machine's own running time. After a jump forward of more than a
minute it holds its fire until the clock comes back, a person confirms the new time on the engine's page, or five
minutes have passed: then it fires, since an early notice is better than none. A jump backward changes nothing.
A process that begins during a hold holds its fire as well: it has seen no jump, but finds what the others wrote of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import report
from service_desk.deadlines.models import Incident
from service_desk.people.access import require, rule
from service_desk.people.rules import LEADING_ROLES, Role

KIND = "clock_jump"
#: Seconds of difference that are an incident, and that hold the fire.
NOTED, HELD = 2.0, 60.0
#: A jump of more than HELD as an incident words it: "+3600.0 s".
_FAR_AHEAD = r"^\+([6-9][0-9]|[1-9][0-9]{2,})\.[0-9] s$"
#: Goes on while the machine sleeps, where the system has such a clock.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass
class ClockWatch:
    """One process's eye on the clock."""

    process: str
    _last: tuple[datetime, float, float] | None = None  # the database's time, ours, and how unsure of that we are
    _ahead: float = 0.0  # seconds by which the clock has jumped since the hold began
    _held_since: float | None = None
    _thing: str = ""  # under whose name the jump is written that holds the fire

    def may_fire(self) -> bool:
        """Look at the clock; False while a jump is neither undone, confirmed nor old enough."""
        asked = time.clock_gettime(_RUNNING)
        wall, running = now(), time.clock_gettime(_RUNNING)
        if self._last is None:
            self._join(running)
        jump = self._jump(wall, running, running - asked)
        if jump:
            self._note(jump)
        if jump > HELD and self._held_since is None:
            self._held_since, self._ahead = running, 0.0
        if self._held_since is None:
            return True
        self._ahead += jump
        if self._ahead <= HELD or running - self._held_since >= settings.CLOCK_HOLD_SECONDS or self._confirmed():
            self._held_since = None
        return self._held_since is None

    def _jump(self, wall: datetime, running: float, unsure: float) -> float:
        """By how much the clock has jumped since the last look; a process or an answer that was slow is no jump."""
        jump = 0.0
        if self._last is not None:
            jump = (wall - self._last[0]).total_seconds() - (running - self._last[1])
            if abs(jump) <= NOTED + self._last[2] + unsure:
                jump = 0.0
        self._last = (wall, running, unsure)
        return jump

    def _note(self, jump: float) -> None:
        """An incident of its own for each jump: one that still stands open tells of an earlier one."""
        with transaction.atomic():
            Incident.objects.filter(kind=KIND, thing=self.process, repaired_at=None).update(repaired_at=Now())
            report(kind=KIND, thing=self.process, detail=f"{jump:+.1f} s")
        self._thing = self.process

    def _join(self, running: float) -> None:
        """Take part in a hold that began before this process did."""
        held = holding().annotate(age=Now() - F("found_at")).order_by("-found_at").first()
        if held is not None:
            self._thing, self._ahead = held.thing, float(held.detail.partition(" ")[0])
            self._held_since = running - held.age.total_seconds()

    def _confirmed(self) -> bool:
        return not Incident.objects.filter(kind=KIND, thing=self._thing, repaired_at=None).exists()


def holding() -> QuerySet[Incident]:
    """The jumps for which somebody holds the fire at this moment: far ahead, young, and confirmed by nobody.

    One that was found later than now was found by a clock that has gone back since: nobody holds for it any more.
    """
    limit = timedelta(seconds=settings.CLOCK_HOLD_SECONDS)
    young = Incident.objects.filter(found_at__gt=Now() - limit, found_at__lte=Now())
    return young.filter(kind=KIND, repaired_at=None, detail__regex=_FAR_AHEAD)


@rule("engine.confirm_clock")
def may_confirm(user: Any, _thing: Any) -> bool:
    """Whoever leads or administers can look at a watch."""
    return bool(user.has_role(*LEADING_ROLES, Role.ADMINISTRATOR))


def confirm_clock(*, actor: Any) -> int:
    """A person says that the database's clock is right: open jumps are settled and the fire goes on; how many."""
    with transaction.atomic():
        require(actor, "engine.confirm_clock")
        settled = Incident.objects.filter(kind=KIND, repaired_at=None).update(repaired_at=Now())
        record(verb="engine.confirm_clock", thing="engine", actor=actor, detail={"incidents": settled})
    return settled
