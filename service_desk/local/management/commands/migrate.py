"""`manage.py migrate` beside a desk at work: it waits three seconds for a lock, lets everybody pass, and tries again.

A migration that waits for a table makes all who come after it wait too, escalations included (RELIABILITY 33).
"""

import time
from typing import Any

import psycopg2.errors
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

LOCK_SECONDS = 3
TRIES = 40
PAUSE_SECONDS = 2.0


class Command(Migrate):
    """Django's own command with a limit to its waiting."""

    _database = "default"

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply what is left; what was applied before a lock was missed stays applied."""
        self._database = options["database"]
        for attempt in range(1, TRIES + 1):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if attempt == TRIES or not isinstance(error.__cause__, psycopg2.errors.LockNotAvailable):
                    raise
                self.stdout.write(f"\n  a table is in use; letting the desk pass and trying again ({attempt})")
                time.sleep(PAUSE_SECONDS)
            else:
                return
            finally:
                self._limit(None)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """One that builds an index beside the desk (not atomic) holds up nobody and must not be broken off."""
        if action == "apply_start":
            self._limit(LOCK_SECONDS if migration.atomic else None)
        super().migration_progress_callback(action, migration, fake)

    def _limit(self, seconds: int | None) -> None:
        connection = connections[self._database]
        if connection.connection is None or connection.connection.closed:
            return
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout" if seconds is None else f"SET lock_timeout = '{seconds}s'")
