"""Backup and restore of the one truth, PostgreSQL, with the tools of the embedded server against any server."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2 import sql

from service_desk.local.postgres import Postgres, binary
from service_desk.local.preconditions import is_owned, sole_owner, without_password
from service_desk.local.processes import StartError
from service_desk.local.servers import DATABASE


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


def restore(url: str, source: Path, *, stamp: str) -> str:
    """Put a backup in the place of the database; the old one stays beside it, its new name is returned."""
    if not source.is_file():
        raise StartError(f"There is no backup file {source}.")
    name = urlsplit(url).path.lstrip("/")
    fresh, old = f"{name}_restoring", f"{name}_before_{stamp}"
    with _administration(url) as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name])
        row = cursor.fetchone()
        if row and row[0]:
            raise StartError(
                f"{row[0]} connections are open to the database '{name}'. Stop every process of the desk first."
            )
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(fresh)))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
        target = urlunsplit(urlsplit(url)._replace(path=f"/{fresh}"))
        try:
            _run("pg_restore", target, "--no-owner", "--exit-on-error", "--single-transaction", str(source))
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


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL; the password travels in the environment, where `ps` does not show it."""
    parts = urlsplit(url)
    env, address = dict(os.environ), url
    if parts.password:
        env["PGPASSWORD"] = unquote(parts.password)
        address = url.replace(f":{parts.password}@", "@", 1)
    wheel = binary(program)
    command = str(wheel) if wheel.exists() else shutil.which(program)
    if command is None:
        raise StartError(f"The program {program} is missing. Install PostgreSQL's client tools.")
    done = subprocess.run(  # noqa: S603 - our own arguments
        [command, f"--dbname={address}", *arguments], capture_output=True, text=True, check=False, env=env
    )
    if done.returncode:
        raise StartError(f"{program} failed:\n{done.stderr.strip()}")
