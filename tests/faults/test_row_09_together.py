"""Row 9: fifty verbs at one case at the moment it comes due: a serial history, met or fired and never both.

The deeds and the checks are those of `tests/cases/test_concurrency.py`; here all stand ready on open connections and
go at the due moment itself, give or take five milliseconds, in an order by the seed. The full form does a thousand
rounds, on a fresh case every ten.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseEvent
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Refusal
from tests.cases import test_concurrency as at_once
from tests.factories import World, shift_time, world
from tests.faults.house import choose
from tests.faults.injection import Clock, seed_of_run

ROUNDS, PER_CASE, SECONDS = choose(full=(1_000, 10, 3_600.0), short=(6, 3, 90.0))
#: Sweeps among the fifty; they change no case.
SWEEPS = 6
NEAR = timedelta(seconds=2)
#: So long before the due moment all connections are asked for; so far around it the deeds begin.
AHEAD, AROUND = 1.0, 0.005
#: Of the rounds that have a due moment, the share in which all have to stand ready before it.
READY = choose(full=0.5, short=0.0)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_while_the_case_comes_due(say: Callable[[str], None]) -> None:
    desk, clock, told = world(), Clock(), Counter[str]()
    chance = random.Random(seed_of_run())
    done, aimed, met_the_moment = 0, 0, 0
    while done < ROUNDS and clock.seconds < SECONDS:
        case = desk.register(severity=("major", "critical")[done // PER_CASE % 2])
        actions.start(case=case, actor=desk.agent)
        first, changes = Case.objects.get(pk=case.pk).version, 0
        for _round in range(PER_CASE):
            due = _ahead_of_it(case)
            deeds = list(at_once.deeds_of_fifty(desk, case))
            assert len(deeds) >= 50
            ends, late = _around(due, deeds, chance)
            aimed += due is not None
            met_the_moment += due is not None and late < AROUND
            told.update(ends)
            assert set(ends) <= at_once.IN_ORDER | {"done"}, ends
            changes += ends.count("done") - SWEEPS
            sweep(Door.AUDITOR)
            at_once._is_serial(case, first, changes)
            at_once._clocks_are_sound(case)
            _told_who_held_it(case, desk)
            done += 1
    say(f"{done} rounds of {len(deeds)} at once in {clock.seconds:.0f} s: {dict(told)}")
    say(f"in {met_the_moment} of {aimed} with a due moment every thread stood ready before it")
    assert met_the_moment >= max(1, READY * aimed)
    assert done >= ROUNDS, f"only {done} rounds in {SECONDS:.0f} s"
    assert not Incident.objects.exists()


def _ahead_of_it(case: Case) -> float | None:
    """Let time pass until just before the nearest open clock is due; that moment on the machine's clock, if any."""
    nearest = case.deadlines.filter(state="running").order_by("due_at").first()
    if nearest is None or at_once._left(nearest) <= timedelta(0):
        return None  # the round is about a case that is late or ended
    shift_time(case, seconds=at_once._left(nearest).total_seconds() - AHEAD)
    nearest.refresh_from_db()
    return time.monotonic() + at_once._left(nearest).total_seconds()


def _around(due: float | None, deeds: Sequence[Callable[[], Any]], chance: random.Random) -> tuple[list[str], float]:
    """Do all of this at the due moment; how each ended, and how long after it the last thread stood ready."""
    barrier, ready = threading.Barrier(len(deeds)), threading.Event()
    offsets = [chance.uniform(-AROUND, AROUND) for _deed in deeds]
    stood: list[float] = []

    def run(deed: Callable[[], Any], offset: float) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(60)
            stood.append(time.monotonic())
            ready.wait(max(0.0, (due or 0.0) + offset - time.monotonic()))  # nobody sets it: a wait to the moment
            deed()
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        ends = list(pool.map(run, deeds, offsets))
    return ends, max(stood) - (due or 0.0)


def _told_who_held_it(case: Case, desk: World) -> None:
    """Whoever was told as handler held the case at that moment, or within the waits of a lock around it."""
    taken = case.hand_overs.filter(state="accepted").order_by("decided_at", "id").values_list("decided_at", "receiver")
    holders: list[tuple[datetime | None, int]] = [(None, desk.agent.pk), *taken]
    told = Notice.objects.filter(about=f"case:{case.pk}", slot="handler", fallback=False, repeat_no=0)
    for at, recipient in told.values_list("created_at", "recipient"):
        ends = [moment for moment, _pk in holders[1:]] + [None]
        assert recipient in {
            holder
            for (begins, holder), end in zip(holders, ends, strict=True)
            if (begins is None or begins <= at + NEAR) and (end is None or end >= at - NEAR)
        }
    assert CaseEvent.objects.filter(case=case, type="accepted").count() == len(holders) - 1
