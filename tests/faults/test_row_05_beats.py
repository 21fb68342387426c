"""Row 5: three beats at once tell nothing twice; with none at all the sentinels keep every deadline, and it is seen."""

from __future__ import annotations

from collections.abc import Callable

from service_desk.dashboard import health
from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures

COUNT = choose(full=2_000, short=200)
WITHOUT = choose(full=600.0, short=13.0)
BEATS = ("beat", "beat-2", "beat-3")


def test_three_beats_then_none(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start(*USUAL, "bulk", "beat-2", "beat-3")
    run.fleet.until_ready()
    assert all(run.fleet.members[beat].alive for beat in BEATS)
    run.ledger.arm(COUNT, lead=0.5, spread=3.0)
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=90), what="delivered with three beats")
    doors = dict(
        run.house.ask("SELECT door, count(*) FROM cases_caseclockevent WHERE type = 'fired' GROUP BY 1 ORDER BY 1")
    )
    with_three = run.ledger.lateness_by_clock()
    for beat in BEATS:
        run.fleet.kill(beat, again=False)
    none = Clock()
    run.ledger.arm(COUNT, lead=0.5, spread=WITHOUT - 3.0)
    seen = run.fleet.until(lambda: not _celery_alive(), seconds=60, what="the missing beat is seen")
    run.fleet.until(lambda: none.seconds >= WITHOUT, seconds=WITHOUT + 10, what="the time without a beat")
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=90), what="delivered without a beat")
    late = [seconds for pk, seconds in run.ledger.lateness_by_clock().items() if pk not in with_three]
    say(f"three beats: fired by {doors}, lateness {figures(list(with_three.values()))}")
    say(f"none for {none.seconds:.0f} s: seen after {seen:.1f} s, lateness {figures(late)}")
    assert not [beat for beat in BEATS if run.fleet.members[beat].alive]
    assert run.ledger.differences(mail=run.mail) == []
    assert run.mail.extra_copies() == 0
    assert run.ledger.worst() <= 2.0


def _celery_alive() -> bool:
    doors = {door["door"]: door["alive"] for door in health.doors(health.measure())}
    return bool(doors["celery"])
