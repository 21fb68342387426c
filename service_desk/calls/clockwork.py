"""What the engine asks of this room: whom a fired step tells, what a breach means, and which clocks are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from service_desk.audit.actions import record
from service_desk.calls import kinds  # noqa: F401 - the words of what is told here
from service_desk.calls.actions.keeping import keep, note, registration_policy, stamp
from service_desk.calls.models import CallClockEvent, CallDeadline, CallMessage
from service_desk.calls.telling import tell
from service_desk.calls.webhook_events import tell_unregistered
from service_desk.deadlines import engine
from service_desk.deadlines.models import Firing
from service_desk.deadlines.rules import ClockKind
from service_desk.deadlines.schedule import StepKind
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.directory import Directory, Resolved
from service_desk.telephony.models import Call, Extension

_LEVELS = {
    StepKind.START: Level.INFO,
    StepKind.WARNING: Level.WARNING,
    StepKind.BREACH: Level.BREACH,
    StepKind.ESCALATION: Level.BREACH,
}
# Answered calls of the last week without a clock that stands; those of which the rule says that they owe nothing are
# few, and are told apart in Python by the one function that knows.
_MISSING = """
SELECT c.id FROM telephony_call c
 WHERE c.answered_at > %s AND c.direction = 'inbound' AND c.id > %s
   AND NOT EXISTS (SELECT 1 FROM calls_calldeadline d WHERE d.call_id = c.id AND d.state <> 'cancelled')
   AND c.cause NOT IN ('no_answer', 'busy', 'rejected', 'answered_elsewhere')
 ORDER BY c.id DESC LIMIT 200
"""
_UNANNOUNCED = """
SELECT d.id, e.code
  FROM (SELECT * FROM calls_callclockevent WHERE type = 'fired' ORDER BY id DESC LIMIT 5000) e
  JOIN calls_calldeadline d ON d.id = e.deadline_id
  JOIN deadlines_policy p ON p.id = d.policy_id
  JOIN LATERAL jsonb_array_elements(p.steps) s ON s->>'code' = e.code
 WHERE e.at >= %s AND jsonb_array_length(s->'slots') > 0
   AND NOT EXISTS (SELECT 1 FROM notices_notice n
        WHERE n.chain = concat('call_deadline:', d.id, ':', e.code, ':', s->'slots'->>0))
"""
#: Of very many calls the auditor looks at the newest this many in one pass.
_NEWEST = 50_000
_WITHIN = timedelta(days=7)


class CallRoom:
    """The answers of the telephone's room to the engine."""

    events = CallClockEvent

    def announce(self, firings: Sequence[Firing], now: datetime) -> None:
        """One notice a step and person; with a breach it is written whose call it was, in the engine's transaction."""
        directory = Directory.load()
        calls, messages = _subjects(firings)
        _note_breaches(firings, calls, directory, now)
        told = [
            notice
            for firing in firings
            for notice in (
                _of_call(firing, calls[firing.deadline.call_id], directory)
                if firing.deadline.call_id is not None
                else _of_message(firing, messages[firing.deadline.message_id], directory)
            )
        ]
        send_many(told)

    def announce_error(self, clock: Any, error: str, now: datetime) -> None:
        """The duty manager learns that a clock is no longer kept by itself."""
        told = Directory.load().resolve("duty_manager", {})
        key = f"call_deadline:{clock.pk}:error"
        notice = NewNotice(
            dedup_key=f"{key}:{clock.version}",
            chain=key,
            kind="call_clock_error",
            level=Level.EMERGENCY,
            recipient_id=told.staff_id,
            slot="duty_manager",
            facts={"clock": clock.kind, "due": clock.due_at.isoformat(), "error": error[:300]},
            about=_about(clock),
            link="",
            private=True,
        )
        send_many([notice])

    def missing(self, now: datetime) -> Iterable[tuple[str, Callable[[], None]]]:
        """Answered calls that owe a registration and have no clock, newest first, a bounded number."""
        if registration_policy() is None:
            return
        for pk in _calls_without_clock(now):
            yield f"call:{pk}", lambda pk=pk: _keep_again(pk)  # type: ignore[misc]

    def stuck(self) -> int:
        """Every notice leaves through one outbox, of which the cases' room tells; counted there, not twice."""
        return 0

    def unannounced(self, now: datetime) -> Iterable[str]:
        """Steps of the last quarter of an hour whose first slot has no notice."""
        with connection.cursor() as cursor:
            cursor.execute(_UNANNOUNCED, [now - timedelta(minutes=15)])
            return [f"call_deadline:{pk}:{code}" for pk, code in cursor.fetchall()]


def _subjects(firings: Sequence[Firing]) -> tuple[dict[int, Call], dict[int, CallMessage]]:
    calls = Call.objects.select_related("integration").in_bulk(
        [f.deadline.call_id for f in firings if f.deadline.call_id is not None]
    )
    messages = CallMessage.objects.in_bulk(
        [f.deadline.message_id for f in firings if f.deadline.message_id is not None]
    )
    return calls, messages


