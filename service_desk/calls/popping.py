"""Puts a call on screens as it rings and takes it away again: the row in the call's own transaction, the push after it.

On the way of every event, so it asks for nothing that the event cannot change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from service_desk.calls.models import Withdrawn
from service_desk.notices.live import EVERYBODY, poke_many, topic_of
from service_desk.people.rules import DESK_ROLES
from service_desk.telephony.announcing import CallChange, listen
from service_desk.telephony.models import Call
from service_desk.telephony.rules import CallEventType, CallState, Direction

EVENT = "call"
_ON_THE_LINE = frozenset({CallState.ANSWERED, CallState.HELD})
_OVER = frozenset({CallState.ENDED, CallState.MISSED})
#: What may have told a call about its transfer: those at whose phones it rings see the words that go with it.
_OF_TRANSFERS = frozenset({CallEventType.TRANSFERRED, "transfer_note", "link"})

# Whoever sits at one of the phones that rang, once a call; a screen that was withdrawn does not open again.
_RINGING = """
INSERT INTO calls_callpop (call_id, staff_id, token, rang, withdrawn_because)
SELECT DISTINCT %(call)s::bigint, e.staff_id, gen_random_uuid(), true, ''
FROM telephony_extension e JOIN people_staff s ON s.id = e.staff_id AND s.is_active
WHERE e.integration_id = %(integration)s AND e.extension = ANY(%(rung)s)
    AND e.valid_from <= statement_timestamp() AND (e.valid_to IS NULL OR e.valid_to > statement_timestamp())
ON CONFLICT (call_id, staff_id) DO NOTHING RETURNING staff_id
"""
_MINE = """
INSERT INTO calls_callpop (call_id, staff_id, token, rang, withdrawn_because)
VALUES (%(call)s, %(staff)s, gen_random_uuid(), false, '')
ON CONFLICT (call_id, staff_id) DO UPDATE SET withdrawn_at = NULL, withdrawn_because = ''
    WHERE calls_callpop.withdrawn_at IS NOT NULL
"""
_WITHDRAW = """
UPDATE calls_callpop SET withdrawn_at = statement_timestamp(), withdrawn_because = %(why)s
WHERE call_id = %(call)s AND withdrawn_at IS NULL AND staff_id IS DISTINCT FROM %(staff)s RETURNING staff_id
"""
_OF_CHILDREN = """
SELECT p.staff_id FROM calls_callpop p JOIN telephony_calllink l ON l.child_id = p.call_id
WHERE l.parent_id = %(call)s AND p.withdrawn_at IS NULL
"""
_OF_UNIT = """
WITH RECURSIVE below(id) AS (
    SELECT %(unit)s::bigint UNION SELECT u.id FROM people_unit u JOIN below ON u.parent_id = below.id
) SELECT s.id FROM people_staff s JOIN below ON s.unit_id = below.id
WHERE s.is_active AND s.roles && %(roles)s::varchar[]
"""


def follow(change: CallChange) -> None:
    """Open, withdraw or refresh the screens that this change concerns."""
    call = change.call
    concerned: set[int] = set()
    if call.state == CallState.RINGING and change.cause == CallEventType.RINGING:
        if change.is_live and call.direction == Direction.INBOUND:
            concerned |= _ask(_RINGING, call)
    elif call.state in _ON_THE_LINE or call.state in _OVER:
        concerned |= _taken(change)
    responsible = _responsible(call)
    if responsible is not None:
        concerned.add(responsible)
    if change.cause in _OF_TRANSFERS:
        concerned |= _ask(_OF_CHILDREN, call)
    everybody = False
    if change.is_live and responsible is None and call.state in _ON_THE_LINE and call.direction == Direction.INBOUND:
        unit = call.integration.unit_id
        everybody = unit is None
        concerned |= set() if everybody else _ask(_OF_UNIT, call, unit=unit, roles=[str(r) for r in DESK_ROLES])
    push(call, concerned, everybody=everybody)


def _taken(change: CallChange) -> set[int]:
    """Somebody has answered, or it is over: it leaves all other screens and stands on that of whose call it is."""
    call, responsible = change.call, _responsible(change.call)
    first = change.before in ("", CallState.NEW, CallState.QUEUED, CallState.RINGING, CallState.MISSED)
    if not (first or call.state in _OVER or change.cause in ("claim", "record")):
        return set()
    answered = call.answered_at is not None or call.state == CallState.ENDED
    why = Withdrawn.ELSEWHERE if answered else Withdrawn.GONE
    # Answered by a phone that is nobody's: it stays where it rang, so that whoever has it can say so.
    is_nobodys = responsible is None and call.state in _ON_THE_LINE
    gone = set() if is_nobodys else _ask(_WITHDRAW, call, why=str(why), staff=responsible)
    is_now = change.is_live and call.ended_at is None and call.direction != Direction.INTERNAL
    if responsible is not None and (is_now or (change.cause == "claim" and call.answered_at is not None)):
        with connection.cursor() as cursor:
            cursor.execute(_MINE, {"call": call.pk, "staff": responsible})
    return gone


def _responsible(call: Call) -> int | None:
    found: int | None = call.claimed_by_id or call.agent_id
    return found


def _ask(sql: str, call: Call, **values: Any) -> set[int]:
    given: dict[str, Any] = {
        "call": call.pk,
        "integration": call.integration_id,
        "rung": list(call.extensions_rung),
        **values,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return {staff for (staff,) in cursor.fetchall()}


def push(call: Call, staff: Iterable[int], *, everybody: bool = False) -> None:
    """Tell open pages, once the present transaction is committed, to look again: the call's public name only."""
    topics = [EVERYBODY] if everybody else [topic_of(pk) for pk in sorted(set(staff))]
    if topics:
        told = [(topic, EVENT, {"call": call.ref}) for topic in topics]
        transaction.on_commit(lambda: poke_many(told), robust=True)


listen(follow)
