"""Row 22: hours of work at several times the usual load, one of the faults of rows 1 to 4 at random each minute.

`python -m tests.faults.soak --hours 8`. Each minute is a round: clocks armed, cases registered, a fault, and then
everything told exactly once. Memory of the processes and dead rows of the busy tables are written down each minute;
they may not grow. Prints its seed; `FAULTS_SEED=…` plays the same faults again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.conftest import Run

#: Clocks a round: five times what a desk of a hundred people sees in a busy minute.
CLOCKS, CASES_PER_SECOND = 600, 3.0
ROUND = 60.0
LANES = 4  # of the channel e-mail
_TABLES = ("cases_casedeadline", "notices_notice", "notices_delivery", "deadlines_heartbeat")


@dataclass
class Minute:
    """What one round was like."""

    fault: str
    lateness: list[float]
    outage: bool
    memory_mb: dict[str, int]
    dead_rows: dict[str, int]
    cases: int


@dataclass
class Soak:
    """The rounds of one run and what must hold over all of them."""

    run: Run
    tell: Callable[[str], None]
    minutes: list[Minute] = field(default_factory=list)

    def go(self, seconds: float) -> None:
        """Round after round until the time is over; any difference ends the run with an error."""
        from tests.faults.fleet import USUAL
        from tests.faults.injection import Clock

        self.run.fleet.warm = False  # forks share memory with their parent, so that their own would seem to grow
        self.run.fleet.start("web-1", *USUAL, "bulk")
        self.run.fleet.until_ready()
        clock = Clock()
        while clock.seconds < seconds:
            self.minutes.append(self._round())
            self.tell(self._line(self.minutes[-1]))
        self._judge()

    def _round(self) -> Minute:
        from tests.faults.injection import Clock
        from tests.faults.load import Load, registered

        run, clock = self.run, Clock()
        known = set(run.ledger.moments)
        load = Load(run.fleet.port, run.world, per_second=CASES_PER_SECOND)
        load.start()
        run.ledger.arm(CLOCKS, lead=1.0, spread=ROUND * 0.6)
        run.fleet.until(lambda: clock.seconds > 5.0, seconds=10, what="the fault's turn", tend=True)
        name = run.chance.choice(sorted(_FAULTS))
        _FAULTS[name](run)
        run.fleet.until(lambda: clock.seconds > ROUND * 0.7, seconds=ROUND, what="the minute's work", tend=True)
        replies = load.stop()
        run.fleet.until(run.ledger.all_delivered, seconds=150, what=f"delivered after {name}", tend=True)
        differences = run.ledger.differences(mail=run.mail) + _lost(run, registered(replies))
        if name not in _BREAKING_SESSIONS:
            differences += [f"a case was answered {reply.status}" for reply in replies if reply.status != 201][:10]
        if differences:
            raise SystemExit(f"after {name}: " + "\n".join(differences))
        late = [seconds for pk, seconds in run.ledger.lateness_by_clock().items() if pk not in known]
        return Minute(name, late, name in _OUTAGES, _memory(run), _dead_rows(run), len(registered(replies)))

    def _line(self, minute: Minute) -> str:
        from tests.faults.ledger import figures

        return json.dumps(
            {
                "minute": len(self.minutes),
                "fault": minute.fault,
                "late": json.loads(figures(minute.lateness)),
                "cases": minute.cases,
                "memory_mb": sum(minute.memory_mb.values()),
                "dead_rows": sum(minute.dead_rows.values()),
                "extra_copies": self.run.mail.extra_copies(),
            }
        )

    def _judge(self) -> None:
        """p99 of lateness outside of outages, and whether memory and dead rows went on growing."""
        calm = sorted(value for minute in self.minutes if not minute.outage for value in minute.lateness)
        p99 = calm[int(len(calm) * 0.99)] if calm else 0.0
        half = len(self.minutes) // 2
        faults = [f"p99 outside of outages {p99:.2f} s"] if p99 > 1.0 else []
        copies, most = self.run.mail.extra_copies(), LANES * sum(m.fault in _LEAVING_LETTERS for m in self.minutes)
        if copies > most:
            faults.append(f"{copies} extra copies, where at most {most} letters were on their way")
        if half >= 10:  # less is no trend
            for what, values in (
                ("memory (MB)", [sum(minute.memory_mb.values()) for minute in self.minutes]),
                ("dead rows", [sum(minute.dead_rows.values()) for minute in self.minutes]),
            ):
                first, second = max(values[:half]), max(values[half:])
                self.tell(f"{what}: at most {first} in the first half, {second} in the second")
                if second > 1.25 * first + 5_000 * (what == "dead rows"):
                    faults.append(f"{what} grow: {first} to {second}")
        self.tell(f"{len(self.minutes)} rounds, {len(calm)} steps outside of outages, p99 {p99:.3f} s")
        if faults:
            raise SystemExit("; ".join(faults))


# --- the faults of rows 1 to 4 ---------------------------------------------------------------------------------


def _kill_sweepers(run: Run) -> None:
    for _time in range(5):
        run.fleet.kill(run.chance.choice([name for name in run.fleet.pids() if name.startswith("sentinel")]))
        run.fleet.until(
            lambda: all(run.fleet.members[name].alive for name in ("sentinel-1", "sentinel-2")),
            seconds=30, what="both sentinels again", tend=True,
        )  # fmt: skip
        run.fleet.until_ready("sentinel-1", "sentinel-2")  # else the next fault would meet a desk without any


def _kill_dispatcher(run: Run) -> None:
    run.fleet.kill("dispatch")


def _freeze(run: Run) -> None:
    from tests.faults.injection import Clock

    name, clock = run.chance.choice(["sentinel-1", "sentinel-2", "dispatch"]), Clock()
    run.fleet.freeze(name)
    run.fleet.until(lambda: clock.seconds > 15, seconds=20, what="frozen")
    run.fleet.thaw(name)


def _redis(run: Run) -> None:
    from tests.faults.injection import Clock, flush_redis, pause_redis, stop_redis

    flush_redis(run.house)
    how, clock = run.chance.choice(["silent", "ended", "killed"]), Clock()
    if how == "silent":
        pause_redis(run.house, 10.0)
    else:
        stop_redis(run.house, hard=how == "killed")
    run.fleet.until(lambda: clock.seconds > 10, seconds=15, what="Redis away")
    if how != "silent":
        run.house.servers.mend()


def _postgres(run: Run) -> None:
    from tests.faults.injection import Clock, crash_postgres

    crash_postgres(run.house)
    clock = Clock()
    run.fleet.until(lambda: clock.seconds > 5, seconds=10, what="PostgreSQL away")
    run.house.servers.mend()


def _sessions(run: Run) -> None:
    from tests.faults.injection import end_all_sessions

    end_all_sessions(run.house)


_FAULTS: dict[str, Callable[[Run], None]] = {
    "kill sweepers": _kill_sweepers,
    "kill dispatcher": _kill_dispatcher,
    "freeze": _freeze,
    "redis": _redis,
    "postgres": _postgres,
    "sessions": _sessions,
}
#: While these last nobody can be told in time.
_OUTAGES = ("postgres", "freeze")
#: In these a case may be refused; what was taken is kept in all.
_BREAKING_SESSIONS = ("postgres", "sessions")
#: Each can leave as many letters out and not written down as there are lanes.
_LEAVING_LETTERS = ("kill dispatcher", "freeze", "postgres", "sessions")


def _lost(run: Run, numbers: list[str]) -> list[str]:
    """Cases that the desk said it had taken and that are not there."""
    kept = {number for (number,) in run.house.ask("SELECT number FROM cases_case WHERE number = ANY(%s)", numbers)}
    return [f"case {number} was taken and is not there" for number in numbers if number not in kept]


def _memory(run: Run) -> dict[str, int]:
    """Private memory of each process and its pool."""
    found: dict[str, int] = {}
    for name in run.fleet.pids():
        found[name] = sum(process.memory_full_info().uss for process in run.fleet.family(name)) // 2**20
    return found


def _dead_rows(run: Run) -> dict[str, int]:
    rows: list[tuple[Any, ...]] = run.house.ask(
        "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE relname = ANY(%s)", list(_TABLES)
    )
    return dict(rows)


def main() -> None:
    """Make a house, soak it, and leave nothing behind."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hours", type=float, default=8.0)
    hours: float = arguments.parse_args().hours
    folder = Path(tempfile.mkdtemp(prefix="desk-soak-"))
    os.environ.update(
        SERVICE_DESK_DATA=str(folder), DJANGO_SETTINGS_MODULE="service_desk.settings", PLAIN_STATIC="1",
        DESK_LANGUAGE="en", LOG_LEVEL="WARNING",
    )  # fmt: skip
    import django

    django.setup()
    from django.db.models.functions import Now

    from service_desk.deadlines.models import Policy
    from tests.faults.conftest import at_work
    from tests.faults.house import House, make_seed

    house = House(folder / "house", make_seed(folder / "seed"))
    house.open()
    try:
        with at_work(house) as run:
            Policy.objects.filter(kind="first_response").update(retired_at=Now())  # theirs would come within the hour
            Soak(run, lambda text: print(text, flush=True)).go(hours * 3600)
    finally:
        house.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
