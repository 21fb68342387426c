"""Row 9: fifty verbs at one case at the moment it comes due: a serial history, met or fired and never both.

The round is that of `tests/cases/test_concurrency.py`; the full form does a thousand, on a fresh case every ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseEvent
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from tests.cases import test_concurrency as at_once
from tests.factories import World, world
from tests.faults.house import choose
from tests.faults.injection import Clock, seed_of_run

ROUNDS, PER_CASE, SECONDS = choose(full=(1_000, 10, 3_600.0), short=(6, 3, 90.0))
#: Sweeps among the fifty; they change no case.
SWEEPS = 6
NEAR = timedelta(seconds=2)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_while_the_case_comes_due(say: Callable[[str], None]) -> None:
    desk, clock, told = world(), Clock(), Counter[str]()
    seed_of_run()  # printed as for every row; here the order is the machine's
    done = 0
    while done < ROUNDS and clock.seconds < SECONDS:
        case = desk.register(severity=("major", "critical")[done // PER_CASE % 2])
        actions.start(case=case, actor=desk.agent)
        first, changes = Case.objects.get(pk=case.pk).version, 0
        for _round in range(PER_CASE):
            at_once._just_before(case)
            deeds = list(at_once.deeds_of_fifty(desk, case))
            assert len(deeds) >= 50
            ends = at_once.together(deeds)
            told.update(ends)
            assert set(ends) <= at_once.IN_ORDER | {"done"}, ends
            changes += ends.count("done") - SWEEPS
            sweep(Door.AUDITOR)
            at_once._is_serial(case, first, changes)
            at_once._clocks_are_sound(case)
            _told_who_held_it(case, desk)
            done += 1
    say(f"{done} rounds of {len(deeds)} at once in {clock.seconds:.0f} s: {dict(told)}")
    assert done >= ROUNDS, f"only {done} rounds in {SECONDS:.0f} s"
    assert not Incident.objects.exists()


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
