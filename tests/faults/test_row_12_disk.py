"""Row 12: the database's disk is full, first for its tables, then for its log; freed, all goes on and nothing is lost.

PGDATA lies on a small tmpfs, which gives a true ENOSPC. Skipped, loudly, where nobody may mount one (it needs root).
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path

import psycopg2
import psycopg2.errors
import pytest

from service_desk.cases.models import Case
from tests.faults.conftest import Run
from tests.faults.fleet import USUAL
from tests.faults.house import FULL, House, choose, reconnect
from tests.faults.injection import Clock, until
from tests.faults.ledger import figures
from tests.faults.load import Load, registered

pytestmark = pytest.mark.skipif(not FULL, reason="IN THE FULL FORM ONLY (make faults ROW=12): it mounts a disk")
COUNT = choose(full=900, short=300)
#: So long nothing can be added to a table; then so long the server is down, because its log has no room either.
TABLES, LOG = choose(full=15.0, short=8.0), choose(full=10.0, short=4.0)
RED = 10.0
MEGABYTES = 288


class Disk:
    """A small disk of its own for the database, and a file that fills it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.ballast = place / "ballast"

    def mount(self) -> str:
        """Why it could not be mounted, or ''."""
        self.place.mkdir(parents=True)
        if os.geteuid() != 0:
            return "only root may"
        command = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(self.place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stderr.strip() if done.returncode else ""

    def unmount(self) -> None:
        if os.path.ismount(self.place) and subprocess.run(["umount", str(self.place)], check=False).returncode:
            subprocess.run(["umount", "--lazy", str(self.place)], check=True)

    def left(self) -> int:
        facts = os.statvfs(self.place)
        return facts.f_bavail * facts.f_bsize

    def fill(self) -> None:
        """Until not a byte is left; what somebody has given back meanwhile is taken too."""
        with self.ballast.open("ab", buffering=0) as file:
            owner = self.place.stat()  # the server opens every file of its folder
            os.chown(file.fileno(), owner.st_uid, owner.st_gid)
            for block in (2**20, 4096):
                while _written(file, block):
                    continue

    def free(self) -> None:
        self.ballast.unlink(missing_ok=True)


def _written(file: FileIO, block: int) -> bool:
    """Whether there was room for it."""
    try:
        file.write(bytes(block))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "house" / "postgres")
    try:
        refused = made.mount()
        if refused:
            pytest.skip(f"NO DISK OF ITS OWN: a tmpfs could not be mounted ({refused})")
        yield made
    finally:
        made.unmount()


@pytest.fixture
def house(disk: Disk, seed_cluster: Path, tmp_path: Path) -> Iterator[House]:
    """As everywhere, with PGDATA on that disk."""
    made = House(tmp_path / "house", seed_cluster)
    subprocess.run(["cp", "-a", f"{seed_cluster}/.", str(disk.place)], check=True)
    try:
        made.open()
        yield made
    finally:
        disk.free()
        made.close()


def test_the_disk_is_full(run: Run, disk: Disk, say: Callable[[str], None]) -> None:
    run.fleet.start("web-1", *USUAL)
    run.fleet.until_ready()
    assert run.fleet.get("/healthz")[0] == 200, run.fleet.get("/healthz")
    load = Load(run.fleet.port, run.world, per_second=2)
    run.house.ask("CREATE TABLE faults_room (words text)")
    # Some come before, some while no table can grow, some while the server is down, some after.
    run.ledger.arm(COUNT, lead=0.5, spread=3 + TABLES + LOG + 6)
    load.start()
    run.fleet.until(lambda: run.ledger.fired() > 0, seconds=10, what="the first fired")
    _no_table_grows(run, disk, say)
    _the_log_breaks(run, disk, say)
    disk.free()
    freed = Clock()
    run.fleet.until(lambda: _mended(run), seconds=60, what="the server is back", tend=True)
    back = freed.seconds
    run.fleet.until(lambda: not _overdue(run), seconds=30, what="drained", tend=True)
    drained = freed.seconds
    run.fleet.until(lambda: run.fleet.get("/healthz")[0] == 200, seconds=30, what="green again", tend=True)
    say(f"freed: server back after {back:.1f} s, none overdue after {drained:.1f} s, green after {freed.seconds:.1f} s")
    replies = load.stop()
    run.fleet.until(run.ledger.all_delivered, seconds=120, what="delivered", tend=True)
    say(f"lateness {figures(run.ledger.lateness())}; answers {dict(Counter(reply.status for reply in replies))}")
    say(f"{run.fleet.starts - len(run.fleet.members)} processes started again, {run.mail.extra_copies()} extra copies")
    reconnect()
    kept = set(Case.objects.values_list("number", flat=True))
    assert [number for number in registered(replies) if number not in kept] == []
    assert registered(replies)
    assert run.ledger.differences(mail=run.mail) == []


