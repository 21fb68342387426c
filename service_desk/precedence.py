"""Firing has precedence over carrying: while thousands of steps come due at once, letters wait until all are told.

A step that is fired stands on its people's pages at once; its letter takes seconds anyway. Two cores that send the
first hundred letters fire the last thousand steps a second later. A sweep in a storm holds a lock of PostgreSQL in its
transactions, which ends with them, whatever becomes of the process; who carries looks whether anybody holds it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connection

#: The longest that letters wait for the end of a storm, in seconds; then both share the machine.
PATIENCE_SECONDS = 5.0
#: Any number that nobody else uses; the same in all processes of a database.
_LOCK = 0x53_54_4F_52_4D


def storming() -> None:
    """Say, until the end of the transaction, that a storm is being fired."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])


@dataclass
class Standing:
    """One carrier's patience."""

    _since: float | None = None

    def back(self) -> bool:
        """Whether to let those who fire go first at this moment."""
        with connection.cursor() as cursor:  # outside of a transaction, so that what is got is given back at once
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            [(calm,)] = cursor.fetchall()
        if calm:
            self._since = None
            return False
        if self._since is None:
            self._since = time.monotonic()
        return time.monotonic() - self._since < PATIENCE_SECONDS
