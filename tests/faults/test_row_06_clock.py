"""Row 6: the database's clock jumps under a desk at work (libfaketime), and clocks of processes are wrong.

PostgreSQL runs under libfaketime and reads its offset from a file; the processes of the desk keep the machine's time,
or are skewed by themselves. Skipped, loudly, where the Debian package `faketime` is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F

from service_desk.deadlines.clock_watch import confirm_clock
from service_desk.deadlines.models import Incident
from service_desk.local.postgres import Postgres
from service_desk.people.models import DutyShift
from tests.faults.conftest import Run
from tests.faults.house import FULL, House, choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="FAKETIME IS MISSING (Debian: apt-get install faketime)")
COUNT = choose(full=1_000, short=60)
#: How long the fire is held unless somebody confirms the clock; the product's own is five minutes.
HOLD = choose(full=300, short=15)
ON_TIME = choose(full=2.0, short=4.0)
HOUR, YEAR = 3600, 365 * 86_400


class Hands:
    """The hands of the database's clock."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "offset"
        self.to(0)

    def to(self, seconds: int) -> None:
        """So many seconds ahead of the machine; replaced at once, so that nobody reads half a line."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}s\n")
        fresh.chmod(0o644)
        fresh.replace(self.file)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
        }


@pytest.fixture
def hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hands:
    """PostgreSQL is started under libfaketime, and nobody else."""
    tmp_path.chmod(0o755)
    made = Hands(tmp_path)
    launch = Postgres._launch

    def launch_faked(self: Postgres) -> None:
        with monkeypatch.context() as faked:
            for name, value in made.environment().items():
                faked.setenv(name, value)
            launch(self)

    monkeypatch.setattr(Postgres, "_launch", launch_faked)
    return made


@pytest.fixture
def house(hands: Hands, seed_cluster: Path, tmp_path: Path) -> Iterator[House]:
    """As everywhere, on that PostgreSQL."""
    made = House(tmp_path / "house", seed_cluster)
    made.open()
    yield made
    made.close()


def test_the_clock_jumps(run: Run, hands: Hands, say: Callable[[str], None]) -> None:
    run.fleet.environment["CLOCK_HOLD_SECONDS"] = str(HOLD)
    run.fleet.start("sentinel-2", env=_skewed("+600s"))
    run.fleet.start("dispatch", env=_skewed("-600s"))
    run.fleet.start("web-1", "sentinel-1")
    run.fleet.until_ready(seconds=180)
    assert not Incident.objects.exists()  # processes ten minutes ahead and behind are nobody's business
    _an_hour_ahead(run, hands, say)
    _two_hours_back(run, hands, say)
    if FULL:
        _a_year_ahead(run, hands, say)
    run.fleet.until(run.ledger.all_delivered, seconds=90, what="delivered")
    assert run.ledger.differences(mail=run.mail) == []


def _skewed(by: str) -> dict[str, str]:
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def _jump(run: Run, hands: Hands, seconds: int) -> Clock:
    """Move the hands, and the database says so."""
    hands.to(seconds)
    off = run.house.one("SELECT extract(epoch FROM clock_timestamp())::float") - time.time()
    assert abs(off - seconds) < 5, off
    return Clock()


def _arm(run: Run, lead: float) -> int:
    """Clocks that are due then; whatever else would come due by the jump rests. How many have been fired before."""
    before = run.ledger.fired() if run.ledger.moments else 0
    known = list(run.ledger.moments)
    run.ledger.arm(COUNT, lead=lead, spread=1.0)
    fresh = [pk for pk in run.ledger.moments if pk not in known]
    run.house.ask("UPDATE cases_casedeadline SET next_at = NULL WHERE id <> ALL(%s)", fresh)
    return before


def _an_hour_ahead(run: Run, hands: Hands, say: Callable[[str], None]) -> None:
    """Red, nothing fires, a person says that the time is right, and then all fires once."""
    before = _arm(run, HOUR - 300)
    clock = _jump(run, hands, HOUR)
    run.fleet.until(lambda: b"clock" in run.fleet.get("/healthz")[1], seconds=5, what="red")
    red = clock.seconds
    assert red <= 5.0
    run.fleet.until(lambda: clock.seconds >= HOLD / 2, seconds=HOLD, what="half of the hold")
    assert run.ledger.fired() == before
    confirm_clock(actor=run.world.chief)
    took = run.fleet.until(run.ledger.all_fired, seconds=15, what="all fired")
    say(f"+1 h: red after {red:.1f} s, held, and fired {took:.1f} s after a person confirmed the clock")


def _two_hours_back(run: Run, hands: Hands, say: Callable[[str], None]) -> None:
    """Nothing stops, nothing fires twice."""
    _jump(run, hands, HOUR - 2 * HOUR)
    before = _arm(run, 1.0)
    fired = set(run.ledger.moments)
    run.fleet.until(run.ledger.all_fired, seconds=20, what="fired on time by the new time")
    run.fleet.until_ready("sentinel-1", "sentinel-2", "dispatch", seconds=15)
    late = run.ledger.lateness()
    assert run.ledger.fired() == before + COUNT == len(fired)
    fresh = [seconds for seconds in late if seconds < 120][:COUNT]
    say(f"-2 h: {figures(fresh)}")
    assert fresh[-1] <= ON_TIME
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 200, seconds=15, what="green")


def _a_year_ahead(run: Run, hands: Hands, say: Callable[[str], None]) -> None:
    """Nobody confirms it: held until the time is over, then all fires once; whoever has duty then is told."""
    DutyShift.objects.update(ends_at=F("ends_at") + timedelta(days=2 * 365))
    before = _arm(run, YEAR - 300)
    clock = _jump(run, hands, YEAR - HOUR)
    run.fleet.until(lambda: b"clock" in run.fleet.get("/healthz")[1], seconds=5, what="red")
    run.fleet.until(lambda: clock.seconds >= HOLD - 3, seconds=HOLD, what="nearly all of the hold")
    assert run.ledger.fired() == before
    run.fleet.until(run.ledger.all_fired, seconds=20, what="all fired")
    say(f"+1 year: held, fired after {clock.seconds:.1f} s (limit {HOLD})")
    assert clock.seconds <= HOLD + ON_TIME + 2
