"""The engine: claims clocks whose next step has come, fires them, records it; and says how it is doing.

Three doors call `sweep` all the time (Celery, the sentinels, the auditor) and are safe in parallel: a claim is
`FOR UPDATE SKIP LOCKED`, and everything a step writes is in the claim's transaction. There is no leader.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic
from typing import Any, NamedTuple, Protocol

from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.functions import Now

from service_desk.crashpoints import passing
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import ClockEvent, Deadline, Firing, Heartbeat, Incident, Policy
from service_desk.deadlines.rules import LATE_MARK_SECONDS, ClockEventType, ClockState, Door
from service_desk.deadlines.schedule import PlannedStep, current_and_next
from service_desk.kept import among, keep_sql
from service_desk.loop import no_fault_of_a_row
from service_desk.precedence import storming

logger = logging.getLogger(__name__)

BATCH = 500
#: The first batch of a sweep; each one that succeeds is followed by one twice as large. A process that is killed again
#: and again, on a machine that is short of time, so still gets something done before it dies.
FIRST_BATCH = 50
#: A batch of so many says that it is fired in a storm, and letters wait a moment (service_desk/precedence.py).
STORM_BATCH = 200
#: A sweep that goes on for longer begins with the oldest again.
LOOK_BACK_SECONDS = 1.0
#: By so much a sign of life may be ahead of the question.
_AHEAD = timedelta(seconds=2)


@dataclass
class Sweep:
    """What one sweep did: steps fired, how late the latest of them was (milliseconds), up to which due time."""

    fired: int = 0
    lag_ms: int = 0
    reached: datetime | None = None


class _Advance(NamedTuple):
    """What firing changes in a clock's row."""

    id: int
    step: int
    next_at: datetime | None
    breached: bool


class Room(Protocol):
    """What a room that owns a table of clocks answers to the engine; everything runs in the engine's transaction."""

    @property
    def events(self) -> type[ClockEvent]:
        """The history of the room's clocks."""

    def announce(self, firings: Sequence[Firing], now: datetime) -> None:
        """Write the notices of these fired steps."""

    def announce_error(self, clock: Any, error: str, now: datetime) -> None:
        """Write the notice that this clock could not be fired."""

    def missing(self, now: datetime) -> Iterable[tuple[str, Callable[[], None]]]:
        """Subjects that lack a clock their policies demand: (name of the thing, how to mend it)."""

    def stuck(self) -> int:
        """How many messages of fired steps should have left the house long ago and have not."""

    def unannounced(self, now: datetime) -> Iterable[str]:
        """Steps fired lately that told nobody although their ladder names slots."""


_rooms: dict[type[Deadline], Room] = {}


def register(model: type[Deadline], room: Room) -> None:
    """A room hands over its table of clocks; called once, when the room's app is ready."""
    _rooms[model] = room


def concrete_clocks() -> Mapping[type[Deadline], Room]:
    """Every concrete table of clocks in the house, with its room."""
    return _rooms


def sweep(door: Door, *, batch: int = BATCH) -> Sweep:
    """Fire all that is due, batch by batch, oldest first; returns when a batch was not full.

    Each batch goes on where the one before ended: the index still holds what was fired a moment ago, and looking
    through that again for each batch made a storm quadratic. What is passed over since somebody else had it is looked
    for again every second: he may have died with it, and a storm can keep one sweep busy for minutes.
    """
    total = Sweep()
    for model in concrete_clocks():
        reached: datetime | None = None
        size, again = min(FIRST_BATCH, batch), monotonic() + LOOK_BACK_SECONDS
        while True:
            if monotonic() >= again:
                reached, again = None, monotonic() + LOOK_BACK_SECONDS
            done = _fire_batch(model, door, size, reached)
            total.fired += done.fired
            total.lag_ms = max(total.lag_ms, done.lag_ms)
            reached = done.reached
            if done.fired < size:
                break
            size = min(2 * size, batch)
    return total


