"""What was passed on is registered by whoever it was passed on to; and breaches learn whose they were.

A sweep with a transaction a call, so that no transaction ever holds two calls (docs/decisions/telephony.md).
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.calls.actions.keeping import keep
from service_desk.calls.models import CallSettlement
from service_desk.telephony.models import Call

_BATCH = 200
# The registration of the colleague's call counts for the call it came from, with the moment from which it counts.
_TO_CARRY = """
SELECT l.parent_id, s.id
  FROM calls_calldeadline d
  JOIN telephony_calllink l ON l.parent_id = d.call_id
  JOIN calls_callsettlement s ON s.call_id = l.child_id AND s.undone_at IS NULL
 WHERE d.kind = 'registration' AND d.state IN ('running', 'error')
   AND NOT EXISTS (SELECT 1 FROM calls_callsettlement o WHERE o.call_id = l.parent_id AND o.undone_at IS NULL)
 ORDER BY d.id, s.id LIMIT %s
"""
_TO_TAKE_BACK = """
SELECT s.call_id, s.id FROM calls_callsettlement s JOIN calls_callsettlement o ON o.id = s.carried_from_id
 WHERE s.undone_at IS NULL AND o.undone_at IS NOT NULL ORDER BY s.id LIMIT %s
"""
_OWNERLESS = """
SELECT d.call_id FROM calls_calldeadline d JOIN telephony_call c ON c.id = d.call_id
 WHERE d.kind = 'registration' AND d.state <> 'cancelled' AND d.breached_at IS NOT NULL AND d.owner_id IS NULL
   AND coalesce(c.claimed_by_id, c.agent_id) IS NOT NULL ORDER BY d.id LIMIT %s
"""


def keep_all() -> int:
    """Carry registrations up to the calls they came from, take back those undone below; how many calls were kept."""
    done = 0
    for call_id, settlement_id in _pairs(_TO_TAKE_BACK):
        done += _take_back(call_id, settlement_id)
    for call_id, settlement_id in _pairs(_TO_CARRY):
        done += _carry(call_id, settlement_id)
    for (call_id,) in _pairs(_OWNERLESS):
        with transaction.atomic():
            keep(_locked(call_id))
        done += 1
    return done


def _pairs(query: str) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [_BATCH])
        found: list[tuple[int, ...]] = cursor.fetchall()
    return found


def _locked(call_id: int) -> Call:
    found: Call = Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=call_id)
    return found


@transaction.atomic
def _carry(call_id: int, settlement_id: int) -> int:
    call = _locked(call_id)
    below = CallSettlement.objects.standing().filter(pk=settlement_id).first()
    if below is None or CallSettlement.objects.standing().filter(call=call).exists():
        return 0
    CallSettlement.objects.create(
        call=call,
        settled_as=below.settled_as,
        case_id=below.case_id,
        message_id=below.message_id,
        reason=below.reason,
        words=below.words,
        carried_from=below,
        by_id=below.by_id,
        counts_at=below.counts_at,
    )
    record(verb="call.settle", thing=f"call:{call_id}", actor=None, detail={"carried_from": below.pk}, door="worker")
    keep(call)
    return 1


@transaction.atomic
def _take_back(call_id: int, settlement_id: int) -> int:
    call = _locked(call_id)
    row = CallSettlement.objects.standing().select_related("carried_from").filter(pk=settlement_id).first()
    if row is None or row.carried_from is None or row.carried_from.undone_at is None:
        return 0
    row.undone_at, row.undone_by_id = row.carried_from.undone_at, row.carried_from.undone_by_id
    row.undone_why = row.carried_from.undone_why or _("Undone with the call it was passed on to.")
    row.save(update_fields=["undone_at", "undone_by", "undone_why"])
    record(verb="call.unsettle", thing=f"call:{call_id}", actor=None, detail={"settlement": row.pk}, door="worker")
    keep(call)
    return 1
