"""Row 2: a process frozen in the middle of its work gives back what it holds, and as a zombie changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from service_desk.notices.channels import CHANNELS
from service_desk.notices.rules import LEASE_SECONDS
from tests.faults.conftest import Run
from tests.faults.house import FULL, choose
from tests.faults.injection import Clock, state_of
from tests.faults.ledger import figures, let_leases_end

COUNT = choose(full=5_000, short=300)
FROZEN = choose(full=60.0, short=8.0)


def test_a_sweeper_frozen_with_claimed_rows_in_its_hands(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("sentinel-1", env={"DESK_CRASH_AT": "engine.claimed:1:STOP"})
    run.fleet.start("sentinel-2", "dispatch", warm=True)
    run.fleet.until_ready()
    run.fleet.freeze("sentinel-2")  # so that it is the other one that claims first
    run.ledger.arm(COUNT, lead=0.5, spread=2.0)
    zombie = run.fleet.members["sentinel-1"].pid
    run.fleet.until(lambda: state_of(zombie) == "T", seconds=10, what="frozen behind its claim")
    clock = Clock()
    run.fleet.thaw("sentinel-2")
    run.fleet.until(run.ledger.all_fired, seconds=30, what="all fired by the other")
    run.fleet.until(lambda: clock.seconds >= FROZEN, seconds=FROZEN + 5, what="the time of being frozen")
    assert state_of(zombie) == "T"
    before = _clocks(run)
    run.fleet.thaw("sentinel-1")
    run.fleet.until_ready("sentinel-1", seconds=30)
    assert _clocks(run) == before
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=60), what="delivered")
    say(f"frozen {FROZEN:.0f} s with a claim, lateness {figures(run.ledger.lateness())}")
    assert run.ledger.differences(mail=run.mail) == []
    assert run.ledger.worst() <= 6.0


def test_a_dispatcher_frozen_while_sending(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("sentinel-1", warm=True)
    run.fleet.start("dispatch", env={"DESK_CRASH_AT": "outbox.sent:2:STOP"})
    run.fleet.until_ready()
    run.ledger.arm(COUNT, lead=0.0, spread=0.5)
    zombie = run.fleet.members["dispatch"].pid
    run.fleet.until(lambda: state_of(zombie) == "T", seconds=30, what="frozen behind a letter")
    clock = Clock()
    run.fleet.until(run.ledger.all_fired, seconds=20, what="fired")
    held = run.house.one("SELECT count(*) FROM notices_delivery WHERE state = 'sending'")
    assert held >= 1
    if not FULL:
        let_leases_end(run.house)
    run.fleet.start("dispatch-2", warm=True)
    run.fleet.until(
        run.ledger.all_delivered, seconds=LEASE_SECONDS + choose(full=600, short=60), what="delivered by the other"
    )
    run.fleet.until(lambda: clock.seconds >= FROZEN, seconds=FROZEN + 5, what="the time of being frozen")
    assert state_of(zombie) == "T"
    before = _deliveries(run)
    run.fleet.thaw("dispatch")
    run.fleet.until_ready("dispatch", seconds=30)
    assert _deliveries(run) == before
    say(f"{held} letters in the hands of the frozen one, {run.mail.extra_copies()} extra copies")
    assert run.ledger.differences(mail=run.mail) == []
    assert run.ledger.worst() <= 6.0
    assert run.mail.extra_copies() <= CHANNELS["email"].lanes
    assert max(run.mail.copies().values()) <= 2


def _clocks(run: Run) -> list[tuple[Any, ...]]:
    return run.house.ask("SELECT id, state, step, next_at, version FROM cases_casedeadline ORDER BY id")


def _deliveries(run: Run) -> list[tuple[Any, ...]]:
    return run.house.ask("SELECT id, state, fence, attempts, sent_at FROM notices_delivery ORDER BY id")
