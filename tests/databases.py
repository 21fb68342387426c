"""The databases of the tests: migrated once a run and copied for each worker, emptied after real transactions.

Migrating from nothing costs half a minute of processor, nearly all of it Django's book-keeping; a copy half a second.
"""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.postgresql.creation import DatabaseCreation
from django.test import TransactionTestCase

SEED = "seed"
BASE = Path(__file__).parents[1]
#: What migrating writes and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def address() -> str:
    """Where the migrated database is that all others are copied from; made now if nobody has."""
    make()
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{SEED}").geturl()


def make() -> None:
    """Migrate the database that all others are copied from, unless that is done; whoever comes meanwhile waits."""
    folder = Path(os.environ["SERVICE_DESK_DATA"])
    with (folder / "seed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "seed.whole").exists():
            return
        given = urlsplit(os.environ["DATABASE_URL"])
        connection = psycopg2.connect(given._replace(path="/postgres").geturl())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {SEED}")  # of one that was broken off
                cursor.execute(f"CREATE DATABASE {SEED}")
        finally:
            connection.close()
        subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", "migrate", "--run-syncdb", "--verbosity=0", "--skip-checks"],
            cwd=BASE,
            env={**os.environ, "DATABASE_URL": given._replace(path=f"/{SEED}").geturl()},
            check=True,
        )
        (folder / "seed.whole").touch()


def make_beside() -> subprocess.Popen[bytes]:
    """Begin with it in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "tests.databases"], cwd=BASE)


def copy_instead_of_migrating() -> None:
    """From now on a test database is made as a copy of the seed."""
    setattr(DatabaseCreation, "create_test_db", _copied)  # noqa: B010 - a method of Django's


def _copied(
    self: Any, verbosity: int = 1, autoclobber: bool = False, serialize: bool = False, keepdb: bool = False
) -> str:
    """As Django's own, with a template where that one runs every migration."""
    make()
    ours = self.connection
    name: str = self._get_test_db_name()
    ours.settings_dict["TEST"]["TEMPLATE"] = SEED
    self._create_test_db(verbosity, autoclobber, keepdb)
    ours.close()
    settings.DATABASES[ours.alias]["NAME"] = name
    ours.settings_dict["NAME"] = name
    ours.ensure_connection()
    return name


#: What held a test database open when it was to be dropped, for the closing lines of the run.
left_open: list[str] = []


def drop_whatever_is_open() -> None:
    """From now on a test database goes although somebody has left a session open in it; who that was is told."""
    setattr(DatabaseCreation, "_destroy_test_db", _dropped)  # noqa: B010 - a method of Django's


def _dropped(self: Any, test_database_name: str, verbosity: int) -> None:
    quoted = self.connection.ops.quote_name(test_database_name)
    with self._nodb_cursor() as cursor:
        try:
            cursor.execute(f"DROP DATABASE {quoted}")  # waits for five seconds by itself
        except OperationalError:
            cursor.execute(_SESSIONS, [test_database_name])
            left_open.extend(f"{test_database_name}: {session}" for (session,) in cursor.fetchall())
            cursor.execute(f"DROP DATABASE {quoted} WITH (FORCE)")


_SESSIONS = """
SELECT concat_ws(', ', backend_type, NULLIF(application_name, ''), state, 'since ' || backend_start,
    'asked last: ' || left(query, 200))
FROM pg_stat_activity WHERE datname = %s
"""


def empty_what_holds_rows() -> None:
    """From now on a test with real transactions is followed by deletions, and only where there is something.

    Django would truncate all tables and write the permissions and content types anew: a second for a test.
    """
    setattr(TransactionTestCase, "_fixture_teardown", _emptied)  # noqa: B010 - a method of Django's


def _holding_rows(cursor: Any) -> list[str]:
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in sorted(names)))
    return [name for (name,) in cursor.fetchall()]


def _emptied(_case: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        full = _holding_rows(cursor)
        # neither triggers nor foreign keys are asked: the append-only tables would rightly refuse
        emptied = [f"DELETE FROM {name}; SELECT pg_clear_relation_stats('public', '{name}')" for name in full]
        cursor.execute("; ".join(["BEGIN", "SET LOCAL session_replication_role = replica", *emptied, "COMMIT"]))


_remembered: dict[str, list[tuple[str, str]]] = {}


def once(name: str, build: Callable[[], None]) -> None:
    """Let `build` fill the empty database once in a process; from then on put the very same rows back."""
    with connection.cursor() as cursor:
        if name in _remembered:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in _remembered[name]:
                cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(rows))
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            return
        assert not _holding_rows(cursor), "what is remembered must be all that there is"
        build()
        found = []
        for table in _holding_rows(cursor):
            copied = io.StringIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", copied)
            found.append((table, copied.getvalue()))
        _remembered[name] = found


if __name__ == "__main__":
    make()
