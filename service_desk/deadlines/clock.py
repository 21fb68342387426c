"""The only clock that decides anything: the database's (D1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

#: How far in the future an acceptance time may lie before it is refused: clocks of people's devices differ (D1).
SKEW = timedelta(seconds=60)


def now() -> datetime:
    """The database's statement clock, UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (moment,) = cursor.fetchone()
    result: datetime = moment
    return result
