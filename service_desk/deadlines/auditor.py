"""The auditor (RELIABILITY 19): finds clocks that are missing, moved by hand, silent or late, and mends them.

What it finds becomes an incident, mended or not, so that nothing is repaired in silence. The cost of a pass is
bounded: everything near its due time, and a window of ids that walks through the rest from pass to pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from service_desk.audit.actions import record
from service_desk.deadlines.actions import last_fired, recompute, step_after
from service_desk.deadlines.clock import now
from service_desk.deadlines.clock_watch import ClockWatch
from service_desk.deadlines.engine import concrete_clocks, report, sweep
from service_desk.deadlines.hours import HoursError
from service_desk.deadlines.models import Deadline, Incident
from service_desk.deadlines.rules import LATE_MARK_SECONDS, ClockState, Door
from service_desk.deadlines.schedule import plan

#: Rows compared with their own plan in one pass, beside those near their due time.
WINDOW = 5_000
NEAR = timedelta(hours=1)
_LATE = timedelta(seconds=LATE_MARK_SECONDS)


@dataclass
class Findings:
    """How many of each a pass found."""

    missing: int = 0
    moved: int = 0
    silent: int = 0
    late: int = 0
    stuck: int = 0
    fired: int = 0


@dataclass
class Auditor:
    """Keeps its place in each table from pass to pass."""

    places: dict[type[Deadline], int] = field(default_factory=dict)
    watch: ClockWatch = field(default_factory=lambda: ClockWatch("auditor"))

    def run(self) -> Findings:
        """One pass over every table of clocks."""
        found = Findings()
        moment = now()
        for model, room in concrete_clocks().items():
            found.missing += _mend_missing(room.missing(moment))
            found.moved += sum(_mend_moved(model, pk) for pk in self._suspects(model))
            for thing in room.unannounced(moment):
                found.silent += 1
                report(kind="step_without_notice", thing=thing, detail="")
            found.late += _note_late(model)
            found.stuck += room.stuck()
        _note_stuck(found.stuck)
        found.fired = sweep(Door.AUDITOR).fired if self.watch.may_fire() else 0
        _close_late()
        return found

    def _suspects(self, model: type[Deadline]) -> list[int]:
        """Running clocks whose due time or next step is not what their plan says: near ones, and the next window."""
        start = self.places.get(model, 0)
        running = model._default_manager.filter(state=ClockState.RUNNING)
        window = list(running.filter(pk__gt=start).order_by("pk").values_list("pk", flat=True)[:WINDOW])
        self.places[model] = window[-1] if len(window) == WINDOW else 0
        near = running.filter(due_at__lte=Now() + NEAR).order_by("due_at").values_list("pk", flat=True)[:WINDOW]
        rows = running.filter(Q(pk__in=window) | Q(pk__in=list(near))).select_related("policy", "calendar_version")
        return [row.pk for row in _with_subject(rows) if _is_moved(row)]


def _with_subject(rows: Any) -> Iterable[Any]:
    """Rows with what their pauses need, in few queries."""
    found: Iterable[Any] = rows.prefetch_related("case__pauses") if hasattr(rows.model, "case") else rows
    return found


def _is_moved(row: Any) -> bool:
    try:
        made = plan(row.target, row.work_calendar, row.started_at, row.pauses(), row.policy.ladder)
    except HoursError:
        return False  # a clock that cannot be planned is the engine's poison row, not a moved one
    return bool(row.due_at != made.due_at or row.next_at != step_after(last_fired(row, made), made))


def _mend_moved(model: type[Deadline], pk: int) -> int:
    """Plan a moved clock again under its lock; 0 when somebody changed it rightly in the meantime."""
    with transaction.atomic():
        rows = model._default_manager.filter(pk=pk, state=ClockState.RUNNING).select_for_update(of=("self",))
        row = rows.select_related("policy", "calendar_version").first()
        if row is None or not _is_moved(row):
            return 0
        thing = f"{model._meta.model_name}:{pk}"
        detail = f"due {row.due_at.isoformat()}, next {row.next_at}"
        recompute(row, now=now(), why="audit")
        record(verb="clock.mend", thing=thing, actor=None, detail={"was": detail}, door="worker")
        _mended("clock_moved", thing, detail)
    return 1


def _mend_missing(missing: Iterable[tuple[str, Any]]) -> int:
    count = 0
    for thing, mend in missing:
        mend()
        _mended("clock_missing", thing, "")
        count += 1
    return count


def _mended(kind: str, thing: str, detail: str) -> None:
    Incident.objects.create(kind=kind, thing=thing, detail=detail, repaired_at=Now())


def _note_late(model: type[Deadline]) -> int:
    """A clock that nobody fired in time is an incident, although this pass fires it now."""
    late = model._default_manager.filter(state=ClockState.RUNNING, next_at__lte=Now() - _LATE)
    count = int(late.count())
    if count:
        report(kind="sweep_late", thing=str(model._meta.model_name), detail=str(count))
    return count


def _note_stuck(count: int) -> None:
    """What is fired and does not leave the house reaches nobody: an incident until the last of it is gone."""
    if count:
        report(kind="outbox_stuck", thing="outbox", detail=str(count))
    else:
        Incident.objects.filter(kind="outbox_stuck", repaired_at=None).update(repaired_at=Now())


def _close_late() -> None:
    """What was late has been fired by this pass."""
    if not any(_still_late(model) for model in concrete_clocks()):
        Incident.objects.filter(kind="sweep_late", repaired_at=None).update(repaired_at=Now())


def _still_late(model: type[Deadline]) -> bool:
    return bool(model._default_manager.filter(state=ClockState.RUNNING, next_at__lte=Now() - _LATE).exists())
