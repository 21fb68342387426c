"""Row 15: nobody sweeps; the desk says so within ten seconds, and when they are back each clock fires once, marked."""

from __future__ import annotations

from collections.abc import Callable

from service_desk.notices.models import Notice
from tests.faults.conftest import Run
from tests.faults.fleet import DOORS
from tests.faults.injection import Clock

COUNT = 200


def test_silent_sweepers_turn_the_desk_red_and_fire_late_but_once(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("web-1", *DOORS, "dispatch")
    run.fleet.until_ready()
    assert run.fleet.get("/healthz") == (200, b'{"status": "ok", "failed": []}')
    run.fleet.freeze(*DOORS)
    silent = Clock()
    run.ledger.arm(COUNT, lead=1.0, spread=1.0)
    red = run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 503, seconds=15, what="red")
    failed = run.fleet.get("/healthz")[1]
    assert b"sweep" in failed or b"overdue" in failed
    say(f"red {red:.1f} s after the freeze: {failed.decode()}")
    assert silent.seconds <= 11.0
    assert run.ledger.fired() == 0
    run.fleet.until(lambda: silent.seconds >= 9.0, seconds=12, what="late enough to be marked")
    run.fleet.thaw(*DOORS)
    took = run.fleet.until(run.ledger.all_fired, seconds=15, what="all fired")
    run.fleet.until(run.ledger.all_delivered, seconds=60, what="delivered")
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 200, seconds=15, what="green again")
    say(f"all {COUNT} fired {took:.1f} s after they went on")
    assert run.ledger.differences(mail=run.mail) == []
    late = Notice.objects.filter(chain__startswith="case_deadline:").values_list("late_by_seconds", flat=True)
    assert len(late) == COUNT
    assert all(seconds is not None and seconds >= 5 for seconds in late)
