"""Row 6: the database's clock jumps under a desk at work (libfaketime), and clocks of processes are wrong.

PostgreSQL runs under libfaketime and reads its offset from a file; the processes of the desk are ten minutes ahead or
behind all the time, two of them in zones at the ends of the world. Skipped, loudly, where the Debian package
`faketime` is missing.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db.models import F

from service_desk.cases.models import Case
from service_desk.deadlines.clock_watch import confirm_clock
from service_desk.deadlines.models import Incident
from service_desk.local.postgres import Postgres
from service_desk.people.models import DutyShift
from tests.faults.conftest import Run
from tests.faults.house import FULL, House, choose
from tests.faults.injection import Clock
from tests.faults.ledger import figures
from tests.faults.load import Load, registered

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="FAKETIME IS MISSING (Debian: apt-get install faketime)")
COUNT = choose(full=1_000, short=60)
#: How long the fire is held unless somebody confirms the clock; the product's own is five minutes.
HOLD = choose(full=300, short=15)
ON_TIME = choose(full=2.0, short=4.0)
#: For how long each sign of life of a sentinel is watched, and how far apart two may be.
WATCHED, BEAT = choose(full=20.0, short=4.0), choose(full=2.0, short=4.0)
#: A loop beats each second; a machine that is short of time beats later.
EACH = choose(full=1.0, short=2.0)
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
def hands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hands]:
    """PostgreSQL is started under libfaketime, and nobody else.

    The file lies outside of pytest's own folder: each session that begins on this machine closes that one to others,
    and a server that may not read the file any more has the machine's time at once.
    """
    folder = Path(tempfile.mkdtemp(prefix="desk-hands-"))
    folder.chmod(0o755)
    made = Hands(folder)
    launch = Postgres._launch

    def launch_faked(self: Postgres) -> None:
        with monkeypatch.context() as faked:
            for name, value in made.environment().items():
                faked.setenv(name, value)
            launch(self)

    monkeypatch.setattr(Postgres, "_launch", launch_faked)
    yield made
    shutil.rmtree(folder)


@pytest.fixture
def house(hands: Hands, seed_cluster: Path, tmp_path: Path) -> Iterator[House]:
    """As everywhere, on that PostgreSQL."""
    made = House(tmp_path / "house", seed_cluster)
    made.open()
    yield made
    made.close()


def test_the_clock_jumps(run: Run, hands: Hands, say: Callable[[str], None]) -> None:
    run.fleet.environment["CLOCK_HOLD_SECONDS"] = str(HOLD)
    run.fleet.start("sentinel-1", env=_skewed("-600s", "Pacific/Kiritimati"))
    run.fleet.start("sentinel-2", env=_skewed("+600s", "America/St_Johns"))
    run.fleet.start("dispatch", env=_skewed("-600s"))
    run.fleet.start("web-1", env=_skewed("+600s"))
    run.fleet.until_ready(seconds=180)
    _wrong_processes(run, say)
    _an_hour_ahead(run, hands, say)
    _two_hours_back(run, hands, say)
    if FULL:
        _a_year_ahead(run, hands, say)
        for zone in (ZoneInfo(settings.TIME_ZONE), UTC):  # in this order they come
            _new_year(run, hands, zone, say)
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=90), what="delivered")
    assert run.ledger.differences(mail=run.mail) == []


def _skewed(by: str, zone: str = "") -> dict[str, str]:
    where = {"TZ": zone} if zone else {}
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1", **where}


def _wrong_processes(run: Run, say: Callable[[str], None]) -> None:
    """Every process is ten minutes wrong and the database right: nobody notices, and nothing takes their time."""
    clock = Clock()
    run.ledger.arm(COUNT, lead=1.0, spread=2.0)
    load = Load(run.fleet.port, run.world, per_second=2.0, callers=1)
    load.start()
    run.fleet.until(lambda: len(load.replies) >= 2, seconds=60, what="cases registered")
    numbers = registered(load.stop())
    run.fleet.until(run.ledger.all_delivered, seconds=choose(full=600, short=60), what="delivered")
    say(f"processes ten minutes wrong: {figures(run.ledger.lateness())}")
    assert run.ledger.worst() <= ON_TIME
    assert len(numbers) >= 2
    taken = Case.objects.filter(number__in=numbers).values_list("registered_at", flat=True)
    wall, ran = run.house.one("SELECT clock_timestamp()"), timedelta(seconds=clock.seconds)
    assert all(timedelta(0) <= wall - at <= ran for at in taken), list(taken)
    sent = run.house.ask("SELECT sent_at - created_at FROM notices_delivery WHERE state = 'sent'")
    assert all(timedelta(0) <= took <= ran for (took,) in sent)
    assert not Incident.objects.exists()


def _jump(run: Run, hands: Hands, seconds: int) -> Clock:
    """Move the hands, and the database says so."""
    hands.to(seconds)
    clock = Clock()
    off = run.house.one("SELECT extract(epoch FROM clock_timestamp())::float") - time.time()
    assert abs(off - seconds) < 5, off
    return clock


def _arm(run: Run, lead: float, spread: float = 1.0) -> int:
    """Clocks that are due then; whatever else would come due by the jump rests. How many have been fired before."""
    before = run.ledger.fired() if run.ledger.moments else 0
    known = list(run.ledger.moments)
    run.ledger.arm(COUNT, lead=lead, spread=spread)
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
    run.fleet.until(run.ledger.all_fired, seconds=20, what="fired on time by the new time")
    run.fleet.until_ready("sentinel-1", "sentinel-2", "dispatch", seconds=15)
    assert run.ledger.fired() == before + COUNT == len(run.ledger.moments)
    fresh = _late_of_the_last(run)
    gaps = _silences(run)
    usual = {process: round(median(found), 2) for process, found in gaps.items()}
    longest = {process: round(max(found), 2) for process, found in gaps.items()}
    say(f"-2 h: {figures(fresh)}; between two signs of life usually {usual}, at most {longest}")
    assert fresh[-1] <= ON_TIME
    assert max(usual.values()) <= 1.2 * EACH
    assert max(longest.values()) <= BEAT
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


def _new_year(run: Run, hands: Hands, zone: tzinfo, say: Callable[[str], None]) -> None:
    """Clocks come due on both sides of midnight on 31 December, by that zone; cases are taken on both sides."""
    wall: datetime = run.house.one("SELECT clock_timestamp()")
    edge = datetime(wall.astimezone(zone).year + 1, 1, 1, tzinfo=zone)
    run.house.ask("UPDATE cases_casedeadline SET next_at = NULL WHERE step >= 0")
    _jump(run, hands, int(edge.timestamp() - time.time()) - 20)
    run.fleet.until(lambda: b"clock" in run.fleet.get("/healthz")[1], seconds=5, what="red")
    confirm_clock(actor=run.world.chief)
    left = (edge - run.house.one("SELECT clock_timestamp()")).total_seconds()
    before = _arm(run, left - 3.0, spread=6.0)
    old = _taken(run)
    run.fleet.until(lambda: run.house.one("SELECT clock_timestamp()") > edge, seconds=30, what="midnight")
    new = _taken(run)
    run.fleet.until(run.ledger.all_fired, seconds=20, what="all fired")
    assert run.ledger.fired() == before + COUNT
    fresh = _late_of_the_last(run)
    say(f"New Year of {zone}: {figures(fresh)}; {old} before it, {new} after")
    assert fresh[-1] <= ON_TIME
    days = [number.split("-")[-2] if "-" in number else number for number in (old, new)]
    local = ZoneInfo(settings.TIME_ZONE)
    assert days == [f"{edge.astimezone(local) + timedelta(seconds=side):%Y%m%d}" for side in (-5, 5)], (old, new)


def _taken(run: Run) -> str:
    """The number of a case that is registered now; its own clocks rest, since later jumps pass their times."""
    case = run.world.register(severity="minor")
    run.house.ask("UPDATE cases_casedeadline SET next_at = NULL WHERE case_id = %s", case.pk)
    return str(case.number)


def _late_of_the_last(run: Run) -> list[float]:
    """How late those were that were armed last."""
    late = run.ledger.lateness_by_clock()
    return sorted(late[pk] for pk in sorted(run.ledger.moments)[-COUNT:])


def _silences(run: Run) -> dict[str, list[float]]:
    """The times between two signs of life of each sentinel, by the database's clock, while it is watched."""
    seen: dict[str, set[datetime]] = {}
    clock = Clock()

    def look() -> bool:
        for process, at in run.house.ask("SELECT process, beat_at FROM deadlines_heartbeat"):
            seen.setdefault(process, set()).add(at)
        return bool(clock.seconds >= WATCHED)

    run.fleet.until(look, seconds=WATCHED + 10, what="the signs of life watched")
    assert all(len(beats) >= 2 for beats in seen.values()), seen
    return {
        process: [(after - before).total_seconds() for before, after in pairwise(sorted(beats))]
        for process, beats in sorted(seen.items())
        if process.startswith("sentinel")
    }