def _fire_batch(model: type[Deadline], door: Door, limit: int, after: datetime | None) -> Sweep:
    """Claim and fire a batch; only when it cannot be fired as a whole, again with savepoints to find the row at fault.

    Without savepoints lock and update bear one transaction number. With two, PostgreSQL writes a multixact, and what
    the index holds of a fired clock stays in the way of every sweep until a vacuum (docs/performance.md).
    """
    try:
        with transaction.atomic():
            if limit >= STORM_BATCH:
                storming()
            rows = _claim(model, limit, after)
            if rows:
                passing("engine.claimed")
                _fire_all(model, rows, door, rows[0].swept_at)
                passing("engine.written")
    except Exception as error:
        if no_fault_of_a_row(error):
            raise
        with transaction.atomic(), connection.cursor() as cursor:
            # A foreign key is asked at the commit: unless it is asked at once, a row that breaks one takes all along.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            rows = _claim(model, limit, after)
            if rows:
                _fire(model, rows, door, rows[0].swept_at)
    if not rows:
        return Sweep()
    lag = rows[0].swept_at - rows[0].next_at
    return Sweep(len(rows), max(0, int(lag.total_seconds() * 1000)), rows[-1].next_at)


def _claim(model: type[Deadline], limit: int, after: datetime | None) -> list[Any]:
    """Due clocks that nobody else has, oldest first, with the moment of asking; locked until the transaction ends."""
    return _due(model=model, limit=limit) if after is None else _due(after, model=model, limit=limit)


@keep_sql
def _due(*after: datetime, model: type[Deadline], limit: int) -> models.QuerySet[Any]:
    due: models.QuerySet[Any] = model.objects.due().order_by("next_at", "id")
    for moment in after:
        due = due.filter(next_at__gte=moment)
    first: models.QuerySet[Any] = due.annotate(swept_at=Now()).select_for_update(skip_locked=True, of=("self",))[:limit]
    return first


def _fire(model: type[Deadline], rows: Sequence[Any], door: Door, now: datetime) -> None:
    """Fire these rows; one that cannot be fired is set aside alone (state error) and told, the rest go on."""
    try:
        with transaction.atomic():
            _fire_all(model, rows, door, now)
    except Exception as error:
        if no_fault_of_a_row(error):
            raise
        if len(rows) == 1:
            _set_aside(model, rows[0], error, door, now)
            return
        middle = len(rows) // 2
        _fire(model, rows[:middle], door, now)
        _fire(model, rows[middle:], door, now)


def _fire_all(model: type[Deadline], rows: Sequence[Any], door: Door, now: datetime) -> None:
    policies = {policy.pk: policy for policy in _policies(list({row.policy_id for row in rows}))}
    planned = [_firing(row, policies[row.policy_id], now) for row in rows]
    firings = [firing for firing, _ in planned if firing.step.slots]
    if firings:
        _rooms[model].announce(firings, now)
    _write(model, planned, door, now)


@keep_sql
def _policies(pks: list[int]) -> models.QuerySet[Policy]:
    return Policy.objects.filter(among("id", pks))


def _firing(row: Any, policy: Policy, now: datetime) -> tuple[Firing, _Advance]:
    """The current step of a due clock: the latest that is due; missed ones before it are not sent again (D7, D12)."""
    ladder = policy.rungs
    steps = [PlannedStep(code, datetime.fromisoformat(at), ladder[code]) for code, at in row.schedule["steps"]]
    index, following = current_and_next(steps, row.step, now)
    if index is None:
        raise ValueError(f"next_at {row.next_at} is not a step of the ladder {row.schedule}")
    at = steps[index].at
    # A step that a change of policy or calendar put into the past is no lateness of the system (D8, D12).
    known = datetime.fromisoformat(row.schedule["planned"]) if "planned" in row.schedule else row.armed_at
    lateness = int((now - max(at, row.armed_at, known)).total_seconds())
    firing = Firing(
        deadline=row,
        code=steps[index].code,
        step=steps[index].step,
        at=at,
        late_seconds=lateness if lateness >= LATE_MARK_SECONDS else None,
        entered_late=at < row.armed_at,
    )
    return firing, _Advance(row.pk, index, following, breached=row.breached_at is None and row.due_at <= now)


# The step in the clock's history and the clock itself, together in one round trip.
_WRITE = """
WITH fired AS (
    SELECT * FROM json_to_recordset(%(fired)s::json) AS t(
        id bigint, code text, step smallint, next_at timestamptz, breached boolean, detail jsonb)
), moved AS (
    UPDATE {clocks} AS d SET step = fired.step, next_at = fired.next_at, version = d.version + 1,
        breached_at = CASE WHEN fired.breached THEN %(now)s ELSE d.breached_at END
    FROM fired WHERE d.id = fired.id
)
INSERT INTO {events} (deadline_id, type, code, at, door, detail)
SELECT id, %(type)s, code, %(now)s, %(door)s, detail FROM fired
"""


