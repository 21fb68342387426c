"""Is the desk alive, and does it keep its promise: for probes, load balancers and the engine's page (D13)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Min, Q
from django.db.models.functions import Now
from django.http import HttpRequest, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from service_desk.deadlines import clock, clock_watch, engine
from service_desk.deadlines.rules import DEAD_DOOR_SECONDS, Door
from service_desk.notices.models import Delivery, DispatcherBeat
from service_desk.notices.rules import FAILED_STATES, OPEN_STATES

DEAD_DISPATCHER_SECONDS = 30
LEAST_DISK_SHARE = 0.05
#: A probe is answered though somebody has locked a table: then the desk is not well.
_PATIENCE = "SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '4s'"


@dataclass(frozen=True)
class Check:
    """One thing that must be so; `ok` False turns the desk red."""

    code: str
    label: Promise
    ok: bool
    value: str


def measure() -> dict[str, Any]:
    """Everything the engine's page shows; ages in seconds by the database's clock."""
    state = engine.health()
    beats = list(DispatcherBeat.objects.annotate(age=Now() - F("beat_at")))
    outbox = Delivery.objects.aggregate(
        waiting=Min("next_attempt_at", filter=Q(state__in=OPEN_STATES)),
    )
    state["dispatchers"] = beats
    state["dispatch_age"] = engine.youngest(beat.age for beat in beats)
    state["undelivered"] = Delivery.objects.filter(state__in=FAILED_STATES).count()
    state["oldest_waiting"] = outbox["waiting"]
    state["now"] = clock.now()
    state["disk_free"] = disk_free()
    state["clock_held"] = clock_watch.holding().exists()
    return state


def disk_free() -> float:
    """The share that is free on the fullest disk: the program's, that of the data, that of its database."""
    places = (settings.BASE_DIR, settings.DATA_DIR, settings.DATA_DIR / "postgres")
    usages = [shutil.disk_usage(place) for place in places if place.exists()]
    return min(usage.free / usage.total for usage in usages)


def checks(state: dict[str, Any]) -> list[Check]:
    """What /healthz answers by: a sweep within ten seconds, nothing overdue, a live dispatcher, room on the disk."""
    sweep, dispatch, free = state["sweep_age"], state["dispatch_age"], state["disk_free"]
    return [
        Check("sweep", _("Clocks are swept"), sweep is not None and sweep <= DEAD_DOOR_SECONDS, _seconds(sweep)),
        Check("overdue", _("No step is waiting to be fired"), state["overdue"] == 0, str(state["overdue"])),
        Check("broken", _("No clock is broken"), state["broken"] == 0, str(state["broken"])),
        Check(
            "dispatch",
            _("Notices are sent out"),
            dispatch is not None and dispatch <= DEAD_DISPATCHER_SECONDS,
            _seconds(dispatch),
        ),
        Check("clock", _("The database's clock has not jumped"), not state["clock_held"], ""),
        Check("disk", _("There is room on the disk"), free >= LEAST_DISK_SHARE, f"{free:.0%}"),
    ]


def doors(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The three ways in which clocks are fired, each alive or not, though nothing was late."""
    found = []
    for door in Door:
        ages = [beat.age for beat in state["beats"] if beat.door == door]
        age = engine.youngest(ages)
        alive = age is not None and age <= DEAD_DOOR_SECONDS
        found.append({"door": door, "age": age, "alive": alive, "processes": len(ages)})
    return found


def _seconds(age: float | None) -> str:
    return "–" if age is None else gettext("%(n)s s") % {"n": f"{age:.1f}"}


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the desk keeps its promise, else 503; names of what failed and no details, no log-in."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_PATIENCE)
            failed = [check.code for check in checks(measure()) if not check.ok]
    except DatabaseError:  # a full disk is the likeliest cause, and known without the database
        failed = ["database"] if disk_free() >= LEAST_DISK_SHARE else ["database", "disk"]
    return _answer(failed)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when this process can answer requests: it reaches the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _answer(["database"])
    return _answer([])


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return _answer([])


def _answer(failed: list[str]) -> JsonResponse:
    response = JsonResponse({"status": "fail" if failed else "ok", "failed": failed}, status=503 if failed else 200)
    response.headers["Cache-Control"] = "no-store"
    # Probes ask every few seconds and while the desk starts; the answer is theirs, not the log's.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def age_of(moment: datetime | None, now: datetime) -> float | None:
    """Seconds from `moment` to `now`, or None."""
    return None if moment is None else (now - moment).total_seconds()
