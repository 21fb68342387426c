"""What every row of the matrix stands on: a house, its sinks, a fleet, a company, and the ledger."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.factories import World, world
from tests.faults.fleet import Fleet
from tests.faults.house import FULL, House, choose, connected, make_seed
from tests.faults.injection import seed_of_run
from tests.faults.ledger import Ledger
from tests.faults.sinks import HookSink, MailSink


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever lies in this folder is a row of the matrix: run only when asked for (`make faults`, `-m faults`).

    They need minutes and the machine for themselves, so the suite of every day goes without them.
    """
    here = Path(__file__).parent
    rows = [item for item in items if here in item.path.parents]
    for item in rows:
        item.add_marker(pytest.mark.faults)
        if not FULL:  # as all tests of real processes: a busy machine can starve one; a second try is counted aloud
            item.add_marker(pytest.mark.flaky(reruns=1))
    _progress.of = len(rows)
    asked = "faults" in str(config.option.markexpr) or any("faults" in str(given) for given in config.args)
    if rows and not asked:
        config.hook.pytest_deselected(items=rows)
        items[:] = [item for item in items if here not in item.path.parents]


#: Seconds that one test may take, however slow the machine.
LIMIT = choose(full=3 * 3600, short=900)


@dataclass
class Progress:
    """Where a run in full stands, which takes an hour and prints little else."""

    of: int = 0
    at: int = 0
    began: float = field(default_factory=time.monotonic)


_progress = Progress()


def pytest_runtest_logstart(location: tuple[str, int | None, str]) -> None:
    """Say which row begins, how many there are, and how long it has taken so far."""
    if FULL:
        _progress.at += 1
        minutes = (time.monotonic() - _progress.began) / 60
        load = os.getloadavg()[0]
        row = f"{Path(location[0]).stem} {location[2]}"
        print(f"\n[{_progress.at} of {_progress.of}, {minutes:.1f} min, load {load:.1f}] {row}", file=sys.stderr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures of all rows together, whichever worker measured them."""
    for reports in (terminalreporter.stats.get(outcome, []) for outcome in ("passed", "failed", "rerun")):
        for report in reports:
            for name, text in getattr(report, "user_properties", []):
                if name == "figure" and report.when == "call":
                    terminalreporter.write_line(f"{report.location[2]}: {text}")


@pytest.fixture(scope="session")
def seed_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped cluster with a migrated database, made once a session, by one worker for all."""
    base = tmp_path_factory.getbasetemp()
    return make_seed((base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "seed")


@dataclass
class Run:
    """One run of a row: everything in it is its own."""

    house: House
    fleet: Fleet
    mail: MailSink
    hooks: HookSink
    world: World
    ledger: Ledger
    chance: random.Random


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside of the one that all sessions of pytest share.

    Each session that begins closes that one to other accounts, and as root PostgreSQL runs under an account of its own:
    a server in there lost its files when somebody ran a test elsewhere.
    """
    folder = Path(tempfile.mkdtemp(prefix="desk-row-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(seed_cluster: Path, tmp_path: Path) -> Iterator[House]:
    """Servers of this test's own."""
    made = House(tmp_path / "house", seed_cluster)
    made.open()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No row goes on for ever, whatever it waits for: its processes end with it."""

    def over(_number: int, _frame: object) -> None:
        raise AssertionError(f"not over after {LIMIT} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@contextmanager
def at_work(house: House, unblock: Callable[[], AbstractContextManager[object]] = nullcontext) -> Iterator[Run]:
    """A company, sinks and a fleet of which nothing runs yet, in an open house; all ends with it."""
    mail, hooks = MailSink(), HookSink()
    mail.start()
    hooks.start()
    fleet = Fleet(house, house.environment(EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(mail.port)))
    try:
        with connected(house, unblock):
            company = world()
            yield Run(house, fleet, mail, hooks, company, Ledger(house, company), random.Random(seed_of_run()))
            assert fleet.lines_outside() == [], "loopback only"
    finally:
        fleet.stop()
        mail.stop()
        hooks.stop()


@pytest.fixture
def run(house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[Run]:
    """A run in a house of this test's own."""
    with at_work(house, django_db_blocker.unblock) as made:
        yield made


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Print a measured figure so that it is seen with `-s` and kept in a JUnit file."""

    def speak(text: str) -> None:
        print(f"  {text}", flush=True)
        record_property("figure", text)

    return speak
