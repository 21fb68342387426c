"""Lays a new policy version or a changed calendar on running clocks: listed, confirmed as it was seen, then moved.

The moving is work in chunks that any worker may go on with, so a process that dies leaves nothing half done. A chunk
takes only clocks that nobody holds; what was held is tried once more, one clock at a time, so that a verb that locks
clocks of its case can never wait for a chunk that waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.actions import take_over
from service_desk.deadlines.clock import now as db_now
from service_desk.deadlines.engine import concrete_clocks
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy, Rollout
from service_desk.deadlines.preview import (
    CHUNK,
    Aim,
    Line,
    changed_since,
    drafted,
    label_of,
    lines_of,
    listed,
    model_of,
    token_of,
    with_what_they_need,
)
from service_desk.deadlines.rules import ClockState, RolloutState
from service_desk.deadlines.work_calendar import HoursError, WorkCalendar
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, Invalid, Stale

#: Up to so many clocks are listed or moved at once, in the request itself; more is a worker's.
AT_ONCE = 400
#: A list is confirmed within this time, else it is made anew: what it says of being late grows old.
FRESH = timedelta(minutes=30)


def preview_policy(*, policy: Policy, actor: Any) -> Rollout:
    """List what would move if this version were laid on the clocks that run by earlier ones (D8)."""
    with transaction.atomic():
        require(actor, "policy.apply", policy)
        if policy.retired_at is not None:
            raise Conflict(_("A newer version is in force; apply that one."), code="retired")
        return _made(Rollout(policy=policy, made_by=actor))


def preview_calendar(
    *, calendar: Calendar, draft: Mapping[str, Any], note: str, actor: Any, base: int | None = None
) -> Rollout:
    """List which days change and what would move; `base` is the version the person looked at (Stale if it is old)."""
    with transaction.atomic():
        require(actor, "calendar.edit", calendar)
        current = CalendarVersion.objects.filter(pk=Calendar.objects.get(pk=calendar.pk).current_id or 0).first()
        if current is None:
            raise Conflict(_("This calendar has no content yet."), code="empty")
        if base is not None and base != current.pk:
            raise Stale
        try:
            WorkCalendar.from_json(drafted(current.data, draft))
        except HoursError as error:
            raise Invalid(str(error), field="") from error
        return _made(Rollout(calendar=calendar, base=current, draft=dict(draft), note=note[:200], made_by=actor))


def _made(rollout: Rollout) -> Rollout:
    aim = Aim(rollout)
    rollout.save(force_insert=True)
    few = sum(len(aim.candidates(model).values_list("pk")[: AT_ONCE + 1]) for model in concrete_clocks()) <= AT_ONCE
    if few:
        _list(rollout)
    return rollout


def _list(rollout: Rollout) -> None:
    moment = db_now()
    lines, rollout.more = listed(rollout, moment)
    rollout.lines = [line.to_row() for line in lines]
    rollout.token = token_of(rollout, lines)
    rollout.state, rollout.listed_at = RolloutState.READY, moment
    rollout.save(update_fields=["lines", "more", "token", "state", "listed_at"])


def list_again(*, rollout: Rollout, actor: Any) -> Rollout:
    """A new list for the same change, on what is in force now."""
    if rollout.policy is not None:
        return preview_policy(policy=rollout.policy, actor=actor)
    assert rollout.calendar is not None  # noqa: S101 - a constraint of the table
    return preview_calendar(calendar=rollout.calendar, draft=rollout.draft, note=rollout.note, actor=actor)


def confirm(*, rollout: Rollout, actor: Any, token: str) -> Rollout:
    """Apply the list that was seen. Stale when anything of it has changed: then a new list is to be looked at.

    A calendar's new version is in force from here on; its clocks follow.
    """
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().get(pk=rollout.pk)
        require(actor, "policy.apply" if locked.policy_id else "calendar.edit", locked.policy or locked.calendar)
        if locked.state in (RolloutState.APPLYING, RolloutState.DONE):
            return locked  # a second press of the button
        moment = db_now()
        if locked.state != RolloutState.READY or not token or token != locked.token or _is_old(locked, moment):
            raise Stale(_("What would move has changed since you looked."), remedy=_("Look at the new list."))
        if locked.policy_id is None and locked.draft:
            locked.version = _put_in_force(locked, actor)
        locked.state, locked.confirmed_at, locked.confirmed_by = RolloutState.APPLYING, moment, actor
        locked.save(update_fields=["version", "state", "confirmed_at", "confirmed_by"])
        _record_confirmed(locked, actor)
    if len(locked.lines) <= AT_ONCE:
        while go_on(locked.pk):
            pass
    locked.refresh_from_db()
    return locked


def drop(*, rollout: Rollout, actor: Any) -> None:
    """Leave everything as it is; a list that was applied stays in the record."""
    with transaction.atomic():
        locked = Rollout.objects.select_for_update().get(pk=rollout.pk)
        require(actor, "policy.apply" if locked.policy_id else "calendar.edit", locked.policy or locked.calendar)
        if locked.state in (RolloutState.PREPARING, RolloutState.READY):
            locked.state = RolloutState.DROPPED
            locked.save(update_fields=["state"])


def _is_old(rollout: Rollout, moment: datetime) -> bool:
    if rollout.listed_at is None or moment - rollout.listed_at > FRESH:
        return True
    if rollout.policy is not None and rollout.policy.retired_at is not None:
        return True
    if rollout.calendar is not None and rollout.draft and rollout.calendar.current_id != rollout.base_id:
        return True
    return changed_since(rollout) > 0


def _put_in_force(rollout: Rollout, actor: Any) -> CalendarVersion:
    calendar = Calendar.objects.select_for_update().get(pk=rollout.calendar_id or 0)
    if calendar.current_id != rollout.base_id or rollout.base is None:
        raise Stale
    number = (calendar.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=number,
        data=drafted(rollout.base.data, rollout.draft, number),
        note=rollout.note,
        created_by=actor,
    )
    calendar.current = version
    calendar.save(update_fields=["current"])
    return version


def _record_confirmed(rollout: Rollout, actor: Any) -> None:
    lines = lines_of(rollout)
    detail = {
        "rollout": rollout.pk,
        "clocks": len(lines),
        "moved": sum(line.moves for line in lines),
        "version": rollout.version.number if rollout.version else None,
        "note": rollout.note,
    }
    if rollout.policy is not None:
        record(verb="policy.apply", thing=f"policy:{rollout.policy_id}", actor=actor, detail=detail)
    else:
        record(verb="calendar.edit", thing=f"calendar:{rollout.calendar_id}", actor=actor, detail=detail)


# --- A worker's share -----------------------------------------------------------------------------------------------


def work() -> int:
    """Go on with what is to be listed or applied; how many chunks were done. Safe in parallel, ends within seconds."""
    done = 0
    for pk in list(
        Rollout.objects.filter(state__in=RolloutState.at_work()).order_by("id").values_list("pk", flat=True)
    ):
        for _turn in range(20):
            if not go_on(pk):
                break
            done += 1
    return done


def go_on(pk: int) -> bool:
    """One chunk of one rollout in a transaction of its own; False when there is nothing left to do, or another does."""
    with transaction.atomic():
        rollout = Rollout.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
        if rollout is None:
            return False
        if rollout.state == RolloutState.PREPARING:
            _list(rollout)
            return False
        if rollout.state != RolloutState.APPLYING:
            return False
        lines = lines_of(rollout)
        if rollout.place < len(lines):
            indexes: Sequence[int] = range(rollout.place, min(rollout.place + CHUNK, len(lines)))
            _apply(rollout, lines, indexes, wait=False)
            rollout.place += len(indexes)
        elif rollout.again:
            index, *rollout.again = rollout.again
            _apply(rollout, lines, [index], wait=True)
        elif not _take_newcomers(rollout):
            rollout.state, rollout.done_at = RolloutState.DONE, db_now()
        rollout.save(update_fields=["place", "again", "skipped", "state", "done_at"])
        return rollout.state == RolloutState.APPLYING


@dataclass
class _Mark:
    """What each clock's history says of the change."""

    why: str
    detail: Mapping[str, Any]

    @classmethod
    def of(cls, rollout: Rollout) -> _Mark:
        version = rollout.policy.version if rollout.policy else rollout.version.number if rollout.version else None
        return cls("policy" if rollout.policy else "calendar", {"rollout": rollout.pk, "version": version})


