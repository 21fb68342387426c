"""Sums over very many rows: one statement with a time limit and room to sort, given up in words where that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import OperationalError, connection, transaction

from service_desk.rest.errors import Invalid, Text

#: A sum that takes longer is given up: the database has clocks to serve.
STATEMENT_SECONDS = 8
#: The same where nobody waits before a screen: a worker's.
PATIENT_SECONDS = 60
#: What it may sort and hash in memory; the usual four megabytes would send every larger sum to the disk.
WORK_MEM = "64MB"
_CANCELLED = "57014"  # whatever language the server speaks
_BEGIN = """SELECT current_setting('statement_timeout'), current_setting('work_mem'),
                   set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)"""
_END = "SELECT set_config('statement_timeout', %s, true), set_config('work_mem', %s, true)"


def ask(
    statement: str,
    values: Sequence[Any] | Mapping[str, Any],
    *,
    too_much: Text,
    remedy: Text,
    seconds: float | None = None,
) -> list[tuple[Any, ...]]:
    """Its rows; Invalid (`since`, `too_much`) with these words when the time is over. Four statements beside it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BEGIN, [str((seconds or STATEMENT_SECONDS) * 1000), WORK_MEM])
            usual = cursor.fetchone()[:2]
            cursor.execute(statement, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            cursor.execute(_END, usual)  # the transaction may go on with other work
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != _CANCELLED:
            raise
        raise Invalid(too_much, field="since", code="too_much", remedy=remedy) from error
    return found
