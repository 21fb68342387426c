"""Row 10: ten thousand in one second, in a table of many millions, while people work; nobody is told late."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose
from tests.faults.injection import Clock
from tests.faults.ledger import Ledger, figures
from tests.faults.load import Load, percentile

COUNT = choose(full=10_000, short=500)
HISTORY = choose(full=10_000_000, short=20_000)
#: Requests a second, of which one in ten registers a case and the others read, as people at work do.
PER_SECOND, REGISTERING = choose(full=50.0, short=10.0), 10
CALLERS = choose(full=8, short=2)
IDLE = choose(full=20.0, short=3.0)
#: Letters a second that the outbox owes the sink, with all this going on; no source names a figure.
RATE = choose(full=50.0, short=0.0)
BOTH = ("gm_marketing", "gm_product")


def test_ten_thousand_in_one_second(run: Run, say: Callable[[str], None]) -> None:
    ledger = Ledger(run.house, run.world, slots=BOTH)
    ended = _grow(run)
    run.fleet.start("web-1", "web-2", *USUAL, "bulk")
    run.fleet.until_ready()
    load = Load(run.fleet.port, run.world, per_second=PER_SECOND, callers=CALLERS, registering=REGISTERING)
    load.start()
    run.fleet.until(lambda: len(load.replies) >= 8 * CALLERS, seconds=60, what="warm")
    load.replies.clear()
    idle_time = Clock()
    run.fleet.until(lambda: idle_time.seconds >= IDLE, seconds=IDLE + 5, what="the quiet time")
    idle, load.replies = load.replies, []
    reached = len(idle) / idle_time.seconds
    first = ledger.arm(COUNT, lead=choose(full=5.0, short=1.5), spread=1.0)
    assert run.house.one("SELECT clock_timestamp()") < first, "arming took longer than its lead"
    run.fleet.until(ledger.all_fired, seconds=60, what="all fired")
    drain = Clock()
    busy = load.stop()
    run.fleet.until(ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered")
    rate = COUNT * len(BOTH) / max(drain.seconds, 0.001)
    say(f"{COUNT} in 1 s among {ended} ended clocks: lateness {figures(ledger.lateness())}, {rate:.0f} mails a second")
    say(
        f"{reached:.0f} requests a second, p95 {percentile(idle, 0.95):.3f} s idle,"
        f" {percentile(busy, 0.95):.3f} s of {len(busy)} in the storm"
    )
    assert reached >= PER_SECOND * choose(full=0.9, short=0.5), "the load was not there"
    assert {reply.status for reply in [*idle, *busy]} == {200, 201}
    assert ledger.differences(mail=run.mail) == []
    assert run.house.one("SELECT count(*) FROM notices_delivery") == COUNT * len(BOTH)
    assert run.mail.extra_copies() == 0
    assert ledger.worst() <= 1.0
    assert rate >= RATE
    # Of the few requests of the short form the slowest one is the p95, so that it only has to stay usable.
    assert percentile(busy, 0.95) <= choose(full=2 * percentile(idle, 0.95), short=1.0)


def _grow(run: Run) -> int:
    """Fill the table with clocks that ended long ago, as years leave them behind; how many."""
    case = run.world.register(severity="minor")
    template = case.deadlines.get(kind="solution")
    run.house.ask("SET session_replication_role = replica")
    per_case = 10_000
    run.house.ask(
        "INSERT INTO cases_casedeadline (case_id, kind, cycle, part, policy_id, state, armed_at, started_at, due_at,"
        " ended_at, schedule, step, version, error)"
        " SELECT case_id, kind, 2 + g %% %s, g / %s, policy_id, 'met', armed_at - interval '1 year',"
        " started_at - interval '1 year', due_at - interval '1 year', due_at - interval '1 year', schedule, -1, 2, ''"
        " FROM cases_casedeadline, generate_series(0, %s - 1) g WHERE id = %s",
        per_case,
        per_case,
        HISTORY,
        template.pk,
    )
    run.house.ask("SET session_replication_role = DEFAULT")
    run.house.ask("VACUUM ANALYZE cases_casedeadline")  # as years leave them: long since looked after
    count: int = run.house.one("SELECT count(*) FROM cases_casedeadline WHERE state = 'met'")
    assert count == HISTORY
    return count
