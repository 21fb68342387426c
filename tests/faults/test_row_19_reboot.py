"""Row 19: everything is killed at once, owner and servers too; the one command brings it back, nothing twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from pytest_django.plugin import DjangoDbBlocker

from service_desk.notices.channels import CHANNELS
from tests.factories import world
from tests.faults.house import FULL, House, choose, connected
from tests.faults.injection import Clock, gone, until
from tests.faults.ledger import Ledger, figures, let_leases_end
from tests.faults.sinks import MailSink, free_port
from tests.local.test_up import RunningDesk

COUNT = choose(full=5_000, short=300)


def test_killed_as_a_whole_and_started_by_the_one_command(
    seed_cluster: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker, say: Callable[[str], None]
) -> None:
    house, mail, port = House(tmp_path / "desk", seed_cluster), MailSink(), free_port()
    house.open()
    with connected(house, django_db_blocker.unblock):
        ledger = Ledger(house, world())
    house.close()
    mail.start()
    with _desk(house.folder, port, mail) as first, connected(house, django_db_blocker.unblock):
        first.wait_for("The desk is open")
        # Half comes before the end of the world, half while nobody lives.
        ledger.arm(COUNT, lead=1.0, spread=16.0)
        until(lambda: ledger.fired() >= COUNT // 4 and bool(mail.copies()), seconds=30, what="at work")
        everybody = [psutil.Process(first.process.pid), *first.family()]
        _kill_at_once(everybody)
        first.process.wait(10)
        down = Clock()
        assert [process for process in everybody if not gone(process)] == []
        assert not house.reachable()
        _leave_a_strangers_number(house)
        until(lambda: down.seconds > 8.0, seconds=20, what="time passes")
    start = Clock()
    with _desk(house.folder, port, mail) as second, connected(house, django_db_blocker.unblock):
        second.wait_for("The desk is open", seconds=60)
        up = start.seconds
        drained = until(lambda: not _overdue(house), seconds=10, what="what was overdue has fired")
        if not FULL:
            let_leases_end(house)
        until(ledger.all_delivered, seconds=choose(full=900, short=120), what="delivered")
        say(f"{len(everybody)} processes killed, open again after {up:.1f} s, drained {drained:.1f} s later")
        say(f"lateness {figures(ledger.lateness())}, {mail.extra_copies()} extra copies")
        assert up <= 60.0
        assert drained <= 5.0
        assert ledger.differences(mail=mail) == []
        assert mail.extra_copies() <= CHANNELS["email"].lanes
    mail.stop()


@contextmanager
def _desk(folder: Path, port: int, mail: MailSink) -> Iterator[RunningDesk]:
    desk = RunningDesk(folder, port, EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(mail.port), PLAIN_STATIC="1")
    try:
        yield desk
    finally:
        if desk.process.poll() is None:
            desk.end()


def _kill_at_once(everybody: list[psutil.Process]) -> None:
    """As a power cut does it: nobody sees another die, so nobody has time for a last word."""
    for process in everybody:
        process.send_signal(signal.SIGSTOP)
    for process in everybody:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    until(lambda: all(gone(process) for process in everybody), seconds=10, what="all dead")


def _leave_a_strangers_number(house: House) -> None:
    """The number in PostgreSQL's pid file belongs to somebody else after a reboot: here to this very test."""
    pid_file = house.postgres.data / "postmaster.pid"
    _old, rest = pid_file.read_text().split("\n", 1)
    pid_file.write_text(f"{os.getpid()}\n{rest}")


def _overdue(house: House) -> int:
    found: int = house.one(
        "SELECT count(*) FROM cases_casedeadline WHERE next_at <= now() - interval '1 s' AND state = 'running'"
    )
    return found
