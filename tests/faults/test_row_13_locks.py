"""Row 13: somebody forgets an open transaction; others are on time, what is locked soon after, and it is known who."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg2

from service_desk.deadlines.models import Incident
from service_desk.local.servers import DATABASE
from tests.faults.conftest import Run
from tests.faults.fleet import DOORS
from tests.faults.house import FULL, choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures

COUNT = choose(full=1_000, short=200)
#: The server ends a session that sleeps in a transaction after this; the short form asks for it sooner.
IDLE = choose(full=30.0, short=12.0)
ON_TIME = choose(full=2.0, short=4.0)
#: So long after that limit everything is fired; by the matrix a second.
AFTER = choose(full=1.0, short=4.0)
NAME = "psql of a person"


class Person:
    """Somebody at a terminal who begins a transaction and goes to lunch."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.session = psycopg2.connect(run.house.postgres.url(DATABASE), application_name=NAME)
        self.pid = self.session.info.backend_pid
        self.began: Any = None  # by the database's clock
        with self.session.cursor() as cursor:
            if not FULL:
                cursor.execute("SET idle_in_transaction_session_timeout = %s", [f"{IDLE:.0f}s"])
                self.session.commit()
            cursor.execute("SHOW idle_in_transaction_session_timeout")
            assert cursor.fetchone() == (f"{IDLE:.0f}s",)
        self.session.rollback()

    def begins(self, *statements: str) -> Clock:
        """Do this, leave the transaction open, and let the clock run."""
        with self.session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        [(state, self.began)] = self.run.house.ask(
            "SELECT state, state_change FROM pg_stat_activity WHERE pid = %s", self.pid
        )
        assert state == "idle in transaction"
        return Clock()

    def is_named(self) -> bool:
        """Whether an open incident says who it is."""
        told = Incident.objects.filter(kind="blocker", repaired_at=None, thing=f"session {self.pid}").first()
        return told is not None and f"pid {self.pid}, {NAME}, postgres@local, idle in transaction, since" in told.detail

    def is_gone(self) -> bool:
        """Whether the server has ended the session."""
        return not self.run.house.ask("SELECT 1 FROM pg_stat_activity WHERE pid = %s", self.pid)


def test_what_others_have_locked(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start("web-1", *DOORS, "dispatch")
    run.fleet.until_ready()
    _a_row(run, say)
    _a_table(run, say)
    _an_old_snapshot(run, say)
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=90), what="delivered")
    assert run.ledger.differences(mail=run.mail) == []


def _a_row(run: Run, say: Callable[[str], None]) -> None:
    """A case's row and one of its clocks are locked: only that clock waits."""
    run.ledger.arm(COUNT, lead=2.0, spread=1.0)
    locked = run.chance.choice(sorted(run.ledger.moments))
    person = Person(run)
    clock = person.begins(
        f"SELECT 1 FROM cases_case WHERE id = {run.ledger._case.pk} FOR UPDATE",
        f"SELECT 1 FROM cases_casedeadline WHERE id = {locked} FOR UPDATE",
    )
    assert run.house.ask("SELECT 1 FROM cases_casedeadline WHERE id = %s FOR UPDATE SKIP LOCKED", locked) == []
    run.fleet.until(lambda: run.ledger.fired() == COUNT - 1, seconds=IDLE, what="all others fired")
    others = run.ledger.lateness()
    assert others[-1] <= ON_TIME
    run.fleet.until(person.is_named, seconds=IDLE, what="the blocker named")
    named = clock.seconds
    assert not person.is_gone()
    assert run.ledger.fired() == COUNT - 1
    run.fleet.until(run.ledger.all_fired, seconds=IDLE + 10, what="the locked one fired")
    after = _until_fired(run, person, [locked])
    assert person.is_gone()
    run.fleet.until(lambda: not Incident.objects.filter(kind="blocker", repaired_at=None), seconds=10, what="settled")
    say(
        f"row locked: others {figures(others)}; named after {named:.1f} s, fired after {after:.1f} s (limit {IDLE:.0f})"
    )
    assert after <= IDLE + AFTER


def _until_fired(run: Run, person: Person, clocks: list[int]) -> float:
    """Seconds from when the person fell asleep to the commit of the last of these, by the database's clock."""
    fired: datetime = run.house.one(
        "SELECT max(pg_xact_commit_timestamp(xmin)) FROM cases_caseclockevent"
        " WHERE type = 'fired' AND deadline_id = ANY(%s)",
        clocks,
    )
    return float((fired - person.began).total_seconds())


def _a_table(run: Run, say: Callable[[str], None]) -> None:
    """The table of clocks is locked: nobody can sweep, the desk is red, and all fires when it is free."""
    known = set(run.ledger.moments)
    run.ledger.arm(COUNT, lead=1.0, spread=1.0)
    before = run.ledger.fired()
    person = Person(run)
    clock = person.begins("LOCK TABLE cases_casedeadline IN ACCESS EXCLUSIVE MODE")
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 503, seconds=11, what="red")
    red = clock.seconds
    run.fleet.until(person.is_named, seconds=IDLE, what="the blocker named")
    named = clock.seconds
    assert run.ledger.fired() == before
    assert not person.is_gone()
    run.fleet.until(run.ledger.all_fired, seconds=IDLE + 15, what="all fired")
    after = _until_fired(run, person, [pk for pk in run.ledger.moments if pk not in known])
    assert person.is_gone()
    say(f"table locked: red after {red:.1f} s, named after {named:.1f} s, all fired after {after:.1f} s")
    assert after <= IDLE + AFTER
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 200, seconds=20, what="green again")


def _an_old_snapshot(run: Run, say: Callable[[str], None]) -> None:
    """Somebody reads in an old snapshot: nothing waits, and it is known who keeps the vacuum away."""
    person = Person(run)
    person.begins("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM cases_casedeadline")
    known = set(run.ledger.moments)
    run.ledger.arm(COUNT, lead=1.0, spread=1.0)
    run.fleet.until(run.ledger.all_fired, seconds=20, what="all fired")
    run.fleet.until(person.is_named, seconds=IDLE, what="the blocker named")
    fresh = sorted(
        (at - run.ledger.moments[pk]).total_seconds()
        for pk, at in run.house.ask("SELECT deadline_id, at FROM cases_caseclockevent WHERE type = 'fired'")
        if pk not in known
    )
    say(f"old snapshot: {figures(fresh)}")
    assert fresh[-1] <= ON_TIME
    if FULL:  # the vacuum is not kept away for longer either
        run.fleet.until(person.is_gone, seconds=IDLE + 5, what="the old snapshot ended by the server")
    person.session.close()
