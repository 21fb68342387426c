"""One after the other, where a constraint would let two stand in each other's way.

Of two rows that exclude each other and are written at the same moment, each waits until the other's fate is known. Then
PostgreSQL ends one of them as a deadlock: the second planner would read of an error instead of the first one's shift.
"""

from __future__ import annotations

from django.db import connection


def take_turn(table: str) -> None:
    """Wait until nobody else writes what excludes each other in this table; kept until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('turn'), hashtext(%s))", [table])
