"""Backup and restore of the one truth, PostgreSQL, with the tools of the embedded server against any server."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2 import sql

from service_desk.local.postgres import Postgres, binary
from service_desk.local.preconditions import is_owned, sole_owner, without_password
from service_desk.local.processes import StartError, poll_until
from service_desk.local.servers import DATABASE

SETTLE = 3.0  # seconds that connections of processes just stopped may need to end
HEADER_LINES = 60  # of a backup in SQL, where its settings stand


@contextmanager
def database(folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Give the database's address: from the environment, the running desk's, or our own, started for this."""
    given = environ.get("DATABASE_URL")  # the settings have read the running desk's address into the environment
    if given and (is_owned(folder) or not _stale(folder, given)):
        yield given
        return
    with sole_owner(folder, "(a backup or restore)"):
        server = Postgres(folder / "postgres")
        server.start()
        try:
            server.create_database(DATABASE)
            yield server.url(DATABASE)
        finally:
            server.stop()


def _stale(folder: Path, url: str) -> bool:
    """Say whether an address was left behind by a desk that was killed."""
    left = folder / "embedded.env"
    return left.exists() and f"DATABASE_URL='{url}'" in left.read_text()


def dump(url: str, folder: Path, zone: str) -> Path:
    """Write one dated file with everything in it; it appears under its name only when it is whole."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"service-desk-{datetime.now(ZoneInfo(zone)):%Y%m%d-%H%M%S}.dump"
    draft = target.with_suffix(".part")
    draft.touch(mode=0o600)
    try:
        _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={draft}")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _connections(cursor: Any, name: str) -> int:
    """How many clients are connected to the database `name`."""
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", [name]
    )
    (count,) = cursor.fetchone()
    return int(count)


def restore(url: str, source: Path, *, stamp: str) -> str:
    """Put a backup in the place of the database; the old one stays beside it, its new name is returned."""
    if not source.is_file():
        raise StartError(f"There is no backup file {source}.")
    name = urlsplit(url).path.lstrip("/")
    fresh, old = f"{name}_restoring", f"{name}_before_{stamp}"
    with _administration(url) as cursor:
        # What was stopped a moment ago may still be on its way out; what stays after that is somebody at work.
        if not poll_until(lambda: _connections(cursor, name) == 0, seconds=SETTLE):
            raise StartError(
                f"{_connections(cursor, name)} connections are open to the database '{name}'."
                " Stop every process of the desk first."
            )
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(fresh)))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
        target = urlunsplit(urlsplit(url)._replace(path=f"/{fresh}"))
        try:
            _refill(target, source)
        except StartError:
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(fresh)))
            raise
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        cursor.execute(rename.format(sql.Identifier(name), sql.Identifier(old)))
        cursor.execute(rename.format(sql.Identifier(fresh), sql.Identifier(name)))
    return old


@contextmanager
def _administration(url: str) -> Iterator["psycopg2.extensions.cursor"]:
    try:
        connection = psycopg2.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")), connect_timeout=5)
    except psycopg2.OperationalError as error:
        raise StartError(f"The server of {without_password(url)} does not answer:\n{str(error).strip()}") from error
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _refill(url: str, source: Path) -> None:
    """Play a backup into an empty database, all or nothing.

    It goes through SQL and psql, because pg_restore sets a parameter that servers before version 17 do not know.
    """
    reader = subprocess.Popen(  # noqa: S603 - our own arguments
        [_tool("pg_restore"), "--no-owner", "--file=-", str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    address, env = _access(url)
    options = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", "--output=/dev/null"]
    with tempfile.TemporaryFile() as complaints:
        writer = subprocess.Popen(  # noqa: S603 - our own arguments
            [_tool("psql"), f"--dbname={address}", *options], stdin=subprocess.PIPE, stderr=complaints, env=env
        )
        with reader, writer:
            if reader.stdout is None or reader.stderr is None or writer.stdin is None:
                raise StartError("pg_restore and psql could not be joined.")
            try:
                writer.stdin.writelines(for_older_servers(islice(reader.stdout, HEADER_LINES)))
                shutil.copyfileobj(reader.stdout, writer.stdin)
            except BrokenPipeError:
                reader.kill()  # psql has refused something and says so below
            words = reader.stderr.read()
            if reader.wait() > 0:
                writer.kill()  # before the end of its input, so that nothing is committed
                raise StartError(f"pg_restore failed:\n{words.decode(errors='replace').strip()}")
        complaints.seek(0)
        if writer.returncode:
            raise StartError(f"psql failed:\n{complaints.read().decode(errors='replace').strip()}")


def for_older_servers(header: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out of a backup's first lines the setting that only new servers know."""
    return (line for line in header if not line.startswith(b"SET transaction_timeout"))


def _access(url: str) -> tuple[str, dict[str, str]]:
    """Take the password out of an address into the environment, where `ps` does not show it."""
    parts = urlsplit(url)
    if not parts.password:
        return url, dict(os.environ)
    return url.replace(f":{parts.password}@", "@", 1), {**os.environ, "PGPASSWORD": unquote(parts.password)}


def _tool(program: str) -> str:
    wheel = binary(program)
    command = str(wheel) if wheel.exists() else shutil.which(program)
    if command is None:
        raise StartError(f"The program {program} is missing. Install PostgreSQL's client tools.")
    return command


def _run(program: str, url: str, *arguments: str) -> None:
    address, env = _access(url)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [_tool(program), f"--dbname={address}", *arguments], capture_output=True, text=True, check=False, env=env
    )
    if done.returncode:
        raise StartError(f"{program} failed:\n{done.stderr.strip()}")
