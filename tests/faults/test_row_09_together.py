"""Row 9: fifty verbs at one case at the moment it comes due: a serial history, met or fired and never both.

The deeds and the checks are those of `tests/cases/test_concurrency.py`; here all stand ready on open connections and
go at the due moment itself, give or take five milliseconds, in an order by the seed. The full form does a thousand
rounds, on a fresh case every ten. Who had to be told is read from the times of the commits, which this server keeps.
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

from django.db import connection, connections

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseEvent
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.rest.errors import Refusal
from tests.cases import test_concurrency as at_once
from tests.factories import shift_time
from tests.faults.conftest import Run
from tests.faults.house import choose
from tests.faults.injection import Clock

ROUNDS, PER_CASE, SECONDS = choose(full=(1_000, 10, 3_600.0), short=(6, 3, 90.0))
#: Sweeps among the fifty; they change no case.
SWEEPS = 6
#: So long before the due moment all connections are asked for; so far around it the deeds begin.
AHEAD, AROUND = 1.0, 0.005
#: Of the rounds that have a due moment, the share in which all have to stand ready before it.
READY = choose(full=0.5, short=0.0)
#: Notices to a handler that must have been looked at; in few rounds there may be none.
OWNERS = choose(full=10, short=0)


def test_fifty_at_once_while_the_case_comes_due(run: Run, say: Callable[[str], None]) -> None:
    desk, clock, told = run.world, Clock(), Counter[str]()
    done, aimed, met_the_moment, owners = 0, 0, 0, 0
    while done < ROUNDS and clock.seconds < SECONDS:
        case = desk.register(severity=("major", "critical")[done // PER_CASE % 2])
        actions.start(case=case, actor=desk.agent)
        first, changes = Case.objects.get(pk=case.pk).version, 0
        for _round in range(PER_CASE):
            due = _ahead_of_it(case)
            since = run.house.one("SELECT clock_timestamp()")
            deeds = list(at_once.deeds_of_fifty(desk, case))
            assert len(deeds) >= 50
            ends, late = _around(due, deeds, run.chance)
            aimed += due is not None
            met_the_moment += due is not None and late < AROUND
            told.update(ends)
            assert set(ends) <= at_once.IN_ORDER | {"done"}, ends
            changes += ends.count("done") - SWEEPS
            sweep(Door.AUDITOR)
            at_once._is_serial(case, first, changes)
            at_once._clocks_are_sound(case)
            owners += _told_who_held_it(run, case, since)
            done += 1
    say(f"{done} rounds of {len(deeds)} at once in {clock.seconds:.0f} s: {dict(told)}")
    say(f"in {met_the_moment} of {aimed} every thread stood ready before the clock's due moment; {owners} owners told")
    assert met_the_moment >= max(1, READY * aimed)
    assert owners >= OWNERS
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


def _told_who_held_it(run: Run, case: Case, since: datetime) -> int:
    """Whoever was told as handler held the case by what was committed while the sweep was at work; how many were told.

    A sweep sees what was committed before its statement began, and that lies between its claim and its notice. Rows of
    the rounds before were written anew when time was moved on: they count as taken before this one.
    """
    taken = run.house.ask(
        "SELECT pg_xact_commit_timestamp(xmin), receiver_id FROM cases_handover"
        " WHERE case_id = %s AND state = 'accepted' ORDER BY 1, id",
        case.pk,
    )
    first = run.house.one("SELECT first_responder_id FROM cases_case WHERE id = %s", case.pk)
    begins = [None, *(at for at, _pk in taken)]
    holders = [first, *(pk for _at, pk in taken)]
    told = run.house.ask(
        "SELECT e.at, n.created_at, n.recipient_id FROM notices_notice n JOIN cases_caseclockevent e"
        " ON e.deadline_id = split_part(n.chain, ':', 2)::bigint AND e.type = 'fired'"
        " AND e.code = split_part(n.chain, ':', 4)"
        " WHERE n.about = %s AND n.chain LIKE 'case_deadline:%%' AND n.slot = 'handler' AND NOT n.fallback"
        " AND n.repeat_no = 0 AND e.at >= %s",
        f"case:{case.pk}",
        since,
    )
    for claimed, written, recipient in told:
        assert recipient in {
            holder
            for holder, begin, end in zip(holders, begins, [*begins[1:], None], strict=True)
            if (begin is None or begin <= written) and (end is None or end >= claimed)
        }, (claimed, written, recipient, taken)
    assert CaseEvent.objects.filter(case=case, type="accepted").count() == len(taken)
    return len(told)
