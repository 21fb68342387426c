"""What a room does to its clocks: arm, stop, pause, resume, end, recompute. Always inside the room's transaction.

Permission and audit belong to the room's verb that calls these; each writes the clock's own history. The caller
holds the lock of the subject's row, then these lock clocks by id: the one lock order of the house.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now as db_now
from service_desk.deadlines.hours import OpenPause, Pause
from service_desk.deadlines.models import Deadline, Policy
from service_desk.deadlines.rules import NEVER_PAUSED, OPEN_STATES, ClockEventType, ClockState
from service_desk.deadlines.schedule import Plan, ScheduleError, Target, parse_steps, plan
from service_desk.people.access import require, rule
from service_desk.people.rules import READING_ROLES, Role
from service_desk.rest.errors import Invalid, Stale

D = TypeVar("D", bound=Deadline)

#: A step nearer than this wakes the sentinels at once instead of at their next second.
_WAKE = timedelta(seconds=2)


def planned(
    policy: Policy, started_at: datetime, pauses: Iterable[Pause] = (), *, own_seconds: int | None = None
) -> Plan:
    """The due time and the ladder in absolute times, by the calendar version now in force; `own_seconds` elapse."""
    version = policy.calendar.current if policy.calendar and own_seconds is None else None
    calendar = version.work_calendar() if version else None
    target = policy.target if own_seconds is None else Target(duration=timedelta(seconds=own_seconds))
    return plan(target, calendar, started_at, list(pauses), policy.ladder)


def arm(
    *,
    model: type[D],
    policies: Sequence[Policy],
    subject: Mapping[str, Any],
    started_at: datetime,
    now: datetime,
    cycle: int = 1,
    due_at: datetime | None = None,
    gaps: Sequence[Pause] = (),
    pauses: Sequence[Pause] = (),
) -> list[D]:
    """Start one clock per policy at `started_at` (UTC, may lie in the past: D7) for the subject's columns.

    With `due_at` (whole seconds after the start) the clock has that due time and only the policy's ladder. `gaps` are
    those that the subject's columns will tell of, for a clock that goes on. `pauses` are the subject's: what may pause
    does not count those since `started_at` (D3), and is armed paused where one lasts.
    """
    clocks: list[D] = []
    own = None if due_at is None else max(1, round((due_at - started_at).total_seconds()))
    for policy in policies:
        held = pauses if own is None and policy.may_pause and policy.kind not in NEVER_PAUSED else ()
        made, paused = _planned_at(policy, started_at, [*gaps, *held], now, own)
        clocks.append(
            model(
                **subject,
                kind=policy.kind,
                cycle=cycle,
                policy=policy,
                own_seconds=own,
                calendar_version=policy.calendar.current if policy.calendar else None,
                state=ClockState.PAUSED if paused else ClockState.RUNNING,
                armed_at=now,
                started_at=started_at,
                due_at=made.due_at,
                schedule=as_json(made),
                next_at=None if paused else made.steps[0].at,
            )
        )
    if clocks:
        _insert(model, clocks, now)
    if held_up := [clock for clock in clocks if clock.state == ClockState.PAUSED]:
        why = next(pause.reason for pause in pauses if pause.end is None)
        _record(model, held_up, ClockEventType.PAUSED, now, detail={"reason": why})
    wake_if_near(clocks, now)
    return clocks


def _planned_at(
    policy: Policy, started_at: datetime, pauses: Sequence[Pause], now: datetime, own_seconds: int | None
) -> tuple[Plan, bool]:
    """The plan, and whether a pause that lasts holds it; then it is as if the pause ended now, until it does."""
    try:
        return planned(policy, started_at, pauses, own_seconds=own_seconds), False
    except OpenPause:
        closed = [pause._replace(end=pause.end or max(now, pause.start)) for pause in pauses]
        return planned(policy, started_at, closed, own_seconds=own_seconds), True


def _insert(model: type[Deadline], clocks: Sequence[Any], now: datetime) -> None:
    """Write clocks and the first line of each history in one statement, as every registration does."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    events = _history(model)._meta.db_table
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    raw = transaction.get_connection()  # itself: each question to Django's proxy looks for the thread's own anew
    values = [field.get_db_prep_save(getattr(clock, field.attname), raw) for clock in clocks for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH made AS (INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({columns})"  # noqa: S608
            f" VALUES {', '.join([row] * len(clocks))} RETURNING id, kind),"
            f" told AS (INSERT INTO {connection.ops.quote_name(events)} (deadline_id, type, code, at, door, detail)"
            " SELECT id, %s, '', %s, '', '{}' FROM made) SELECT kind, id FROM made",
            [*values, ClockEventType.STARTED, now],
        )
        numbers = dict(cursor.fetchall())
    for clock in clocks:
        clock.pk, clock._state.adding, clock._state.db = numbers[clock.kind], False, connection.alias


def as_json(made: Plan) -> dict[str, Any]:
    """A plan as the clock's row keeps it."""
    return {"due": made.due_at.isoformat(), "steps": [[step.code, step.at.isoformat()] for step in made.steps]}


def lock_open(model: type[D], **filters: Any) -> list[D]:
    """The open clocks of a subject, locked in id order, with policy and calendar at hand."""
    return list(
        model._default_manager.filter(state__in=OPEN_STATES, **filters)
        .select_related("policy", "calendar_version")
        .order_by("id")
        .select_for_update(of=("self",))
    )


def stop(clocks: Iterable[D], *, now: datetime, actor: Any = None) -> None:
    """End clocks because what they demanded was done: met in time, or breached; never both."""
    for clock in clocks:
        late = clock.breached_at is not None or now > clock.due_at
        clock.breached_at = (clock.breached_at or now) if late else None
        _end(clock, ClockState.BREACHED if late else ClockState.MET, now, actor)


def cancel(clocks: Iterable[D], *, now: datetime, reason: str, actor: Any = None, merged: bool = False) -> None:
    """End clocks whose subject went away; neither met nor breached (D5)."""
    for clock in clocks:
        _end(clock, ClockState.MERGED if merged else ClockState.CANCELLED, now, actor, reason=reason)


def pause(clocks: Iterable[D], *, now: datetime, reason: str, actor: Any = None) -> list[D]:
    """Stop the count of those running clocks whose policy allows it; the others go on (D3)."""
    stopped = [c for c in clocks if c.policy.may_pause and c.state == ClockState.RUNNING]
    for clock in stopped:
        clock.state = ClockState.PAUSED
        clock.next_at = None
        _save(clock, "state", "next_at")
        _record(type(clock), [clock], ClockEventType.PAUSED, now, actor=actor, detail={"reason": reason})
    return stopped


def resume(clocks: Iterable[D], *, now: datetime, actor: Any = None) -> list[D]:
    """Go on counting: the pause, closed by now, is subtracted where it overlapped counting time (D3)."""
    paused = [c for c in clocks if c.state == ClockState.PAUSED]
    for clock in paused:
        clock.state = ClockState.RUNNING
        recompute(clock, now=now, why="resumed", actor=actor, event=ClockEventType.RESUMED)
    return paused


def recompute(
    clock: D,
    *,
    now: datetime,
    why: str,
    actor: Any = None,
    event: ClockEventType = ClockEventType.RECOMPUTED,
    detail: Mapping[str, Any] | None = None,
) -> bool:
    """Plan an open clock again from its own policy, calendar version and pauses; True when the due time moved.

    `detail` belongs to a change that was laid on it; the plan then says when it was made.
    """
    made = plan(clock.target, clock.work_calendar, clock.started_at, clock.pauses(), clock.policy.ladder)
    before = clock.due_at
    clock.step = last_fired(clock, made)
    clock.due_at = made.due_at
    clock.schedule = as_json(made) | ({"planned": now.isoformat()} if detail is not None else {})
    clock.next_at = step_after(clock.step, made) if clock.state == ClockState.RUNNING else None
    _save(clock, "policy", "calendar_version", "state", "step", "due_at", "schedule", "next_at")
    detail = {"why": why, "from": before.isoformat(), "to": made.due_at.isoformat(), **(detail or {})}
    _record(type(clock), [clock], event, now, actor=actor, detail=detail)
    wake_if_near([clock], now)
    return before != made.due_at


def take_over(clock: D, *, now: datetime, why: str, actor: Any, detail: Mapping[str, Any]) -> bool:
    """A running or paused clock keeps the policy and calendar version that were put on it; True when it moved.

    A paused one is planned when it resumes. What the new plan finds past due is not the system's lateness (D12).
    """
    if clock.state != ClockState.RUNNING:
        _save(clock, "policy", "calendar_version")
        _record(type(clock), [clock], ClockEventType.RECOMPUTED, now, actor=actor, detail={"why": why, **detail})
        return False
    return recompute(clock, now=now, why=why, actor=actor, detail=detail)


def last_fired(clock: Deadline, made: Plan) -> int:
    """Where the last fired step stands in a new plan: planning anew may change the order of the ladder."""
    fired = {code for code, _at in clock.schedule["steps"][: clock.step + 1]}
    return max((index for index, step in enumerate(made.steps) if step.code in fired), default=-1)


def step_after(index: int, made: Plan) -> datetime | None:
    """When the step behind `index` is due, or None at the end of the ladder."""
    return made.steps[index + 1].at if index + 1 < len(made.steps) else None


def _end(clock: Any, state: ClockState, now: datetime, actor: Any, reason: str = "") -> None:
    clock.state = state
    clock.ended_at = now
    clock.next_at = None
    _save(clock, "state", "ended_at", "next_at", "breached_at")
    _record(
        type(clock), [clock], ClockEventType(state.value), now, actor=actor, detail={"reason": reason} if reason else {}
    )


def _save(clock: Any, *fields: str) -> None:
    clock.version += 1
    clock.save(update_fields=[*fields, "version"])


def _record(
    model: type[Deadline],
    clocks: Sequence[Any],
    event: ClockEventType,
    now: datetime,
    *,
    actor: Any = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    events = _history(model)
    events._default_manager.bulk_create(
        [events(deadline=clock, type=event, at=now, actor=actor, detail=dict(detail or {})) for clock in clocks]
    )


def _history(model: type[Deadline]) -> Any:
    """The model of a concrete clock's history, which every one has under this name."""
    return model._meta.get_field("history").related_model  # type: ignore[misc]


def wake_if_near(clocks: Iterable[Deadline], now: datetime) -> None:
    """NOTIFY the sentinels at commit when a step is due within two seconds; a lost one costs at most a second."""
    if any(clock.next_at is not None and clock.next_at <= now + _WAKE for clock in clocks):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('deadlines', '')")


def retire_and_replace(*, policy: Policy, changes: Mapping[str, Any], actor: Any, now: datetime) -> Policy:
    """A new version of a policy in force; running clocks keep the version that they started with (D8)."""
    with transaction.atomic():
        old = Policy.objects.select_for_update().get(pk=policy.pk)
        if old.retired_at is not None:
            raise Stale  # somebody has put a newer version in force since this one was read
        old.retired_at = now
        old.save(update_fields=["retired_at"])
        fields = {f.attname: getattr(old, f.attname) for f in Policy._meta.concrete_fields if f.attname not in _OWN}
        newer = Policy(**{**fields, **changes, "version": old.version + 1, "created_by": actor})
        newer.save(force_insert=True)
        return newer


def edit_policy(*, policy: Policy, changes: Mapping[str, Any], actor: Any) -> Policy:
    """An administrator's edit: a new version that new clocks start with (C6, D8); Invalid names the wrong field."""
    with transaction.atomic():
        require(actor, "policy.edit", policy)
        unknown = set(changes) - EDITABLE
        if unknown:
            raise Invalid.fields(dict.fromkeys(unknown, _("This cannot be changed; make another policy.")))
        if "steps" in changes:
            _check_ladder(changes["steps"])
        newer = retire_and_replace(policy=policy, changes=changes, actor=actor, now=db_now())
        record(
            verb="policy.edit",
            thing=f"policy:{newer.pk}",
            actor=actor,
            detail={"replaces": policy.pk, "changed": sorted(changes)},
        )
    return newer


def _check_ladder(steps: Any) -> None:
    try:
        parse_steps(steps)
    except ScheduleError as error:
        raise Invalid(str(error), field="steps") from error


@rule("policy.edit", "calendar.edit", "policy.apply")
def may_edit_policies(user: Any, _thing: Any) -> bool:
    """Targets and calendars are the administrator's."""
    return bool(user.has_role(Role.ADMINISTRATOR))


@rule("policy.view", "calendar.view")
def may_view_policies(user: Any, _thing: Any) -> bool:
    """What the desk owes and when it works is no secret inside the house."""
    return bool(user.has_role(*READING_ROLES))


@rule("rollout.view")
def may_view_rollouts(user: Any, _thing: Any) -> bool:
    """Which clocks a change moves is seen by those who make it and those who look after them."""
    return bool(user.has_role(Role.ADMINISTRATOR, Role.AUDITOR))


#: What of a policy a new version may change; the rest is what the policy is about.
EDITABLE = frozenset({"target_seconds", "target_working_days", "calendar", "calendar_id", "may_pause", "steps"})
_OWN = {"id", "version", "created_at", "created_by_id", "retired_at"}
