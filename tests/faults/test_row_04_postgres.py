"""Row 4: PostgreSQL crashes, stays away, and ends every session; nothing committed is lost, all come back alone."""

from __future__ import annotations

from collections.abc import Callable

from service_desk.cases.models import Case
from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose, reconnect
from tests.faults.injection import Clock, crash_postgres, end_all_sessions
from tests.faults.ledger import figures
from tests.faults.load import Load, registered

COUNT = choose(full=10_000, short=400)
DOWN = choose(full=30.0, short=4.0)


def test_postgres_crashes_stays_away_and_ends_every_session(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("web-1", *USUAL)
    run.fleet.until_ready()
    assert run.fleet.get("/healthz")[0] == 200, run.fleet.get("/healthz")
    load = Load(run.fleet.port, run.world)
    pids = run.fleet.pids()
    # A third comes before the crash, a third while nobody answers, a third after.
    run.ledger.arm(COUNT, lead=0.5, spread=DOWN + 6.0)
    load.start()
    run.fleet.until(lambda: run.ledger.fired() > 0, seconds=10, what="the first fired")
    sooner = run.ledger.fired()
    run.fleet.until(lambda: _sweeping(run), seconds=20, what="a sweep at work")
    crash_postgres(run.house)
    down = Clock()

    def over() -> bool:
        status, body = run.fleet.get("/healthz")
        assert (status, b"database" in body) == (503, True), (status, body)
        return bool(down.seconds >= DOWN)

    run.fleet.until(over, seconds=DOWN + 10, what="the outage")
    assert not run.house.reachable()
    assert run.house.servers.mend() == ["PostgreSQL had died and has been started again"]
    back = Clock()
    overdue = run.house.one("SELECT count(*) FROM cases_casedeadline WHERE next_at <= now() AND state = 'running'")
    assert overdue > 0
    drained = run.fleet.until(lambda: not _overdue(run), seconds=30, what="drained")
    say(f"down {down.seconds:.1f} s, {sooner} fired before, {overdue} overdue then, drained in {drained:.1f} s")
    assert back.seconds <= 5.0
    ended = end_all_sessions(run.house)
    run.fleet.until_ready(*USUAL, seconds=30)
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 200, seconds=30, what="green again")
    replies = load.stop()
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered")
    say(f"{ended} sessions ended; lateness {figures(run.ledger.lateness())}; {len(registered(replies))} cases taken")
    assert run.fleet.pids() == pids, "a process had to be started again"
    reconnect()
    assert registered(replies)
    kept = set(Case.objects.values_list("number", flat=True))
    assert [number for number in registered(replies) if number not in kept] == []
    assert run.ledger.differences(mail=run.mail) == []


def _overdue(run: Run) -> int:
    found: int = run.house.one(
        "SELECT count(*) FROM cases_casedeadline WHERE next_at <= now() - interval '1 s' AND state = 'running'"
    )
    return found


def _sweeping(run: Run) -> bool:
    """Whether a sentinel is in the middle of a transaction that fires clocks, its rows written and not committed."""
    return bool(
        run.house.one(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
            " AND (query LIKE '%cases_caseclockevent%' OR query LIKE '%cases_casedeadline%'"
            " OR query LIKE '%notices_notice%')"
        )
    )
