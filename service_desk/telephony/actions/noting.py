"""Facts of a call that do not follow from its events alone: a room above knows them, and notes them here (T7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

from service_desk.telephony.actions.refolding import CHANGED, REFUTED

# Only what differs is written, so that noting the same again changes nothing.
_NOTE = """
INSERT INTO telephony_callfact AS f (call_id, rule, verdict, detail, note) VALUES (%s, %s, %s, %s, '')
ON CONFLICT (call_id, rule) DO UPDATE SET verdict = EXCLUDED.verdict, detail = EXCLUDED.detail, note = %s,
    changed_at = statement_timestamp(), withdrawn_at = NULL
WHERE (f.verdict, f.detail, f.withdrawn_at IS NULL) IS DISTINCT FROM (EXCLUDED.verdict, EXCLUDED.detail, true)
"""
_WITHDRAW = """
UPDATE telephony_callfact SET withdrawn_at = statement_timestamp(), changed_at = statement_timestamp(), note = %s
WHERE call_id = %s AND rule = %s AND withdrawn_at IS NULL
"""


def note_fact(*, call_id: int, rule: str, verdict: str, detail: Mapping[str, Any]) -> None:
    """What is known of the call about `rule` now; inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [call_id, rule, verdict, json.dumps(dict(detail)), CHANGED])


def withdraw_fact(*, call_id: int, rule: str) -> None:
    """What was known no longer holds."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, [REFUTED, call_id, rule])
