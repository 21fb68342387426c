"""Promises to the customer (C11): with a time, never paused, kept, or moved before they are due; otherwise broken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, changing, chosen, said
from service_desk.cases.models import Case, Promise
from service_desk.cases.rules import Channel, EventType, PromiseState
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.rules import ClockKind
from service_desk.rest.errors import Conflict, Invalid

#: Nobody promises further ahead than this; such a time is a slip of the pen.
FURTHEST = timedelta(days=366)


def promise(
    *, case: Case, actor: Any, text: str, due_at: datetime | None, override: str = "", version: int | None = None
) -> Case:
    """Promise `text` until `due_at`; 'I will get back to you' without a time is not accepted."""
    with changing(case=case, actor=actor, verb="promise", version=version, override=override) as change:
        make_promise(change, said(text, "text", limit=500), checked_due(change, due_at))
    return change.case


def keep(*, case: Case, actor: Any, promise: int, text: str, version: int | None = None) -> Case:
    """What was promised is done. Done late it stays broken, and that it was done is written down all the same."""
    with changing(case=case, actor=actor, verb="keep", version=version, detail={"promise": promise}) as change:
        found = _open_promise(change, promise)
        words = said(text, "text", limit=2000)
        late = found.broken_at is not None or change.now > found.due_at
        found.state = PromiseState.BROKEN if late else PromiseState.KEPT
        found.broken_at = (found.broken_at or change.now) if late else None
        _settle(change, found, words)
        clocks.stop(change.clocks_of_part(ClockKind.PROMISE, found.pk), now=change.now, actor=actor)
        change.say(EventType.KEPT, words, promise=found.text, late=late)
    return change.case


def postpone(
    *,
    case: Case,
    actor: Any,
    promise: int,
    due_at: datetime | None,
    text: str,
    channel: str,
    override: str = "",
    version: int | None = None,
) -> Case:
    """Tell the customer, with the reason, before the time is over that it will be later; afterwards it is broken."""
    detail = {"promise": promise}
    with changing(case=case, actor=actor, verb="postpone", version=version, detail=detail, override=override) as change:
        found = _open_promise(change, promise)
        words = said(text, "text", limit=2000)
        by = chosen(channel, Channel, "channel")
        due = checked_due(change, due_at)
        late = found.broken_at is not None or change.now > found.due_at
        found.state = PromiseState.BROKEN if late else PromiseState.MOVED
        found.broken_at = (found.broken_at or change.now) if late else None
        _settle(change, found, words)
        open_clocks = change.clocks_of_part(ClockKind.PROMISE, found.pk)
        if late:
            clocks.stop(open_clocks, now=change.now, actor=actor)
        else:
            clocks.cancel(open_clocks, now=change.now, reason="moved", actor=actor)
        change.say(EventType.POSTPONED, words, promise=found.text, due=due.isoformat(), channel=by, late=late)
        make_promise(change, found.text, due, follows=found)
    return change.case


def make_promise(change: Change, text: str, due_at: datetime, follows: Promise | None = None) -> Promise:
    """Write a promise on the locked case and start its clock."""
    made = Promise.objects.create(
        case=change.case, text=text, by=change.actor, made_at=change.now, due_at=due_at, follows=follows
    )
    change.arm_part(ClockKind.PROMISE, made.pk, {"promiser": change.actor.pk}, due_at=due_at)
    if follows is None:
        change.say(EventType.PROMISED, text, due=due_at.isoformat())
    _count(change)
    return made


def _settle(change: Change, found: Promise, words: str) -> None:
    found.settled_at, found.settled_with = change.now, words
    found.save(update_fields=["state", "broken_at", "settled_at", "settled_with"])
    _count(change)


def _count(change: Change) -> None:
    """The case knows how many promises are open and when the next is due: lists and closing ask it."""
    unsettled = change.case.promises.filter(settled_at=None)
    change.case.open_promises = unsettled.count()
    change.case.next_promise_at = unsettled.aggregate(next=Min("due_at"))["next"]


def _open_promise(change: Change, pk: int) -> Promise:
    found = change.case.promises.select_for_update().filter(pk=pk).first()
    if found is None:
        raise Invalid(_("There is no such promise."), field="promise", code="unknown")
    if found.settled_at is not None:
        raise Conflict(_("This promise is settled already."), code="settled")
    return found


def checked_due(change: Change, due_at: datetime | None, field: str = "due_at") -> datetime:
    """A time ahead and not too far; Invalid on `field` otherwise."""
    if due_at is None:
        raise Invalid(_("Say until when: a promise without a time is none."), field=field, code="required")
    if due_at <= change.now:
        raise Invalid(_("This time is over already."), field=field, code="past")
    if due_at > change.now + FURTHEST:
        raise Invalid(_("This is more than a year ahead."), field=field, code="too_far")
    return due_at
