"""Row 3: Redis emptied, ended, silent and killed, under load; escalations do not notice, workers find back alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import choose
from tests.faults.injection import Clock, flush_redis, pause_redis, redis_away, redis_silent, stop_redis
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
    clock = Clock()
    run.ledger.arm(COUNT, lead=0.5, spread=2 * AWAY + SILENT)
    flush_redis(run.house)
    back = [_away(run, hard=False)]
    silent = Clock()
    pause_redis(run.house, SILENT)
    run.fleet.until(lambda: silent.seconds >= SILENT * 0.8, seconds=SILENT + 5, what="the silence")
    assert redis_silent(run.house) or silent.seconds >= SILENT
    run.fleet.until(lambda: not redis_silent(run.house), seconds=SILENT, what="Redis speaks again")
    back += [_works_again(run), _away(run, hard=True)]
    run.fleet.until(run.ledger.all_fired, seconds=30, what="all fired")
    replies, took = load.stop(), clock.seconds
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered")
    worst = ", ".join(f"{seconds:.1f}" for seconds in back)
    say(f"lateness {figures(run.ledger.lateness())}; both workers back {worst} s after shutdown, silence, kill")
    say(f"{len(replies)} registrations, p99 {percentile(replies, 0.99):.2f} s, worst {percentile(replies, 1):.2f} s")
    assert run.fleet.pids() == pids, "a process had to be started again"
    assert max(back) <= 30.0
    assert {reply.status for reply in replies} == {201}
    assert len(replies) >= PER_SECOND * took * choose(full=0.9, short=0.5), "the load was not there"
    assert percentile(replies, 0.99) <= 1.0
    assert run.ledger.differences(mail=run.mail) == []
    assert run.ledger.worst() <= 1.0


def _away(run: Run, *, hard: bool) -> float:
    """Redis goes, stays away and comes back; how long both workers took from then on."""
    stop_redis(run.house, hard=hard)
    away = Clock()
    run.fleet.until(lambda: away.seconds >= AWAY, seconds=AWAY + 5, what="the outage")
    assert redis_away(run.house)
    assert run.house.servers.mend() == ["Redis had died and has been started again"]
    assert not redis_away(run.house)
    return _works_again(run)


def _works_again(run: Run) -> float:
    """Until each worker has done something that was asked of it after this moment; the seconds."""
    clock = Clock()
    seals = run.house.one("SELECT count(*) FROM audit_auditseal")
    run.fleet.until_ready("critical", seconds=40)
    run.fleet.until(
        lambda: run.house.one("SELECT count(*) FROM audit_auditseal") > seals, seconds=40, what="bulk works again"
    )
    return clock.seconds
