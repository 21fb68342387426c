"""An event or a record is taken in: stored as received, its call folded anew, all in one transaction.

On the way of every event, so it is plain SQL in as few statements as possible; the ORM trebled its cost.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2.errors import LockNotAvailable

from service_desk.telephony.actions.refolding import refold
from service_desk.telephony.folding import counted_at
from service_desk.telephony.models import Call, Integration
from service_desk.telephony.models.calls import new_ref
from service_desk.telephony.problems import DoorProblem
from service_desk.telephony.reading import NativeEvent, NativeRecord
from service_desk.telephony.rules import RecordStatus
from service_desk.telephony.statements import Statement

LIVE = timedelta(seconds=60)  # what is older never pops a screen
PATIENCE = timedelta(seconds=1)  # so long a repeat waits for the first, to be answered with its result
CLOCK_AHEAD, EXTENSION_UNKNOWN, TYPE_UNKNOWN = "clock-ahead", "extension-unknown", "type-unknown"

# Two statements in one round trip: what is looked up must not be older than the lock. Without it no row is waited for.
_TRY_LOCK = "SELECT set_config('desk.taken', pg_try_advisory_xact_lock(%(lock)s)::text, true); "
_WAIT_FOR_LOCK = (
    "SET LOCAL lock_timeout = %(patience)s; SELECT pg_advisory_xact_lock(%(lock)s); SET LOCAL lock_timeout TO DEFAULT"
)
_SEEN_AND_CALL = Statement(
    "event_seen",
    """
WITH seen AS (
    SELECT digest, call_id FROM telephony_seenevent WHERE integration_id = %(integration)s AND event_id = %(event)s
), call AS (
    SELECT id, ref, state, claimed_by_id, given_up_at, heard_at, change_no FROM telephony_call
    WHERE current_setting('desk.taken') = 'true' AND integration_id = %(integration)s AND call_id = %(call)s
    FOR NO KEY UPDATE
)
SELECT current_setting('desk.taken') = 'true', statement_timestamp(), (SELECT digest FROM seen),
    (SELECT call_id FROM seen), call.*
FROM (VALUES (1)) AS one LEFT JOIN call ON true
""",
    integration="bigint",
    event="text",
    call="text",
)
_NEW_CALL = """
INSERT INTO telephony_call (ref, integration_id, call_id, state, direction, customer_number, line_number, queue,
    extension, agent_code, extensions_rung, parent_call_id, hold_seconds, ended_by, cause, recording_url, transfers,
    attributes, differences, is_stale, change_no)
VALUES (%s, %s, %s, 'new', '', '', '', '', '', '', '{}', '', '{}', '', '', '', '[]', '{}', '[]', false, 0)
ON CONFLICT (integration_id, call_id) DO NOTHING
RETURNING id, ref, state, claimed_by_id, given_up_at, heard_at, change_no
"""
_ONE_CALL = """
SELECT id, ref, state, claimed_by_id, given_up_at, heard_at, change_no FROM telephony_call
WHERE integration_id = %s AND call_id = %s FOR NO KEY UPDATE
"""
_NEW_EVENT = Statement(
    "event_new",
    """
WITH event AS (
    INSERT INTO telephony_callevent (call_id, integration_id, event_id, type, timestamp, counted_at, seq, extension,
        data)
    VALUES (%(call)s, %(integration)s, %(event)s, %(type)s, %(timestamp)s, %(counted)s, %(seq)s, %(extension)s,
        %(data)s)
    ON CONFLICT (call_id, type, extension, timestamp) DO NOTHING RETURNING id
), seen AS (
    INSERT INTO telephony_seenevent (integration_id, event_id, digest, call_id)
    VALUES (%(integration)s, %(event)s, %(digest)s, %(call)s)
)
SELECT id FROM event
""",
    call="bigint",
    integration="bigint",
    event="text",
    type="text",
    timestamp="timestamptz",
    counted="timestamptz",
    seq="bigint",
    extension="text",
    data="jsonb",
    digest="bytea",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an item, and the call it belongs to."""

    status: str
    call: Call | None = None
    warnings: list[str] = field(default_factory=list)


@transaction.atomic
def receive_event(*, integration: Integration, event: NativeEvent) -> Receipt:
    """Take one event in; the same again is a duplicate, the same id for something else is refused."""
    now, digest, seen_call, row = _seen_and_call(integration.pk, event)
    if digest is not None:
        if bytes(digest) != event.digest:
            raise DoorProblem("id-reused", _("This id was used for an event with another content."))
        return Receipt(RecordStatus.DUPLICATE, _known_call(seen_call))
    if not event.is_known_type:
        _keep_id(integration.pk, event)
        return Receipt(RecordStatus.ACCEPTED, None, [TYPE_UNKNOWN])
    call, is_new = _call_of(integration, event.call_id, row)
    counted = counted_at(event.timestamp, now)
    if not _store(call, event, counted):
        return Receipt(RecordStatus.DUPLICATE, call)
    done = refold(
        call,
        before="" if is_new else call.state,
        cause=event.type,
        is_live=now - counted <= LIVE,
        heard_at=now,
    )
    warnings = [CLOCK_AHEAD] if counted != event.timestamp else []
    return Receipt(RecordStatus.ACCEPTED, call, warnings + ([EXTENSION_UNKNOWN] if done.extension_unknown else []))


