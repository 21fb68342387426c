"""Joins a call to the one it was passed on from: by the phone system's word, else by number, target and time."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.db import connection

from service_desk.telephony.models import Call
from service_desk.telephony.rules import JOINED_WITHIN
from service_desk.telephony.statements import Statement

# A loop is refused: a parent may not stand below its child. The unique child and ON CONFLICT make repeats and races
# harmless, and neither call's row is locked.
_NEW = """
INSERT INTO telephony_calllink (parent_id, child_id, by_guess)
SELECT parent, child, guessed FROM ({pairs}) AS pair
WHERE parent <> child AND NOT EXISTS (
    WITH RECURSIVE above(id) AS (
        SELECT pair.parent
        UNION SELECT l.parent_id FROM telephony_calllink l JOIN above ON l.child_id = above.id
    ) SELECT 1 FROM above WHERE above.id = pair.child)
ON CONFLICT (child_id) DO NOTHING RETURNING id
"""
_PARENT = """
    SELECT p.id AS parent, %(call)s::bigint AS child, false AS guessed FROM telephony_call p
    WHERE p.integration_id = %(integration)s AND p.call_id = %(parent)s
"""
_NAMED_BY_CHILDREN = """
    SELECT %(call)s::bigint AS parent, c.id AS child, false AS guessed FROM telephony_call c
        WHERE c.integration_id = %(integration)s AND c.parent_call_id = %(call_id)s AND c.parent_call_id <> ''
"""
# Never asked with an empty list: PostgreSQL takes `= ANY('{}')` for leave to read any partial index from end to end.
_NAMED_BY_TRANSFERS = """
    SELECT %(call)s::bigint AS parent, c.id AS child, false AS guessed FROM telephony_call c
        WHERE c.integration_id = %(integration)s AND c.call_id = ANY(%(new)s)
"""
_BY_NUMBER = """
    SELECT p.id AS parent, %(call)s::bigint AS child,
        COALESCE(t->>'new_call_id', '') <> %(call_id)s AS guessed
    FROM telephony_call p, jsonb_array_elements(p.transfers) t
    WHERE p.customer_e164 = %(number)s AND p.integration_id = %(integration)s AND t->>'to' = ANY(%(reached)s)
        AND COALESCE(t->>'new_call_id', '') IN ('', %(call_id)s)
        AND %(began)s BETWEEN (t->>'at')::timestamptz - interval '2 seconds' AND (t->>'at')::timestamptz + %(within)s
    ORDER BY p.id DESC LIMIT 1
"""


_BY_TRANSFER = """
    SELECT %(call)s::bigint AS parent, c.id AS child, COALESCE(t->>'new_call_id', '') <> c.call_id AS guessed
    FROM telephony_call c, jsonb_array_elements(%(transfers)s::jsonb) t
    WHERE c.customer_e164 = %(number)s AND c.integration_id = %(integration)s AND c.parent_call_id = ''
        AND t->>'to' = ANY(c.extensions_rung || ARRAY[c.extension, c.line_number, c.queue]::varchar[])
        AND COALESCE(t->>'new_call_id', '') IN ('', c.call_id) AND c.id <> %(call)s
        AND c.started_at
            BETWEEN (t->>'at')::timestamptz - interval '2 seconds' AND (t->>'at')::timestamptz + %(within)s
    ORDER BY c.id LIMIT 1
"""
# The link found now, or the one that was there: one round trip on the way of nearly every event.
_BY_NUMBER_OR_BEFORE = Statement(
    "link_by_number",
    f"WITH linked AS ({_NEW.format(pairs=_BY_NUMBER)})"  # noqa: S608  (our own text)
    " SELECT (SELECT count(*) FROM linked) + (SELECT count(*) FROM telephony_calllink WHERE child_id = %(call)s)",
    call="bigint",
    integration="bigint",
    call_id="text",
    number="text",
    reached="text[]",
    began="timestamptz",
    within="interval",
)
_LINK_NAMED = Statement(
    "link_named", _NEW.format(pairs=_NAMED_BY_CHILDREN), call="bigint", integration="bigint", call_id="text"
)
_HAS_PARENT = Statement(
    "link_above", "SELECT EXISTS (SELECT 1 FROM telephony_calllink WHERE child_id = %(call)s)", call="bigint"
)
_ANSWERING = frozenset({"call.answered", "call.held", "call.resumed", "record", "link", "sweep"})
_COMING_IN = frozenset({"call.started", "call.ringing", "call.answered", "record"})


class Linked(NamedTuple):
    """Which other calls a change concerns."""

    has_parent: bool  # the call was answered, and the one above it should hear of that
    has_new_child: bool


def link(call: Call, *, is_new: bool, cause: str) -> Linked:
    """Write the links that `call` shows, from whichever side they show first.

    What an event of this kind cannot show is not asked for: this is on the way of every event.
    """
    values: dict[str, Any] = {
        "call": call.pk,
        "integration": call.integration_id,
        "call_id": call.call_id,
        "parent": call.parent_call_id,
        "new": [transfer["new_call_id"] for transfer in call.transfers if transfer.get("new_call_id")],
        "number": call.customer_e164 or "",
        "began": call.started_at,
        "within": JOINED_WITHIN,
        "transfers": json.dumps(call.transfers),
        "reached": [text for text in {call.extension, call.line_number, call.queue, *call.extensions_rung} if text],
    }
    parents = children = 0
    with connection.cursor() as cursor:
        # One after the other: pairs of one statement would not see each other, and could close a loop.
        if call.parent_call_id:
            cursor.execute(_NEW.format(pairs=_PARENT), values)
            parents += cursor.rowcount
        if is_new:
            _LINK_NAMED.execute(cursor, values)
            children += cursor.rowcount
        if values["new"]:
            cursor.execute(_NEW.format(pairs=_NAMED_BY_TRANSFERS), values)
            children += cursor.rowcount
        if call.transfers and values["number"]:
            cursor.execute(_NEW.format(pairs=_BY_TRANSFER), values)
            children += cursor.rowcount
        is_coming_in = cause in _COMING_IN and call.started_at and not call.parent_call_id
        by_number = bool(is_coming_in and values["number"] and values["reached"])
        if by_number:
            _BY_NUMBER_OR_BEFORE.execute(cursor, values)
            (parents,) = cursor.fetchone()
        if call.answered_at is None or not (parents or cause in _ANSWERING):
            return Linked(False, children > 0)
        if not parents and not by_number:
            _HAS_PARENT.execute(cursor, values)
            (parents,) = cursor.fetchone()
    return Linked(bool(parents), children > 0)
