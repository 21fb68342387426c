"""Trusts the database's clock, and notices when it jumps (RELIABILITY 21): a jump must not fire what is not due.

Each process compares the database's time with the machine's own running time. After a jump forward of more than a
minute it holds its fire until the clock comes back, a person confirms the new time on the engine's page, or five
minutes have passed: then it fires, since an early notice is better than none. A jump backward changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import report
from service_desk.deadlines.models import Incident
from service_desk.people.access import require, rule
from service_desk.people.rules import LEADING_ROLES, Role

KIND = "clock_jump"
#: Seconds of difference that are an incident, that hold the fire, and after which it is held no longer.
NOTED, HELD, LONGEST_HOLD = 2.0, 60.0, 300.0
#: Goes on while the machine sleeps, where the system has such a clock.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass
class ClockWatch:
    """One process's eye on the clock."""

    process: str
    _last: tuple[datetime, float] | None = None
    _ahead: float = 0.0  # seconds by which the clock has jumped since the hold began
    _held_since: float | None = None

    def may_fire(self) -> bool:
        """Look at the clock; False while a jump is neither undone, confirmed nor old enough."""
        wall, running = now(), time.clock_gettime(_RUNNING)
        jump = 0.0
        if self._last is not None:
            jump = (wall - self._last[0]).total_seconds() - (running - self._last[1])
        self._last = (wall, running)
        if abs(jump) > NOTED:
            report(kind=KIND, thing=self.process, detail=f"{jump:+.1f} s")
        if jump > HELD and self._held_since is None:
            self._held_since, self._ahead = running, 0.0
        if self._held_since is None:
            return True
        self._ahead += jump
        if self._ahead <= HELD or running - self._held_since >= LONGEST_HOLD or self._confirmed():
            self._held_since = None
        return self._held_since is None

    def _confirmed(self) -> bool:
        return not Incident.objects.filter(kind=KIND, thing=self.process, repaired_at=None).exists()


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