def _no_table_grows(run: Run, disk: Disk, say: Callable[[str], None]) -> None:
    """Every statement that needs room fails; the desk is red, blames no clock, and claims nothing that is not so."""
    run.house.ask("SELECT pg_switch_wal()")
    run.house.ask("SELECT pg_logical_emit_message(false, 'faults', 'a fresh file of the log')")
    disk.fill()
    full = Clock()
    assert disk.left() == 0
    with pytest.raises(psycopg2.errors.DiskFull):
        run.house.ask("INSERT INTO faults_room SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
    run.fleet.until(lambda: b"disk" in run.fleet.get("/healthz")[1], seconds=RED, what="red")
    red = full.seconds
    assert run.fleet.get("/healthz")[0] == 503

    def over() -> bool:
        disk.fill()
        return bool(full.seconds >= TABLES)

    run.fleet.until(over, seconds=TABLES + 10, what="the time without room", tend=True)
    assert run.house.reachable()
    waiting = _overdue(run)
    assert waiting > 0
    _tells_the_truth(run)
    say(f"tables full: red after {red:.1f} s; {run.ledger.fired()} fired, {waiting} waiting after {full.seconds:.1f} s")


def _the_log_breaks(run: Run, disk: Disk, say: Callable[[str], None]) -> None:
    """The server ends, and each start that the supervisor would try fails; the probe is answered all the same."""
    server = run.house.postgres.process
    assert server is not None
    broken = Clock()

    def ended() -> bool:
        disk.fill()
        with suppress(psycopg2.Error):
            run.house.ask("SELECT pg_logical_emit_message(false, 'faults', repeat('x', 1000000))")
        return server.poll() is not None

    until(ended, seconds=60, what="the server has ended", every=0.01)
    took = broken.seconds
    assert not run.house.reachable()
    down = Clock()
    told: list[str] = []

    def still_down() -> bool:
        told.extend(run.house.servers.mend())
        disk.fill()
        status, body = run.fleet.get("/healthz")
        assert (status, b"database" in body, b"disk" in body) == (503, True, True), (status, body)
        return bool(down.seconds >= LOG)

    run.fleet.until(still_down, seconds=LOG + 60, what="the time without a server", tend=True)
    assert told
    assert all("does not come back yet" in each for each in told), told
    assert not run.house.reachable()
    say(f"log full: the server ended after {took:.1f} s, {len(told)} starts failed in {down.seconds:.1f} s, always red")


def _mended(run: Run) -> bool:
    run.house.servers.mend()
    return run.house.reachable()


def _tells_the_truth(run: Run) -> None:
    """Nothing is marked sent that has not arrived, and no clock is set aside for what is the disk's fault."""
    sent = {name for (name,) in run.house.ask("SELECT message_id FROM notices_delivery WHERE state = 'sent'")}
    assert sent - set(run.mail.copies()) == set()
    assert run.house.one("SELECT count(*) FROM cases_casedeadline WHERE state = 'error'") == 0


def _overdue(run: Run) -> int:
    found: int = run.house.one(
        "SELECT count(*) FROM cases_casedeadline WHERE next_at <= now() - interval '1 s' AND state = 'running'"
    )
    return found
