"""Repeats what nobody has acknowledged, and takes it one step up the reporting line each time (C7, D10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Extract, Now

from service_desk.notices.actions.sending import NewNotice, send_many
from service_desk.notices.models import Notice
from service_desk.notices.rules import LATE_SECONDS, REPEAT_SECONDS
from service_desk.notices.within import first_who_may
from service_desk.people.directory import Directory
from service_desk.people.rules import DutyRole

_BATCH = 200


@dataclass(frozen=True)
class _Told:
    """Who is told this time."""

    staff_id: int | None
    instead_of: int | None = None
    fallback: bool = False


def repeat_due(door: str) -> int:
    """Write the repeats that are due, in transactions of at most 200 notices; how many notices were repeated.

    After an outage each chain is repeated once and the next repeat counts from now, so no backlog goes out (D12).
    `door` names the caller in the facts of the repeat.
    """
    done = 0
    while True:
        batch = _repeat_batch(door)
        done += batch
        if batch < _BATCH:
            return done


@transaction.atomic
def _repeat_batch(door: str) -> int:
    late = Extract(Now() - F("next_repeat_at"), "epoch")
    due = list(
        Notice.objects.filter(next_repeat_at__lte=Now(), acked_at=None, stopped_at=None)
        .annotate(late=late)
        .order_by("next_repeat_at", "pk")
        .select_for_update(skip_locked=True, of=("self",))[:_BATCH]
    )
    if not due:
        return 0
    directory = Directory.load()
    names = dict(_names({notice.recipient_id for notice in due if notice.recipient_id is not None}))
    fresh: list[NewNotice] = []
    for notice in due:
        fresh += _repeats(notice, directory, names, door)
    Notice.objects.filter(pk__in=[notice.pk for notice in due]).update(next_repeat_at=None)
    send_many(fresh)
    return len(due)


def _names(ids: set[int]) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, full_name FROM people_staff WHERE id = ANY(%s)", [list(ids)])
        found: list[tuple[int, str]] = cursor.fetchall()
    return found


def _repeats(notice: Any, directory: Directory, names: dict[int, str], door: str) -> list[NewNotice]:
    """The repeat to the same person, which carries the chain on, and the step up beside it."""
    number = notice.repeat_no + 1
    same = _may_know(notice, _same(notice, directory), directory)
    up = _may_know(notice, _one_up(notice, number, directory), directory)
    facts = {**notice.facts, "_repeat": number, "_door": door}
    out = [_copy(notice, f"{notice.chain}:{number}", same, number, facts, carries=True)]
    if up.staff_id is not None and up.staff_id != same.staff_id:
        facts = {**facts, "_unanswered_by": names.get(notice.recipient_id or 0, "")}
        out.append(_copy(notice, f"{notice.chain}:up:{number}", up, number, facts, carries=False))
    return out


def _may_know(notice: Notice, told: _Told, directory: Directory) -> _Told:
    """Of a private thing only who may know of it: else the next one up, or the duty manager."""
    if not notice.private:
        return told
    further = [*directory.superiors(notice.recipient_id), directory.duty.get(DutyRole.DUTY_MANAGER)]
    allowed = first_who_may(notice.about, [told.staff_id, *map(directory.present, further)])
    return told if allowed == told.staff_id else _Told(allowed, fallback=told.fallback)


def _same(notice: Notice, directory: Directory) -> _Told:
    """The person of the first telling or whoever stands in now; if there was nobody, the duty manager of now."""
    holder = notice.instead_of_id or notice.recipient_id
    present = directory.present(holder)
    if present is not None and not notice.fallback:
        return _Told(present, holder if present != holder else None)
    if notice.fallback and directory.present(notice.recipient_id) is not None:
        return _Told(directory.present(notice.recipient_id), notice.instead_of_id, fallback=True)
    return _Told(directory.present(directory.duty.get(DutyRole.DUTY_MANAGER)), holder, fallback=True)


def _one_up(notice: Notice, number: int, directory: Directory) -> _Told:
    """The leader `number` steps above; where the line ends, the duty manager."""
    line = directory.superiors(notice.instead_of_id or notice.recipient_id)
    leader = line[number - 1] if number <= len(line) else directory.duty.get(DutyRole.DUTY_MANAGER)
    present = directory.present(leader)
    return _Told(present, leader if present != leader else None)


def _copy(notice: Any, dedup_key: str, told: _Told, number: int, facts: dict[str, Any], *, carries: bool) -> NewNotice:
    late = int(notice.late)
    return NewNotice(
        dedup_key=dedup_key,
        chain=notice.chain,
        kind=notice.kind,
        level=notice.level,
        recipient_id=told.staff_id,
        slot=notice.slot,
        facts=facts,
        about=notice.about,
        link=notice.link,
        needs_ack=True,
        repeat_seconds=(notice.repeat_seconds or REPEAT_SECONDS) if carries else None,
        instead_of_id=told.instead_of,
        fallback=told.fallback,
        late_by_seconds=late if late > LATE_SECONDS else None,
        repeat_no=number,
        private=notice.private,
    )