def _note_breaches(firings: Sequence[Firing], calls: dict[int, Call], directory: Directory, now: datetime) -> None:
    """Whose call it was when the time was over, and rule T7; rooms above are told after the commit."""
    late = [f.deadline for f in firings if f.deadline.due_at <= now and f.deadline.breached_at is None]
    late = [clock for clock in late if clock.kind == ClockKind.REGISTRATION]
    if not late:
        return
    stamp(late, {pk: call.claimed_by_id or call.agent_id for pk, call in calls.items()}, directory)
    CallDeadline.objects.bulk_update(late, ["owner", "chief", "unit"])
    for clock in late:
        clock.breached_at = now
        note(clock, now)
    tell_unregistered(late, calls)
    tell([clock.call_id for clock in late])


def _of_call(firing: Firing, call: Call, directory: Directory) -> list[NewNotice]:
    clock = firing.deadline
    facts = {
        "number": call.masked_number,
        "queue": call.queue or call.line_number,
        "answered": call.answered_at.isoformat() if call.answered_at else "",
        "due": clock.due_at.isoformat(),
        "unclaimed": call.claimed_by_id is None and call.agent_id is None,
        "heard_late": clock.heard_late,
    }
    return _notices(
        firing,
        f"call_registration_{firing.step.kind}",
        _people_of(call, directory),
        facts,
        directory,
        link=f"/calls/{call.ref}/",
    )


def _people_of(call: Call, directory: Directory) -> dict[str, int | None]:
    """Whose call it is; of a call that is nobody's, the chief of the unit at whose telephones it rang, else
    of the unit that the phone system belongs to."""
    owner = call.claimed_by_id or call.agent_id
    if owner is not None:
        return {"handler": owner, "first_responder": owner}
    rung = [text for text in dict.fromkeys([call.extension, *call.extensions_rung]) if text]
    holder = None
    for extension in rung:
        found = Extension.objects.holder(
            call.integration_id, call.answered_at or call.heard_at, extension=extension, agent_code=""
        )
        if found is not None:
            holder = found.staff_id
            break
    chief, head = directory.superior(holder), directory.department_head(holder)
    if holder is None:
        chief, head = _leaders_of(call.integration.unit_id, directory)
    return {"handler": chief, "first_responder": chief, "handler_chief": chief, "handler_head": head}


def _leaders_of(unit_id: int | None, directory: Directory) -> tuple[int | None, int | None]:
    """Chief and head of a unit, or the nearest ones above it."""
    chief: int | None = None
    head: int | None = None
    seen: set[int] = set()
    while unit_id is not None and unit_id not in seen:
        seen.add(unit_id)
        unit_id, its_chief, its_head = directory.units[unit_id]
        chief = chief or (its_chief if its_chief in directory.active else None)
        head = head or (its_head if its_head in directory.active else None)
    return chief or head, head


def _of_message(firing: Firing, message: CallMessage, directory: Directory) -> list[NewNotice]:
    people: dict[str, int | None] = {
        "promiser": message.taken_by_id,
        "handler": message.for_whom_id,
        "first_responder": message.for_whom_id,
    }
    facts = {"name": message.from_name, "due": firing.deadline.due_at.isoformat()}
    return _notices(
        firing, f"message_{firing.step.kind}", people, facts, directory, link=message.get_absolute_url(), private=True
    )


def _notices(
    firing: Firing,
    kind: str,
    people: dict[str, int | None],
    facts: dict[str, Any],
    directory: Directory,
    *,
    link: str,
    private: bool = False,
) -> list[NewNotice]:
    if firing.entered_late:
        facts["entered_late"] = True
    if firing.late_seconds:
        facts["late_seconds"] = firing.late_seconds
    told: set[int | None] = set()
    notices = []
    for slot in firing.step.slots:
        person = directory.resolve(slot, people)
        if person.staff_id in told and not person.fallback:
            continue  # one message per person and step
        told.add(person.staff_id)
        notices.append(_notice(firing, kind, slot, person, facts, link, private))
    return notices


def _notice(
    firing: Firing, kind: str, slot: str, person: Resolved, facts: dict[str, Any], link: str, private: bool
) -> NewNotice:
    clock = firing.deadline
    chain = f"call_deadline:{clock.pk}:{firing.code}:{slot}"
    return NewNotice(
        dedup_key=f"{chain}:0",
        chain=chain,
        kind=kind,
        level=_LEVELS[firing.step.kind],
        recipient_id=person.staff_id,
        slot=slot,
        facts=facts | {"nobody_for": slot} if person.fallback else facts,
        about=_about(clock),
        link=link,
        needs_ack=firing.step.needs_ack,
        repeat_seconds=firing.step.repeat_seconds,
        instead_of_id=person.instead_of,
        fallback=person.fallback,
        late_by_seconds=firing.late_seconds,
        private=private,
    )


def _about(clock: CallDeadline) -> str:
    return f"call:{clock.call_id}" if clock.call_id is not None else f"callmessage:{clock.message_id}"


def _calls_without_clock(now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM telephony_call")
        (newest,) = cursor.fetchone()
        cursor.execute(_MISSING, [now - _WITHIN, newest - _NEWEST])
        return [pk for (pk,) in cursor.fetchall()]


def _keep_again(pk: int) -> None:
    with transaction.atomic():
        call = Call.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
        keep(call)
        record(verb="call.keep", thing=f"call:{pk}", actor=None, door="worker")


engine.register(CallDeadline, CallRoom())
