"""Servers of a run's own in a folder of its own, with a migrated database copied from one made once a session."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.db import connection

from service_desk.local.postgres import Postgres, binary
from service_desk.local.servers import DATABASE, EmbeddedServers
from tests import databases

BASE = Path(__file__).resolve().parents[2]
FULL = os.environ.get("FAULTS", "short") == "full"


def choose(*, full: Any, short: Any) -> Any:
    """The figure of the matrix, or the one of the short form."""
    return full if FULL else short


class House:
    """One PostgreSQL and one Redis, as production has them (fsync on), and how to ask the database aside of Django."""

    def __init__(self, folder: Path, seed: Path | None) -> None:
        """Plan a house in `folder` on a copy of `seed` (made by `make_seed`); None begins with an empty cluster."""
        self.folder = folder
        self.seed = seed
        self.secret = secrets.token_urlsafe(40)
        folder.mkdir(parents=True, exist_ok=True)
        self.servers = EmbeddedServers(folder, {})
        self._own: Any = None

    @property
    def postgres(self) -> Postgres:
        assert self.servers.postgres is not None
        return self.servers.postgres

    @property
    def redis_socket(self) -> Path:
        assert self.servers.redis is not None
        return self.servers.redis.socket

    def open(self) -> None:
        """Copy the seed and start both servers."""
        if self.seed is not None and not self.postgres.data.exists():
            subprocess.run(["cp", "-a", "--reflink=auto", str(self.seed), str(self.postgres.data)], check=True)
        (self.folder / "static").mkdir(exist_ok=True)
        self.servers.start()

    def close(self) -> None:
        """End both; what was sent is in the sinks' memory."""
        self._forget()
        self.servers.stop()

    def environment(self, **more: str) -> dict[str, str]:
        """What every process of this desk needs to find its servers."""
        ours = ("DATABASE_URL", "REDIS_URL", "SERVICE_DESK_DATA", "DESK_TEST_RUN", "PLAIN_STATIC", "DESK_LANGUAGE")
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {
            **kept,
            **self.servers.environment,
            "DJANGO_SETTINGS_MODULE": "service_desk.settings",
            "SERVICE_DESK_DATA": str(self.folder),
            "SECRET_KEY": self.secret,
            "PLAIN_STATIC": "1",
            "WEBHOOK_ALLOW_PRIVATE": "1",
            "WEB_THREADS": "4",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            **more,
        }

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask on a connection that is neither Django's nor a process's; made anew when the server has been away."""
        for attempt in (1, 2):
            try:
                if self._own is None or self._own.closed:
                    self._own = psycopg2.connect(self.postgres.url(DATABASE), connect_timeout=5)
                    self._own.autocommit = True
                with self._own.cursor() as cursor:
                    cursor.execute(sql, values or None)
                    return list(cursor.fetchall()) if cursor.description else []
            except psycopg2.Error:
                self._forget()
                if attempt == 2:
                    raise
        raise AssertionError

    def one(self, sql: str, *values: Any) -> Any:
        """The one value that `sql` gives."""
        return self.ask(sql, *values)[0][0]

    def reachable(self) -> bool:
        """Whether PostgreSQL takes a connection at this moment."""
        try:
            psycopg2.connect(self.postgres.url(DATABASE), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _forget(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


def make_seed(folder: Path) -> Path:
    """A stopped cluster with a migrated database; found again under FAULTS_CACHE while no migration changes."""
    cache = os.environ.get("FAULTS_CACHE", "")
    place = Path(cache) / _migrations() if cache else folder
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:  # another worker or run may be making the same
        fcntl.flock(lock, fcntl.LOCK_EX)
        return place / "postgres" if (place / "whole").exists() else _migrated(place)


def _migrated(place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    house = House(place, None)
    house.open()
    try:
        house.ask("ALTER SYSTEM SET track_commit_timestamp = on")
        (_take_over if os.environ.get("DESK_TEST_COPIES") else _migrate)(house)
    finally:
        house.close()
    (place / "whole").touch()
    return place / "postgres"


def _migrate(house: House) -> None:
    command = [sys.executable, "-W", "ignore", "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(command, cwd=BASE, env=house.environment(), check=True)


def _take_over(house: House) -> None:
    """What this run has migrated already for its other tests, as a dump."""
    dump = subprocess.run([binary("pg_dump"), databases.address()], stdout=subprocess.PIPE, check=True)
    command = [str(binary("psql")), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", house.postgres.url(DATABASE)]
    subprocess.run(command, input=dump.stdout, stdout=subprocess.DEVNULL, check=True)


def _migrations() -> str:
    digest = hashlib.sha256()
    for path in sorted((BASE / "service_desk").glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return f"seed-{digest.hexdigest()[:12]}"


@contextmanager
def connected(house: House, unblock: Callable[[], Any]) -> Iterator[None]:
    """Let Django's models of this process speak to that house's database."""
    before = dict(connection.settings_dict)
    options = dict(before["OPTIONS"])
    with unblock():
        connection.close()
        connection.settings_dict.update(
            NAME=DATABASE, USER="postgres", HOST="", PORT="", OPTIONS={**options, "host": str(house.postgres.sockets)}
        )
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)


def reconnect() -> None:
    """Give Django's connection up; the next query makes a new one."""
    connection.close()


def log_tails(folder: Path, names: Sequence[str], lines: int = 6) -> str:
    """The last words of these processes, for a message of a failed test."""
    told = []
    for name in names:
        path = folder / f"{name}.log"
        if path.exists():
            told += [f"--- {name}", *path.read_text(errors="replace").splitlines()[-lines:]]
    return "\n".join(told)
