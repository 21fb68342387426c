"""Writes the trail: every verb of the product calls this inside the transaction of its own change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from service_desk.audit.context import current
from service_desk.audit.models import AuditEntry
from service_desk.audit.rules import Door, Outcome

Actor = AbstractBaseUser | AnonymousUser | None

_BATCH = 1000


class NotInTransaction(RuntimeError):  # noqa: N818  (it names what is wrong with the calling code)
    """A verb tried to write its audit entry outside the transaction of its change."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"The audit entry of {verb!r} must be written inside the transaction of its change.")


@dataclass(frozen=True, slots=True)
class Deed:
    """One done verb of a batch, for `record_many`."""

    verb: str
    thing: str
    actor: Actor = None
    detail: Mapping[str, Any] | None = None


def record(
    *,
    verb: str,
    thing: str,
    actor: Actor,
    detail: Mapping[str, Any] | None = None,
    door: str | None = None,
) -> AuditEntry:
    """Write that `actor` did `verb` to `thing`: one INSERT, in the transaction of the change itself.

    `actor` is None for work that no person started (a worker, a command); `detail` is plain JSON without
    personal data; `door` overrides the door of `audit.context`.
    """
    _demand_transaction(verb)
    entry = _entry(verb=verb, thing=thing, actor=actor, detail=detail, door=door, outcome=Outcome.DONE)
    entry.save(force_insert=True)
    return entry


def record_many(deeds: Iterable[Deed], *, door: str | None = None) -> int:
    """Write the entries of a batch in as few INSERTs as possible, in the batch's transaction; how many."""
    entries = [
        _entry(verb=d.verb, thing=d.thing, actor=d.actor, detail=d.detail, door=door, outcome=Outcome.DONE)
        for d in deeds
    ]
    if entries:
        _demand_transaction(entries[0].verb)
        AuditEntry.objects.bulk_create(entries, batch_size=_BATCH)
    return len(entries)


def record_refusal(*, verb: str, thing: str, actor: Actor, reason: str, door: str | None = None) -> AuditEntry:
    """Write that a verb was refused. Call it after the refused change was rolled back, or it is lost with it."""
    entry = _entry(verb=verb, thing=thing, actor=actor, detail={"reason": reason}, door=door, outcome=Outcome.REFUSED)
    entry.save(force_insert=True)
    return entry


def _demand_transaction(verb: str) -> None:
    if not connection.in_atomic_block:
        raise NotInTransaction(verb)


def _entry(
    *, verb: str, thing: str, actor: Actor, detail: Mapping[str, Any] | None, door: str | None, outcome: Outcome
) -> AuditEntry:
    around = current()
    return AuditEntry(
        actor_id=None if actor is None else actor.pk,
        actor_label=around.label,
        door=around.door if door is None else Door(door),
        verb=verb,
        thing=thing,
        outcome=outcome,
        detail=dict(detail or {}),
        ip=around.ip,
        request_id=around.request_id,
    )
