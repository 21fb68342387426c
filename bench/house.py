"""The desk under measurement: servers and processes of its own in a folder of its own, as `make run` has them."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psutil
import psycopg2

from service_desk.local.processes import spawn, stop
from service_desk.local.servers import EmbeddedServers

BASE = Path(__file__).resolve().parent.parent
#: Processor seconds a second that a desk at rest takes, all its loops together.
CALM = 0.3


class House:
    """One data folder; the settings are loaded only after its servers answer."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder = folder.resolve()  # a link may stand for a desk somewhere else; its servers ask for the real place
        self.servers = EmbeddedServers(self.folder, {}, tell=tell)

    def open(self) -> None:
        """Start the servers as production has them (fsync on) and load the settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        url = self.servers.start()["DATABASE_URL"]
        if _switch_on_commit_times(url):
            self.servers.stop()
            self.servers.start()
        os.environ.update(self.servers.environment)
        os.environ.update(
            SERVICE_DESK_DATA=str(self.folder), DJANGO_SETTINGS_MODULE="service_desk.settings", LOG_LEVEL="WARNING"
        )
        (self.folder / "static").mkdir(exist_ok=True)
        os.environ["PLAIN_STATIC"] = "1"  # names of files as they are, so that none need collecting
        django.setup()

    def close(self, *, keep: bool) -> None:
        """Stop the servers; the folder goes unless it is wanted for another run."""
        self.servers.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def size(self) -> int:
        """Bytes that the database takes on disk."""
        return sum(path.stat().st_size for path in (self.folder / "postgres" / "base").rglob("*") if path.is_file())


def _switch_on_commit_times(url: str) -> bool:
    """Let PostgreSQL remember when each transaction committed; whether it needs a restart for that.

    A notice counts as written when others can see it, and only the server knows that moment.
    """
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW track_commit_timestamp")
            if cursor.fetchone() == ("on",):
                return False
            cursor.execute("ALTER SYSTEM SET track_commit_timestamp = on")
            return True
    finally:
        connection.close()


@contextmanager
def opened(folder: Path) -> Iterator[House]:
    """The desk in a folder, as long as it is needed; it stays."""
    house = House(folder, print)
    try:
        house.open()
        yield house
    finally:
        house.close(keep=True)


@contextmanager
def running(names: Callable[[str], bool], *, web_processes: int = 2) -> Iterator[int]:
    """Run those processes of the desk's own plan whose names are wanted; give the port of the web."""
    from django.conf import settings

    from service_desk.local.plan import children

    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    started = []
    try:
        plan = children(base=BASE, data=settings.DATA_DIR, web_processes=web_processes, listener=listener.fileno())
        log = (settings.DATA_DIR / "processes.log").open("ab")
        with log:
            started = [spawn(child.command, output=log, keep_fds=child.keep_fds) for child in plan if names(child.name)]
        yield listener.getsockname()[1]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            stop(process)
        listener.close()


def processor_seconds(marks: str = "service_desk.local.web") -> float:
    """What the desk's processes of one sort have used so far: the figure that a busy machine does not bend."""
    return sum(_spent(child, marks) for child in psutil.Process().children(recursive=True))


def _spent(process: psutil.Process, marks: str) -> float:
    try:
        times = process.cpu_times() if marks in " ".join(process.cmdline()) else None
    except psutil.Error:  # it has just ended, as PostgreSQL's helpers do all the time
        return 0.0
    return float(times.user + times.system) if times else 0.0


def settle(longest: float = 45.0) -> None:
    """Wait until what was just started has done with it: nobody's start is what is measured."""
    time.sleep(2)
    until = time.monotonic() + longest
    calm = 0
    while time.monotonic() < until and calm < 2:
        before = processor_seconds("")
        time.sleep(1)
        calm = calm + 1 if processor_seconds("") - before < CALM else 0


def forget_mail() -> None:
    """Take back e-mails that still wait: those of one measure must not be sent during the next."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE notices_delivery SET state = 'cancelled' WHERE state IN ('pending', 'sending')")
