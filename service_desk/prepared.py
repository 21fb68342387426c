"""Statements that PostgreSQL parses and plans once a connection: anew, it often cost more than carrying them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

#: What each connection of this process has prepared; a connection that is closed takes its entry with it.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def prepare(connection: Any, name: str, statement: str, values: Sequence[Any] | None = None) -> None:
    """Let this connection of Django's know `PREPARE name …`; it survives a roll-back, so it is asked once."""
    connection.ensure_connection()
    line = connection.connection
    known = _prepared.setdefault(line, set())
    if name not in known:
        with connection.wrap_database_errors, line.cursor() as cursor:
            cursor.execute(statement, values)
        known.add(name)
