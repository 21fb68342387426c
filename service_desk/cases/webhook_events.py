"""What other programs hear of cases, promises and emergencies: ids and what changed, never words, never anything of a
confidential case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case, Promise
from service_desk.cases.rules import EventType, PromiseState
from service_desk.deadlines.models import Firing
from service_desk.deadlines.rules import ClockKind
from service_desk.webhooks.emitting import Happening, emit_many
from service_desk.webhooks.kinds import register

if TYPE_CHECKING:
    from service_desk.cases.actions.changing import Change

_CASE = {
    "case": {
        "id": 4711,
        "number": "CALL-20261122-0007",
        "url": "https://desk.example/api/v1/cases/CALL-20261122-0007/",
        "page": "https://desk.example/cases/CALL-20261122-0007/",
        "state": "in_progress",
        "severity": "major",
        "version": 5,
    },
    "customer": 12,
    "handler": 17,
    "first_responder": 17,
}
_CHANGED = {**_CASE, "changed": ["started"], "by": 17, "at": "2026-11-22T02:30:00Z"}
_PROMISE = {
    **_CASE,
    "promise": {"id": 81, "state": "open", "made_at": "2026-11-22T02:30:00Z", "due_at": "2026-11-22T06:30:00Z"},
}
_STEP = {**_CASE, "step": {"code": "general_managers", "kind": "escalation", "due_at": "2026-11-22T06:30:00Z"}}
_UPDATED, _STATE = "ticket.updated", "ticket.status_changed"

register("case.registered", _("Case registered"), _CHANGED, also=["ticket.created"])
register("case.changed", _("Case changed"), _CHANGED, also=[_UPDATED])
register("case.state_changed", _("Case came into another state"), _CHANGED, also=[_STATE, _UPDATED])
register("case.closed", _("Case closed"), _CHANGED, also=["ticket.closed", _STATE, _UPDATED])
register("case.cancelled", _("Case cancelled"), _CHANGED, also=[_STATE, _UPDATED])
register("case.reopened", _("Case reopened"), _CHANGED, also=[_STATE, _UPDATED])
register("case.merged", _("Case merged into another"), _CHANGED | {"into": 4710}, also=[_STATE, _UPDATED])
register("promise.made", _("Promise made to the customer"), _PROMISE)
register("promise.kept", _("Promise kept"), _PROMISE)
register("promise.moved", _("Promise moved, and the customer told"), _PROMISE)
register("promise.broken", _("Promise broken"), _PROMISE)
register("emergency.started", _("Emergency process started"), _CASE)
register("emergency.step", _("Step of the emergency process"), _STEP)
register("emergency.ended", _("Service restored in an emergency"), _CASE)

#: The first that fits names the change; all else is `case.changed`.
_NAMED = {
    EventType.REGISTERED: "case.registered",
    EventType.MERGED: "case.merged",
    EventType.CLOSED: "case.closed",
    EventType.CANCELLED: "case.cancelled",
    EventType.REOPENED: "case.reopened",
    **dict.fromkeys(
        (EventType.STARTED, EventType.WAITING, EventType.RESUMED, EventType.RESTORED, EventType.RESOLVED),
        "case.state_changed",
    ),
    EventType.REPLIED: "case.state_changed",
}
_OF_PROMISES = frozenset({EventType.PROMISED, EventType.KEPT, EventType.POSTPONED})
_PROMISE_TYPES = {
    PromiseState.KEPT: "promise.kept",
    PromiseState.MOVED: "promise.moved",
    PromiseState.BROKEN: "promise.broken",
}


def tell_programs(change: Change) -> None:
    """What this verb has done to its case, once it is done."""
    if not change.lines:
        return
    lines = [EventType(line.type) for line in change.lines]
    happenings = of_case(change.case, lines, by=change.actor, at=change.now)
    if not _OF_PROMISES.isdisjoint(lines):
        happenings += _of_promises(change.case, change.now)
    emit_many(happenings)


def tell_new_case(case: Case, *, by: Any, at: datetime) -> None:
    """A case that has just been registered."""
    lines = [EventType.REGISTERED]
    lines += [EventType.GRADED] if case.severity is not None else []
    lines += [EventType.EMERGENCY] if case.emergency_started_at is not None else []
    emit_many(of_case(case, lines, by=by, at=at))


def of_case(case: Case, lines: list[EventType], *, by: Any, at: datetime) -> list[Happening]:
    """The events of one change: the case itself, the other case of a merging, and the emergency process."""
    if case.confidential or not lines:
        return []
    about, data = f"case:{case.pk}", _data(case)
    said = {"changed": [str(line) for line in lines], "by": by.pk if by is not None else None, "at": _utc(at)}
    name = next((_NAMED[kind] for kind in _NAMED if kind in lines), "case.changed")
    into = {"into": case.merged_into_id} if case.merged_into_id else {}
    happenings = [Happening(name, {**data, **said, **into}, about)]
    if name == "case.merged" and case.merged_into is not None:
        taken = {**said, "changed": [str(EventType.TOOK_OVER)]}
        survivor = case.merged_into
        happenings.append(Happening("case.changed", {**_data(survivor), **taken}, f"case:{survivor.pk}"))
    if EventType.EMERGENCY in lines:
        happenings.append(Happening("emergency.started", data, about))
    if EventType.RESTORED in lines and case.emergency_started_at is not None:
        happenings.append(Happening("emergency.ended", data, about))
    return happenings


def tell_broken(promises: Iterable[Promise]) -> None:
    """Promises whose time has passed unkept, as their clocks found them."""
    emit_many([_of_promise(each.case, each) for each in promises if not each.case.confidential])


def tell_steps(firings: Iterable[Firing], cases: dict[int, Case]) -> None:
    """The steps of emergency processes, as they fire."""
    happenings = []
    for firing in firings:
        case = cases.get(firing.deadline.case_id)
        if case is None or case.confidential:
            continue
        step = {"code": firing.code, "kind": str(firing.step.kind), "due_at": _utc(firing.at)}
        happenings.append(Happening("emergency.step", {**_data(case), "step": step}, f"case:{case.pk}"))
    emit_many(happenings)


def is_emergency(firing: Firing) -> bool:
    """Whether this step belongs to an emergency process."""
    return bool(firing.deadline.kind == ClockKind.EMERGENCY)


def _of_promises(case: Case, at: datetime) -> list[Happening]:
    """Those that this verb has made or settled."""
    if case.confidential:
        return []
    touched = case.promises.filter(Q(made_at=at) | Q(settled_at=at)).order_by("id")
    return [_of_promise(case, promise, made=promise.made_at == at) for promise in touched]


def _of_promise(case: Case, promise: Promise, *, made: bool = False) -> Happening:
    data = {
        "id": promise.pk,
        "state": str(promise.state),
        "made_at": _utc(promise.made_at),
        "due_at": _utc(promise.due_at),
        "follows": promise.follows_id,
    }
    name = "promise.made" if made else _PROMISE_TYPES.get(PromiseState(promise.state), "promise.broken")
    return Happening(name, {**_data(case), "promise": data}, f"case:{case.pk}")


def _data(case: Case) -> dict[str, Any]:
    return {
        "case": {
            "id": case.pk,
            "number": case.number,
            "url": f"{settings.SITE_URL}/api/v1/cases/{case.number}/",
            "page": f"{settings.SITE_URL}{case.get_absolute_url()}",
            "state": str(case.state),
            "severity": case.severity,
            "version": case.version,
        },
        "customer": case.customer_id,
        "handler": case.handler_id,
        "first_responder": case.first_responder_id,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
