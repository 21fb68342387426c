"""The trail proves itself: every entry is sealed with a digest over itself and over the seal before it.

Sealing follows the commit by seconds and is done by one worker at a time, so that no write of the desk waits for
another: a chain kept inside each transaction would put all of them in one row. A row changed before it is sealed is
therefore sealed as it then stands; the triggers refuse that to everybody but the database's own administrator, and
against that one only a head that was taken off the machine helps (`verify(head=…)`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from service_desk.audit.models import AuditSeal
from service_desk.audit.rules import Flaw

#: Nothing comes before the first entry.
GENESIS = hashlib.sha256(b"service desk audit trail").digest()
#: Entries sealed in one transaction.
BATCH = 1_000
#: An entry is drawn its number before its transaction commits; so far back one may still turn up unsealed.
_BACK = 50_000
#: Any number that nobody else locks by.
_LOCK = 7_304_511_902
#: An entry that is older than this and has no seal did not come in by the door.
UNSEALED_AFTER_SECONDS = 900

_COLUMNS = (
    "e.id, e.at, e.actor_id, e.actor_label, e.door, e.verb, e.thing, e.outcome, e.detail::text, e.ip, e.request_id"
)
_WAITING = """
SELECT e.id, e.at, e.actor_id, e.actor_label, e.door, e.verb, e.thing, e.outcome, e.detail::text, e.ip, e.request_id
  FROM audit_auditentry e
 WHERE e.id > coalesce((SELECT max(entry_id) FROM audit_auditseal), 0) - %s
   AND NOT EXISTS (SELECT 1 FROM audit_auditseal s WHERE s.entry_id = e.id)
 ORDER BY e.id LIMIT %s
"""
_SEALED = """
SELECT s.place, s.entry_id, s.digest,
       e.id, e.at, e.actor_id, e.actor_label, e.door, e.verb, e.thing, e.outcome, e.detail::text, e.ip, e.request_id
  FROM audit_auditseal s LEFT JOIN audit_auditentry e ON e.id = s.entry_id
 WHERE s.place > %s ORDER BY s.place LIMIT %s
"""
_UNSEALED = """
SELECT e.id FROM audit_auditentry e
 WHERE e.at < now() - make_interval(secs => %s)
   AND NOT EXISTS (SELECT 1 FROM audit_auditseal s WHERE s.entry_id = e.id)
 ORDER BY e.id LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Tampering:
    """One place at which the trail is not what it was: what is wrong with which entry."""

    flaw: Flaw
    entry_id: int
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: how many there are, and the digest that stands for all of them."""

    place: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.place}:{self.digest.hex()}"

    @classmethod
    def read(cls, text: str) -> Head:
        """From the words of `str`; raises ValueError."""
        place, _colon, digest = text.strip().partition(":")
        found = cls(int(place), bytes.fromhex(digest))
        if len(found.digest) != hashlib.sha256().digest_size:
            raise ValueError(text)
        return found


def digest_of(before: bytes, row: tuple[Any, ...]) -> bytes:
    """The seal of an entry: SHA-256 over the seal before it and the entry's values, as the database gives them."""
    values = [value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value for value in row]
    text = json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()


def head() -> Head:
    """The newest seal; place 0 before the first."""
    last = AuditSeal.objects.order_by("-place").values_list("place", "digest").first()
    return Head(last[0], bytes(last[1])) if last else Head(0, GENESIS)


def unsealed_for() -> float | None:
    """For how many seconds the oldest entry behind the head has been waiting for its seal; None if none waits."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [_BACK, 1])
        row = cursor.fetchone()
        if row is None:
            return None
        cursor.execute("SELECT extract(epoch FROM statement_timestamp() - %s)::float", [row[1]])
        age: float = cursor.fetchone()[0]
    return max(age, 0.0)


def seal(limit: int = BATCH) -> int:
    """Seal what has come in since, at most `limit` entries, and say how many; nothing while somebody else seals."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        last = head()
        cursor.execute(_WAITING, [_BACK, limit])
        seals, before = [], last.digest
        for place, row in enumerate(cursor.fetchall(), last.place + 1):
            before = digest_of(before, row)
            seals.append(AuditSeal(place=place, entry_id=row[0], digest=before))
        AuditSeal.objects.bulk_create(seals)
    return len(seals)


def verify(*, after: Head | None = None, head_was: Head | None = None) -> Iterator[Tampering]:
    """Everything that is not as it was sealed, in order: entries changed, removed, or put in past the door.

    `after` begins behind a head that was verified before; `head_was` is one taken off the machine earlier, at whose
    place the chain must still have that digest: who rewrote all seals cannot have kept it.
    """
    place, before = (after.place, after.digest) if after else (0, GENESIS)
    while rows := _page(place):
        for row in rows:
            sealed_place, entry_id, digest, *entry = row
            if sealed_place != place + 1:
                yield Tampering(Flaw.SEAL_MISSING, entry_id, place + 1)
            elif entry[0] is None:
                yield Tampering(Flaw.REMOVED, entry_id, sealed_place)
            elif digest_of(before, tuple(entry)) != bytes(digest):
                yield Tampering(Flaw.CHANGED, entry_id, sealed_place)
            if head_was and head_was.place == sealed_place and head_was.digest != bytes(digest):
                yield Tampering(Flaw.HEAD_DIFFERS, entry_id, sealed_place)
            place, before = sealed_place, bytes(digest)
    if head_was and head_was.place > place:
        yield Tampering(Flaw.SEAL_MISSING, 0, head_was.place)
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED, [UNSEALED_AFTER_SECONDS])
        for (entry_id,) in cursor.fetchall():
            yield Tampering(Flaw.UNSEALED, entry_id)


def _page(place: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SEALED, [place, BATCH])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