def _apply(rollout: Rollout, lines: Sequence[Line], indexes: Sequence[int], *, wait: bool) -> None:
    """Move the clocks of these lines that stand as the list says; remember which did not, and which were held."""
    aim, mark, moment = Aim(rollout), _Mark.of(rollout), db_now()
    for label in {lines[index].label for index in indexes}:
        here = {lines[index].clock: index for index in indexes if lines[index].label == label}
        rows = aim.candidates(model_of(label)).filter(pk__in=here)
        locked = {row.pk: row for row in _locked(rows, wait=wait)}
        held = set() if wait else set(rows.values_list("pk", flat=True)) - locked.keys()
        for pk, index in here.items():
            line, clock = lines[index], locked.get(pk)
            if pk in held:
                rollout.again.append(index)
            elif clock is None or not _stands_as(line, clock) or line.stays or not aim.lay_on(clock):
                rollout.skipped.append(index)
            else:
                take_over(clock, now=moment, why=mark.why, actor=rollout.confirmed_by, detail=mark.detail)


def _locked(rows: QuerySet[Any], *, wait: bool) -> QuerySet[Any]:
    return with_what_they_need(rows.order_by("pk")).select_for_update(of=("self",), skip_locked=not wait)


def _stands_as(line: Line, clock: Any) -> bool:
    return bool(clock.due_at == line.before and (clock.state == ClockState.PAUSED) == line.paused)


def _take_newcomers(rollout: Rollout) -> bool:
    """Clocks that began by the calendar's old version between the list and its confirmation; False when none is left.

    They did not run when the list was seen, so none of them was promised to stay.
    """
    if rollout.version is None or rollout.more:
        return False
    aim, mark, moment = Aim(rollout), _Mark.of(rollout), db_now()
    listed_clocks = {(row[0], row[1]) for row in rollout.lines}
    for model in concrete_clocks():
        fresh = aim.candidates(model).filter(armed_at__gte=rollout.listed_at)
        known = [clock for label, clock in listed_clocks if label == label_of(model)]
        rows = list(_locked(fresh.exclude(pk__in=known), wait=False)[:CHUNK])
        for clock in rows:
            aim.lay_on(clock)
            take_over(clock, now=moment, why=mark.why, actor=rollout.confirmed_by, detail=mark.detail)
        if rows:
            return True
    return False
