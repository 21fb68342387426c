"""Row 1: kill -9 in mid-escalation, at random and at named places; nothing is lost, nothing is told twice."""

from __future__ import annotations

import signal
from collections.abc import Callable

from service_desk.notices.channels import CHANNELS
from service_desk.notices.rules import LEASE_SECONDS
from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import FULL, choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures, let_leases_end

COUNT = choose(full=20_000, short=500)
SPREAD = choose(full=10.0, short=2.0)
#: The named places of the dispatcher at which it dies, each in a process of its own.
PLACES = ("outbox.claimed:1", "outbox.sent:3")


def test_random_sweepers_killed_each_0_4_s(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start(*USUAL, "sentinel-3", "sentinel-4", warm=True)
    run.fleet.until_ready()
    run.ledger.arm(COUNT, lead=1.0, spread=SPREAD)
    clock, kills = Clock(), 0
    while clock.seconds < 1.0 + SPREAD or not run.ledger.all_fired():
        alive = [name for name in run.fleet.pids() if name.startswith("sentinel")]
        if alive:
            run.fleet.kill(run.chance.choice(alive))
            kills += 1
        next_at = clock.seconds + 0.4
        run.fleet.until(lambda end=next_at: clock.seconds >= end, seconds=5, what="0.4 s", tend=True)
        assert clock.seconds < 60
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered", tend=True)
    say(f"{COUNT} clocks, {kills} kills, lateness {figures(run.ledger.lateness())}")
    assert kills >= SPREAD / 0.8
    assert run.ledger.differences(mail=run.mail) == []
    assert run.mail.extra_copies() == 0
    assert run.ledger.worst() <= 2.0


def test_sweepers_die_after_the_claim_and_before_the_commit(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("sentinel-1", env={"DESK_CRASH_AT": "engine.claimed"})
    run.fleet.start("sentinel-2", env={"DESK_CRASH_AT": "engine.written"})
    run.fleet.until_ready()
    run.ledger.arm(200, lead=0.0, spread=0.1)
    for name in ("sentinel-1", "sentinel-2"):
        run.fleet.until(lambda n=name: not run.fleet.members[n].alive, seconds=10, what=f"{name} dies at its place")
        popen = run.fleet.members[name].popen
        assert popen is not None
        assert popen.wait(5) == -signal.SIGKILL
    assert run.ledger.fired() == 0
    run.fleet.start("sentinel-3", "dispatch", warm=True)
    run.fleet.until(run.ledger.all_delivered, seconds=60, what="delivered by who came after")
    say(f"lateness {figures(run.ledger.lateness())}, with nobody alive between the deaths and the next sentinel")
    assert run.ledger.differences(mail=run.mail) == []
    assert run.mail.extra_copies() == 0


def test_dispatchers_die_before_and_after_sending(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("sentinel-1", warm=True)
    run.fleet.until_ready()
    run.ledger.arm(200, lead=0.0, spread=0.1)
    run.fleet.until(run.ledger.all_fired, seconds=20, what="fired")
    for place in PLACES:
        run.fleet.start("dispatch", env={"DESK_CRASH_AT": place})
        run.fleet.until(lambda: not run.fleet.members["dispatch"].alive, seconds=30, what=f"death at {place}")
        popen = run.fleet.members["dispatch"].popen
        assert popen is not None
        assert popen.wait(5) == -signal.SIGKILL
    assert run.mail.copies(), "the second was to die behind a letter that is out"
    assert run.house.one("SELECT count(*) FROM notices_delivery WHERE state = 'sending'") > 0
    if not FULL:
        let_leases_end(run.house)
    run.fleet.start("dispatch", warm=True)
    run.fleet.until(run.ledger.all_delivered, seconds=LEASE_SECONDS + 60, what="delivered after the leases")
    say(f"{len(PLACES)} dispatchers killed, {run.mail.extra_copies()} extra copies")
    assert run.ledger.differences(mail=run.mail) == []
    assert max(run.mail.copies().values()) <= 1 + len(PLACES)
    # Only the second had letters out; of each lane at most one was out and not yet written down.
    assert 1 <= run.mail.extra_copies() <= CHANNELS["email"].lanes
