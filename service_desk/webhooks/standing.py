"""Writes down how tries ended, and what that says of their endpoints: well, failing since, or given up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection, transaction

from service_desk.audit.actions import record
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.webhooks.models import Endpoint
from service_desk.webhooks.rules import FAILS_AT_MOST, TRIES_SHOWN, PauseReason, PostState, error_words


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try ended; the row is changed only if `fence` is still the claim's."""

    id: int
    fence: int
    endpoint_id: int
    state: str
    wait: float = 0.0
    error: str = ""
    gone: bool = False
    tried: dict[str, Any] = field(default_factory=dict)


_MARK = """
UPDATE webhooks_post p SET state = o.state,
    sent_at = CASE WHEN o.state = 'sent' THEN statement_timestamp() END,
    next_try_at = statement_timestamp() + make_interval(secs => o.wait),
    tries = (SELECT jsonb_agg(kept.one ORDER BY kept.place) FROM (
        SELECT one, place FROM jsonb_array_elements(
            p.tries || jsonb_build_array(o.tried || jsonb_build_object('at', statement_timestamp()))
        ) WITH ORDINALITY AS all_of_them(one, place) ORDER BY place DESC LIMIT %s) kept)
FROM json_to_recordset(%s::json) AS o(id bigint, fence integer, state text, wait double precision, tried jsonb)
WHERE p.id = o.id AND p.fence = o.fence AND p.state = 'sending'
RETURNING p.id, p.fence
"""
_WELL = """
UPDATE webhooks_endpoint SET last_success_at = statement_timestamp(), failing_since = NULL, last_error = ''
WHERE id = %s
"""
_ILL = """
UPDATE webhooks_endpoint SET failing_since = COALESCE(failing_since, statement_timestamp()), last_error = %s
WHERE id = %s RETURNING is_active AND failing_since < statement_timestamp() - make_interval(secs => %s)
"""
_PAUSE = """
UPDATE webhooks_endpoint SET is_active = false, paused_at = statement_timestamp(), pause_reason = %s
WHERE id = %s AND is_active RETURNING paused_at
"""


@transaction.atomic
def note_standing(outcomes: Sequence[Outcome]) -> int:
    """Write outcomes down; one whose row was claimed by somebody else meanwhile changes nothing. How many counted."""
    if not outcomes:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [TRIES_SHOWN, json.dumps([asdict(outcome) for outcome in outcomes])])
        written = set(cursor.fetchall())
    counted = [outcome for outcome in outcomes if (outcome.id, outcome.fence) in written]
    # Always in the order of their numbers, so that two senders cannot wait for each other.
    for endpoint_id in sorted({outcome.endpoint_id for outcome in counted}):
        _judge(endpoint_id, [outcome for outcome in counted if outcome.endpoint_id == endpoint_id])
    return len(counted)


def _judge(endpoint_id: int, outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        with connection.cursor() as cursor:
            if outcome.state == PostState.SENT:
                cursor.execute(_WELL, [endpoint_id])
                continue
            cursor.execute(_ILL, [outcome.error, endpoint_id, FAILS_AT_MOST.total_seconds()])
            (too_long,) = cursor.fetchone() or (False,)
        if outcome.gone or too_long:
            _pause(endpoint_id, PauseReason.GONE if outcome.gone else PauseReason.FAILING, outcome.error)


def _pause(endpoint_id: int, reason: PauseReason, error: str) -> None:
    """Switch an endpoint off and tell the administrators."""
    with connection.cursor() as cursor:
        cursor.execute(_PAUSE, [reason.value, endpoint_id])
        row = cursor.fetchone()
    if row is None:
        return
    name = Endpoint.objects.values_list("name", flat=True).get(pk=endpoint_id)
    record(verb="webhook.pause", thing=f"webhook:{endpoint_id}", actor=None, detail={"reason": reason.value})
    key = f"webhook_paused:{endpoint_id}:{row[0]:%Y%m%d%H%M%S%f}"
    send_many(
        [
            NewNotice(
                dedup_key=f"{key}:{person.pk}",
                chain=f"{key}:{person.pk}",
                kind="webhook_paused",
                level=Level.WARNING,
                recipient_id=person.pk,
                facts={"name": name, "reason": reason.value, "error": str(error_words(error))},
                about=f"webhook:{endpoint_id}",
                link=f"/webhooks/{endpoint_id}/",
            )
            for person in Staff.objects.with_role(Role.ADMINISTRATOR).order_by("id")
        ]
    )