@transaction.atomic
def receive_record(*, integration: Integration, record: NativeRecord) -> Receipt:
    """Take a call's record in; a newer one replaces it. A record never pops a screen."""
    _lock_or_refuse(integration.pk, f"record {record.call_id}")
    call, is_new = _call_of(integration, record.call_id, None)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telephony_callrecord (call_id, data, digest, versions) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (call_id) DO UPDATE SET data = EXCLUDED.data, digest = EXCLUDED.digest,"
            " versions = telephony_callrecord.versions + 1, received_at = statement_timestamp()"
            " WHERE telephony_callrecord.digest <> EXCLUDED.digest RETURNING statement_timestamp()",
            [call.pk, json.dumps(record.data), record.digest],
        )
        changed = cursor.fetchone()
    if changed is None:
        return Receipt(RecordStatus.DUPLICATE, call)
    done = refold(call, before="" if is_new else call.state, cause="record", is_live=False, heard_at=changed[0])
    return Receipt(RecordStatus.ACCEPTED, call, [EXTENSION_UNKNOWN] if done.extension_unknown else [])


def _lock_or_refuse(integration_id: int, name: str) -> None:
    """Hold the item for this transaction. Whoever brings it at the same moment waits a little, and is then told so."""
    given = {"patience": int(PATIENCE.total_seconds() * 1000), "lock": _lock_number(integration_id, name)}
    try:
        with connection.cursor() as cursor:
            cursor.execute(_WAIT_FOR_LOCK, given)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise DoorProblem("in-progress", _("The same is being taken in at this moment."), retry_after=1) from error
        raise


def _lock_number(integration_id: int, name: str) -> int:
    digest = hashlib.blake2b(f"call {integration_id} {name}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _seen_and_call(integration_id: int, event: NativeEvent) -> tuple[datetime, Any, int | None, tuple[Any, ...] | None]:
    """Hold the event for this transaction, and read in the same round trip what is known of it and of its call."""
    name = f"event {event.id}"
    values: dict[str, Any] = {
        "lock": _lock_number(integration_id, name),
        "integration": integration_id,
        "event": event.id,
        "call": event.call_id,
    }
    locked, now, digest, seen_call, *row = _ask(values)
    if not locked:
        _lock_or_refuse(integration_id, name)
        _locked, now, digest, seen_call, *row = _ask(values)
    return now, digest, seen_call, None if row[0] is None else tuple(row)


def _ask(values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        _SEEN_AND_CALL.execute(cursor, values, after=_TRY_LOCK)
        found: tuple[Any, ...] = cursor.fetchone()
    return found


def _call_of(integration: Integration, call_id: str, row: tuple[Any, ...] | None) -> tuple[Call, bool]:
    """The call's row, locked; made when this is the first word of it, whatever kind of event that is."""
    is_new = False
    if row is None:
        with connection.cursor() as cursor:
            cursor.execute(_NEW_CALL, [new_ref(), integration.pk, call_id])
            row = cursor.fetchone()
            is_new = row is not None
            if row is None:
                cursor.execute(_ONE_CALL, [integration.pk, call_id])
                row = cursor.fetchone()
    assert row is not None  # noqa: S101  (inserted or found; calls are never deleted)
    pk, ref, state, claimed_by, given_up_at, heard_at, change_no = row
    call = Call(
        pk=pk,
        ref=ref,
        integration=integration,
        call_id=call_id,
        state=state,
        claimed_by_id=claimed_by,
        given_up_at=given_up_at,
        heard_at=heard_at,
        change_no=change_no,
    )
    call._state.adding = False
    return call, is_new


def _store(call: Call, event: NativeEvent, counted: datetime) -> bool:
    """Keep the event as it came; False when the same happening was told under another id before."""
    with connection.cursor() as cursor:
        _NEW_EVENT.execute(
            cursor,
            {
                "call": call.pk,
                "integration": call.integration_id,
                "event": event.id,
                "type": event.type,
                "timestamp": event.timestamp,
                "counted": counted,
                "seq": int(event.data.get("seq", -1)),
                "extension": event.data.get("extension", ""),
                "data": json.dumps(event.data),
                "digest": event.digest,
            },
        )
        return cursor.fetchone() is not None


def _keep_id(integration_id: int, event: NativeEvent) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telephony_seenevent (integration_id, event_id, digest) VALUES (%s, %s, %s)",
            [integration_id, event.id, event.digest],
        )


def _known_call(pk: int | None) -> Call | None:
    return Call.objects.only("id", "ref", "state").filter(pk=pk).first() if pk else None
