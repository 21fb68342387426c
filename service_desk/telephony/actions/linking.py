"""Joins a call to the one it was passed on from: by the phone system's word, else by number, target and time."""

from __future__ import annotations

from typing import Any

from django.db import connection

from service_desk.telephony.models import Call
from service_desk.telephony.rules import JOINED_WITHIN

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
_CHILDREN = """
    SELECT %(call)s::bigint AS parent, c.id AS child, false AS guessed FROM telephony_call c
        WHERE c.integration_id = %(integration)s AND c.parent_call_id = %(call_id)s AND c.parent_call_id <> ''
    UNION ALL
    SELECT %(call)s::bigint, c.id, false FROM telephony_call c
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


def link(call: Call, *, is_new: bool) -> bool:
    """Write the links that `call` shows; whether it was answered and has a call above it that should hear of it."""
    values: dict[str, Any] = {
        "call": call.pk,
        "integration": call.integration_id,
        "call_id": call.call_id,
        "parent": call.parent_call_id,
        "new": [transfer["new_call_id"] for transfer in call.transfers if transfer.get("new_call_id")],
        "number": call.customer_e164 or "",
        "began": call.started_at,
        "within": JOINED_WITHIN,
        "reached": [text for text in {call.extension, call.line_number, call.queue, *call.extensions_rung} if text],
    }
    with connection.cursor() as cursor:
        # One after the other: pairs of one statement would not see each other, and could close a loop.
        if call.parent_call_id:
            cursor.execute(_NEW.format(pairs=_PARENT), values)
        if is_new or values["new"]:
            cursor.execute(_NEW.format(pairs=_CHILDREN), values)
        if values["number"] and not call.parent_call_id and values["reached"] and call.started_at:
            cursor.execute(_NEW.format(pairs=_BY_NUMBER), values)
        if call.answered_at is None:
            return False
        cursor.execute("SELECT EXISTS (SELECT 1 FROM telephony_calllink WHERE child_id = %s)", [call.pk])
        (has_parent,) = cursor.fetchone()
    return bool(has_parent)
