"""Row 3: Redis emptied, ended, silent and killed, under load; escalations do not notice, workers find back alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose
from tests.faults.injection import Clock, flush_redis, pause_redis, redis_away, stop_redis
from tests.faults.ledger import figures
from tests.faults.load import Load, percentile

COUNT = choose(full=3_000, short=300)
AWAY = choose(full=60.0, short=3.0)
SILENT = choose(full=30.0, short=3.0)
PER_SECOND = choose(full=10.0, short=4.0)


def test_redis_emptied_ended_silent_and_killed(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("web-1", *USUAL, "bulk")
    run.fleet.until_ready()
    pids = run.fleet.pids()
    load = Load(run.fleet.port, run.world, per_second=PER_SECOND)
    load.start()
    run.fleet.until(lambda: len(load.replies) >= 5, seconds=30, what="the first cases registered")
    load.replies.clear()  # the first request of a web process loads what all others find there
    run.ledger.arm(COUNT, lead=0.5, spread=2 * AWAY + SILENT)
    flush_redis(run.house)
    _away(run, hard=False)
    pause_redis(run.house, SILENT)
    silent = Clock()
    run.fleet.until(lambda: silent.seconds >= SILENT, seconds=SILENT + 5, what="the silence")
    _away(run, hard=True)
    took = run.fleet.until_ready("critical", seconds=30)
    before = run.house.one("SELECT count(*) FROM audit_auditseal")
    sealed = run.fleet.until(
        lambda: run.house.one("SELECT count(*) FROM audit_auditseal") > before, seconds=30, what="bulk works again"
    )
    run.fleet.until(run.ledger.all_fired, seconds=30, what="all fired")
    replies = load.stop()
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered")
    say(f"lateness {figures(run.ledger.lateness())}; workers back after {took:.1f} and {sealed:.1f} s")
    say(f"{len(replies)} registrations, p99 {percentile(replies, 0.99):.2f} s, worst {percentile(replies, 1):.2f} s")
    assert run.fleet.pids() == pids, "a process had to be started again"
    assert {reply.status for reply in replies} == {201}
    assert percentile(replies, 0.99) <= 1.0
    assert run.ledger.differences(mail=run.mail) == []
    assert run.ledger.worst() <= 1.0


def _away(run: Run, *, hard: bool) -> None:
    stop_redis(run.house, hard=hard)
    away = Clock()
    run.fleet.until(lambda: away.seconds >= AWAY, seconds=AWAY + 5, what="the outage")
    assert redis_away(run.house)
    assert run.house.servers.mend() == ["Redis had died and has been started again"]
    assert not redis_away(run.house)
