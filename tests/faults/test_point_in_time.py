"""Back to a moment: base backup and archived log bring back exactly what was committed until then, no row more."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from pytest_django.plugin import DjangoDbBlocker

from service_desk.cases.models import Case
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.local.postgres import binary
from service_desk.local.servers import DATABASE
from tests.factories import World, world
from tests.faults.house import House, connected
from tests.faults.injection import Clock, until
from tests.faults.ledger import Ledger

FIRED, LATER = 100, 30
LEAD = 6.0  # seconds until what is armed last comes due: after the moment that is gone back to


def test_a_lost_disk_is_brought_back_to_a_moment(
    seed_cluster: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker, say: Callable[[str], None]
) -> None:
    archive, base = tmp_path / "archive", tmp_path / "base"
    for folder in (archive, base):
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)  # PostgreSQL may run under an account of its own
    house = archiving(House(tmp_path / "house", seed_cluster), archive)
    try:
        with connected(house, django_db_blocker.unblock):
            company = world()
            ledger = Ledger(house, company)
            register(company, 5)
            fire(ledger, FIRED)
            took = Clock()
            run(
                "pg_basebackup",
                f"--dbname={address(house)}",
                f"--pgdata={base}",
                "--wal-method=none",
                "--checkpoint=fast",
            )
            say(f"base backup: {took.seconds:.1f} s, {size(base) / 1e6:.0f} MB")

            kept = register(company, 5)
            fire(ledger, FIRED)
            ledger.arm(LATER, lead=LEAD, spread=0.5)
            moment = house.one("SELECT clock_timestamp()")
            lost = register(company, 3)
            mishap(house, ledger)
            last = house.one("SELECT pg_walfile_name(pg_switch_wal())")
            until(lambda: (archive / last).exists(), seconds=30, what="the last log archived")
    finally:
        house.close()
    shutil.rmtree(house.postgres.data)

    restored = House(tmp_path / "restored", None)
    took = Clock()
    try:
        put_back(restored, base, archive, moment.isoformat())
        say(f"restored to {moment} and open after {took.seconds:.1f} s")
        with connected(restored, django_db_blocker.unblock):
            ledger.house = restored
            assert set(Case.objects.filter(number__in=kept + lost).values_list("number", flat=True)) == set(kept)
            assert ledger.fired() == 2 * FIRED
            until(lambda: sweep(Door.SENTINEL).fired >= 0 and ledger.all_fired(), seconds=30, what="the rest fired")
            assert ledger.differences() == []
            assert register(company, 1), "and work goes on"
    finally:
        restored.close()


def archiving(house: House, archive: Path) -> House:
    """Open the house with its log archived, as docs/operations.md says."""
    house.open()
    house.ask("ALTER SYSTEM SET archive_mode = on")
    house.ask(f"ALTER SYSTEM SET archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'")
    house.close()
    house.open()
    assert house.one("SHOW archive_mode") == "on"
    return house


def register(company: World, count: int) -> list[str]:
    return [str(company.register(severity="minor").number) for _case in range(count)]


def fire(ledger: Ledger, count: int) -> None:
    """Clocks that are due already, fired here and now."""
    ledger.arm(count, lead=-1.0, spread=0.5)
    until(lambda: sweep(Door.SENTINEL).fired >= 0 and ledger.all_fired(), seconds=30, what="fired")


def mishap(house: House, ledger: Ledger) -> None:
    """What somebody would want to undo: half the company's notices are gone, past every guard."""
    house.ask("SET session_replication_role = replica")
    gone = house.ask("DELETE FROM notices_delivery RETURNING id")
    house.ask("DELETE FROM notices_notice")
    house.ask("SET session_replication_role = origin")
    assert len(gone) >= 2 * FIRED
    assert ledger.differences() != []


def put_back(house: House, base: Path, archive: Path, moment: str) -> None:
    """The base backup in the place of the data, then the log until that moment."""
    data = house.postgres.data
    shutil.copytree(base, data, copy_function=shutil.copy2)
    (data / "log").mkdir(exist_ok=True)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp {archive}/%f %p'\n")
        settings.write(f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n")
        settings.write("archive_mode = off\n")
    (data / "recovery.signal").touch()
    owner = house.folder.stat()
    for path in (data, *data.rglob("*")):
        shutil.chown(path, *account(owner.st_uid))
    house.open()
    assert not house.one("SELECT pg_is_in_recovery()"), "whoever starts it finds it open for work"


def account(mine: int) -> tuple[str | int, str | int]:
    """Whom PostgreSQL's files belong to: root gives them to the server's own account."""
    return ("pgserver", "pgserver") if mine == 0 else (mine, -1)


def address(house: House) -> str:
    return house.postgres.url(DATABASE)


def run(program: str, *arguments: str) -> None:
    """A program of the same wheel as the server; what it says is the message when it fails."""
    done = subprocess.run([str(binary(program)), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program}: {done.stderr}"


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
