"""Row 1: kill -9 in mid-escalation, at random and at named places; nothing is lost, nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures

COUNT = choose(full=20_000, short=500)
SPREAD = choose(full=10.0, short=4.0)


def test_random_sweepers_killed_each_0_4_s(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start(*USUAL, "sentinel-3", "sentinel-4")
    run.fleet.until_ready()
    run.ledger.arm(COUNT, lead=2.0, spread=SPREAD)
    clock, kills = Clock(), 0
    while clock.seconds < 2.0 + SPREAD or not run.ledger.all_fired():
        alive = [name for name in run.fleet.pids() if name.startswith("sentinel")]
        if alive:
            run.fleet.kill(run.chance.choice(alive))
            kills += 1
        next_at = clock.seconds + 0.4
        run.fleet.until(lambda end=next_at: clock.seconds >= end, seconds=5, what="0.4 s", tend=True)
        assert clock.seconds < 60
    run.fleet.until(run.ledger.all_delivered, seconds=120, what="everything delivered", tend=True)
    say(f"{kills} kills, lateness {figures(run.ledger.lateness())}")
    assert run.ledger.differences(mail=run.mail) == []
    assert run.mail.extra_copies() == 0
    assert run.ledger.worst() <= 2.0
