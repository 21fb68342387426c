"""`emit`: a room says what happened, in the transaction in which it happened; who hears of it is settled later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from service_desk.webhooks.ids import new_key
from service_desk.webhooks.kinds import names_of

CHANNEL = "webhooks"

# Only what somebody has subscribed to becomes a row, switched off for the time being or not: it may be delivered later.
_EMIT = """
INSERT INTO webhooks_event (key, type, names, data, about)
SELECT t.key, t.type, t.names, t.data, t.about
FROM json_to_recordset(%s::json) AS t(key text, type text, names text[], data jsonb, about text)
WHERE EXISTS (SELECT 1 FROM webhooks_endpoint e WHERE e.types && t.names::varchar[])
"""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: a registered type, thin data (ids, what changed, where to read more), and what it is about."""

    type: str
    data: Mapping[str, Any]
    about: str = ""


def emit(type: str, data: Mapping[str, Any], *, about: str = "") -> None:  # noqa: A002 - the contract's word
    """Write one event; it leaves the house if the transaction commits and an endpoint wants it."""
    emit_many([Happening(type, data, about)])


def emit_many(happenings: Sequence[Happening]) -> None:
    """Write several events in one statement, in the transaction of what happened."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Events are written in the transaction of their cause.")
    if not happenings:
        return
    rows = [
        {"key": new_key(), "type": one.type, "names": names_of(one.type), "data": one.data, "about": one.about}
        for one in happenings
    ]
    with connection.cursor() as cursor:
        cursor.execute(_EMIT, [json.dumps(rows, cls=DjangoJSONEncoder)])
        written = cursor.rowcount
    if written:
        transaction.on_commit(wake, robust=True)


def wake() -> None:
    """Tell the sender to look: a NOTIFY by itself, so that no writing commit queues for its lock."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
