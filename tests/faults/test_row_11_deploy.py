"""Row 11: a new version rolls out in the middle of a storm: old processes leave, new ones come, a column is added."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from io import StringIO

import psycopg2
from django.core.management import call_command
from django.test import override_settings

from service_desk.local.servers import DATABASE
from tests.faults.conftest import Run
from tests.faults.fleet import DOORS, USUAL
from tests.faults.house import BASE, FULL, choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures

COUNT = choose(full=20_000, short=600)
SPREAD = choose(full=45.0, short=14.0)


def test_old_leave_new_come_and_a_column_is_added_while_clocks_fire(run: Run, say: Callable[[str], None]) -> None:
    run.fleet.start(*USUAL)
    run.fleet.until_ready()
    run.ledger.arm(COUNT, lead=0.5, spread=SPREAD)
    run.fleet.until(lambda: run.ledger.fired() > COUNT // 20, seconds=20, what="the storm began")
    left = []
    old = run.fleet.pids()
    with _LockWatch(run) as watch:
        took = _migrate(run)
        assert run.ledger.fired() < COUNT, "the storm was over before the column was there"
        for name in USUAL:  # one after the other, as a rolling deployment does
            left.append(run.fleet.terminate(name, seconds=40))
            assert name in ("critical", "beat") or "Traceback" not in run.fleet.said(name)
            run.fleet.start(name)
            if name in DOORS:  # the next one leaves when this one is there
                run.fleet.until_ready(name)
            if name == DOORS[-1]:
                assert run.ledger.fired() < COUNT, "the storm was over before both sentinels were new"
        run.fleet.until(run.ledger.all_fired, seconds=60, what="all fired")
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=900, short=60), what="delivered")
    run.fleet.until_ready(seconds=60)
    say(f"migrated in {took:.1f} s, slowest to leave {max(left):.1f} s, longest wait for a lock {watch.longest:.2f} s")
    say(f"lateness {figures(run.ledger.lateness())}")
    assert not set(old.values()) & set(run.fleet.pids().values())
    assert run.ledger.differences(mail=run.mail) == []
    assert run.mail.extra_copies() == 0
    assert watch.longest <= 3.0
    assert run.ledger.worst() <= 2.0


def _migrate(run: Run) -> float:
    """`manage.py migrate` of a version with one migration more, beside the storm; the seconds that it took.

    The short form, whose storm is shorter than a Python takes to start on a busy machine, calls the command here.
    """
    clock = Clock()
    if FULL:
        environment = {**run.fleet.environment, "DJANGO_SETTINGS_MODULE": "tests.faults.next_version.settings"}
        command = [sys.executable, "manage.py", "migrate", "--skip-checks"]
        done = subprocess.run(
            command, cwd=BASE, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        said = done.stdout
    else:
        told = StringIO()
        with override_settings(MIGRATION_MODULES={"local": "tests.faults.next_version.migrations"}):
            call_command("migrate", skip_checks=True, stdout=told)
        said = told.getvalue()
    assert "Applying local.0001_column" in said
    assert run.house.one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'faults_new'") == 1
    return clock.seconds


class _LockWatch:
    """Looks on all the time for how long anybody waits for a lock."""

    def __init__(self, run: Run) -> None:
        self.longest = 0.0
        self._url = run.house.postgres.url(DATABASE)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _LockWatch:
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        self._ending.set()
        self._thread.join(10)

    def _look(self) -> None:
        own = psycopg2.connect(self._url)
        own.autocommit = True
        with own.cursor() as cursor:
            while not self._ending.wait(0.05):
                cursor.execute(
                    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float"
                    " FROM pg_locks WHERE NOT granted"
                )
                self.longest = max(self.longest, *(waited for (waited,) in cursor.fetchall()))
        own.close()