def _write(model: type[Deadline], planned: Sequence[tuple[Firing, _Advance]], door: Door, now: datetime) -> None:
    fired = [
        {
            "id": advance.id,
            "code": firing.code,
            "step": advance.step,
            "next_at": advance.next_at and advance.next_at.isoformat(),
            "breached": advance.breached,
            "detail": {
                "at": firing.at.isoformat(),
                "late_seconds": firing.late_seconds,
                "entered_late": firing.entered_late,
            },
        }
        for firing, advance in planned
    ]
    quoted = connection.ops.quote_name
    write = _WRITE.format(clocks=quoted(model._meta.db_table), events=quoted(_rooms[model].events._meta.db_table))
    values: dict[str, Any] = {"fired": json.dumps(fired), "type": ClockEventType.FIRED, "now": now, "door": door}
    with connection.cursor() as cursor:
        cursor.execute(write, values)


def _set_aside(model: type[Deadline], row: Any, error: Exception, door: Door, now: datetime) -> None:
    """A poison row: out of the way, red on the engine's page, and told to the duty manager."""
    logger.error("clock %s %s cannot be fired: %s", model._meta.label, row.pk, error, exc_info=error)
    text = f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")
    model.objects.filter(pk=row.pk).update(state=ClockState.ERROR, next_at=None, error=text)
    events: Any = _rooms[model].events  # the concrete history has the foreign key `deadline`
    events.objects.create(deadline=row, type=ClockEventType.ERROR, door=door, detail={"error": text}, at=now)
    report(kind="poison_clock", thing=f"{model._meta.model_name}:{row.pk}", detail=text)
    try:
        with transaction.atomic():
            _rooms[model].announce_error(row, text, now)
    except Exception as second:
        if no_fault_of_a_row(second):
            raise
        logger.exception("the notice about clock %s could not be written", row.pk)


def report(*, kind: str, thing: str, detail: str) -> None:
    """Open an incident; one that is open already stays as it is."""
    Incident.objects.bulk_create([Incident(kind=kind, thing=thing, detail=detail)], ignore_conflicts=True)


def beat(process: str, door: Door, done: Sweep) -> None:
    """Record a sign of life of a loop; called at most once a second by each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO deadlines_heartbeat AS h (process, door, beat_at, lag_ms, fired)"
            " VALUES (%s, %s, statement_timestamp(), %s, %s) ON CONFLICT (process) DO UPDATE"
            " SET beat_at = excluded.beat_at, lag_ms = excluded.lag_ms, door = excluded.door,"
            " fired = h.fired + excluded.fired",
            [process, door, done.lag_ms, done.fired],
        )


def health() -> dict[str, Any]:
    """The engine's own promise in figures (D13): beats by process, lag, due and broken rows. Seconds and counts."""
    late = timedelta(seconds=LATE_MARK_SECONDS)
    overdue = sum(
        model.objects.filter(state=ClockState.RUNNING, next_at__lte=Now() - late).count() for model in concrete_clocks()
    )
    broken = sum(model.objects.filter(state=ClockState.ERROR).count() for model in concrete_clocks())
    beats = list(Heartbeat.objects.annotate(age=Now() - F("beat_at")).order_by("process"))
    sweeps = [b for b in beats if b.door != Door.AUDITOR]
    return {
        "beats": beats,
        "sweep_age": youngest(b.age for b in sweeps),
        "lag_ms": max((b.lag_ms for b in sweeps), default=0),
        "overdue": overdue,
        "broken": broken,
        "incidents": Incident.objects.filter(repaired_at=None).count(),
        "next_due": min(filter(None, chain(_nearest())), default=None),
    }


def youngest(ages: Iterable[timedelta]) -> float | None:
    """The age in seconds of the last sign of life, None when there is none.

    One from the future is none: whoever still lives has written a new one since the clock went back.
    """
    return min((age.total_seconds() for age in ages if age > -_AHEAD), default=None)


def _nearest() -> list[datetime | None]:
    return [
        model.objects.filter(state=ClockState.RUNNING, next_at__isnull=False)
        .order_by("next_at")
        .values_list("next_at", flat=True)
        .first()
        for model in concrete_clocks()
    ]


def seconds_to_next() -> float:
    """Seconds until the nearest step of any clock, by the database's clock; a large number when there is none."""
    nearest = [moment for moment in _nearest() if moment is not None]
    return (min(nearest) - now()).total_seconds() if nearest else 3600.0
