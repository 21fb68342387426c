"""Row 15: nobody sweeps; the desk says so within ten seconds, and when they are back each clock fires once, marked.

The watchman outside is called as long as the sentinels sweep, and no longer, though the auditor that calls him lives.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from service_desk.dashboard import health
from service_desk.notices.models import Notice
from tests.faults.conftest import Run
from tests.faults.fleet import DOORS
from tests.faults.injection import Clock

COUNT = 200
RED = 10.0


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
    assert silent.seconds <= RED
    tiles = {check.code for check in health.checks(health.measure()) if not check.ok}
    assert tiles >= set(json.loads(failed)["failed"])  # the engine's page shows the same
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


def test_the_watchman_outside_is_no_longer_called(run: Run, say: Callable[[str], None]) -> None:
    """His alarm is the silence; so the auditor, which sweeps too, may not lull him while the sentinels are still."""
    run.fleet.start(*DOORS, "dispatch")
    run.fleet.start("audit", command=[*run.fleet.plan["audit"], "--every", "0.5"], env={"ALIVE_URL": run.hooks.url})
    run.fleet.until_ready()
    run.fleet.until(lambda: run.hooks.calls >= 3, seconds=20, what="the watchman called")
    run.fleet.freeze(*DOORS)
    silent = Clock()
    run.fleet.until(lambda: silent.seconds >= RED, seconds=RED + 5, what="ten seconds without a sweep")
    last = Clock()
    heard = run.hooks.calls
    run.fleet.until(lambda: last.seconds >= 4.0, seconds=6, what="some passes of the auditor")
    late = run.hooks.calls - heard
    assert late <= 1  # one that was on its way
    run.fleet.until_ready("audit", seconds=15)  # it lives, and is silent on purpose
    run.fleet.thaw(*DOORS)
    back = run.fleet.until(lambda: run.hooks.calls >= heard + late + 2, seconds=20, what="called again")
    say(f"watchman: {heard} calls, none while nobody swept, again {back:.1f} s after they went on")
