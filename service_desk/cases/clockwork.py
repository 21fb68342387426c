"""What the engine asks of this room: whom a fired step tells and with which facts, and which clocks are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change
from service_desk.cases.actions.emergency import hours_and_minutes
from service_desk.cases.actions.moving import arm_missing
from service_desk.cases.kinds import register_all
from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline, Promise
from service_desk.cases.rules import CaseKind, PromiseState
from service_desk.cases.webhook_events import is_emergency, tell_broken, tell_steps
from service_desk.cases.within import tellable
from service_desk.deadlines import engine
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Firing
from service_desk.deadlines.rules import PART_KINDS, ClockKind
from service_desk.deadlines.schedule import StepKind
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import hidden
from service_desk.notices.models import Delivery, Unaddressed
from service_desk.notices.rules import Level
from service_desk.people.directory import Directory
from service_desk.people.rules import DutyRole

_LEVELS = {
    StepKind.START: Level.INFO,
    StepKind.WARNING: Level.WARNING,
    StepKind.BREACH: Level.BREACH,
    StepKind.ESCALATION: Level.BREACH,
}

# What a notice says of a case (C7), for a batch of cases in one round trip: the customer, the subject, who holds
# it, and the last thing that a person wrote about it.
_FACTS = """
SELECT c.id, c.number, c.kind, u.name, c.subject, h.full_name, c.handler_id, c.first_responder_id, c.confidential,
       (SELECT e.text FROM cases_caseevent e
         WHERE e.case_id = c.id AND e.text <> '' AND e.type <> 'registered' ORDER BY e.at DESC, e.id DESC LIMIT 1)
  FROM cases_case c JOIN customers_customer u ON u.id = c.customer_id JOIN people_staff h ON h.id = c.handler_id
 WHERE c.id = ANY(%s)
"""


class CaseRoom:
    """The desk's answers to the engine."""

    events = CaseClockEvent

    def announce(self, firings: Sequence[Firing], now: datetime) -> None:
        """One notice per step and person, in the engine's transaction."""
        _break_promises(
            [f.deadline for f in firings if f.deadline.kind == ClockKind.PROMISE and f.deadline.due_at <= now], now
        )
        _tell_emergency_steps(firings)
        directory = Directory.load()
        facts = _facts_of({firing.deadline.case_id for firing in firings})
        send_many(
            [
                notice
                for firing in firings
                for notice in _notices(firing, facts[firing.deadline.case_id], directory, now)
            ]
        )
        for firing in firings:
            react = _REACTIONS.get(facts[firing.deadline.case_id].kind)
            if react is not None and firing.deadline.due_at <= now and firing.deadline.breached_at is None:
                react(firing.deadline, now)

    def announce_error(self, clock: Any, error: str, now: datetime) -> None:
        """The duty manager learns that a clock is no longer kept by itself."""
        directory = Directory.load()
        told = directory.resolve("duty_manager", {})
        case = _facts_of({clock.case_id})[clock.case_id]
        key = f"case_deadline:{clock.pk}:{clock.cycle}:error"
        send_many(
            [
                NewNotice(
                    dedup_key=f"{key}:{clock.version}",
                    chain=key,
                    kind="clock_error",
                    level=Level.EMERGENCY,
                    recipient_id=_told_of(clock.case_id, case, told.staff_id, directory),
                    slot="duty_manager",
                    facts=case.told(clock, now) | ({} if case.kind == CaseKind.COMPLAINT else {"done": error[:300]}),
                    about=f"case:{clock.case_id}",
                    link=case.link,
                    private=case.confidential,
                )
            ]
        )

    def missing(self, now: datetime) -> Iterable[tuple[str, Callable[[], None]]]:
        """Open cases that lack a clock their policies demand (missed at birth), newest first, a bounded number."""
        for pk in _cases_without_clocks():
            yield f"case:{pk}", lambda pk=pk: _arm_again(pk)  # type: ignore[misc]
        for overlooked in _OVERLOOKED:
            yield from overlooked(now)

    def stuck(self) -> int:
        """Deliveries that no dispatcher has taken or written; every notice of this desk leaves through one outbox."""
        return Delivery.objects.stuck().count() + Unaddressed.objects.stuck().notices()

    def unannounced(self, now: datetime) -> Iterable[str]:
        """Steps of the last quarter of an hour whose first slot has no notice; the newest few thousand."""
        with connection.cursor() as cursor:
            cursor.execute(_UNANNOUNCED, [now - timedelta(minutes=15)])
            return [f"case_deadline:{pk}:{code}" for pk, code in cursor.fetchall()]


class _CaseFacts:
    """The facts of one case as the notices carry them."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        (
            _pk,
            self.number,
            self.kind,
            self.customer,
            self.subject,
            self.holder,
            handler,
            responder,
            self.confidential,
            self.done,
        ) = row
        self.people = {"handler": handler, "first_responder": responder}
        self.link = f"/cases/{self.number}/"

    def told(self, clock: Any, now: datetime) -> dict[str, Any]:
        """The facts for one of the case's clocks; of a complaint nothing of its matter (P6)."""
        facts = {
            "number": self.number,
            "customer": self.customer,
            "subject": self.subject,
            "holder": self.holder,
            "done": (self.done or "")[:500],
            "clock": clock.kind,
            "due": clock.due_at.isoformat(),
            "elapsed": hours_and_minutes(clock.started_at + clock.gap(), now),
        }
        return hidden(facts) if self.kind == CaseKind.COMPLAINT else facts


def _break_promises(clocks: Sequence[CaseDeadline], now: datetime) -> None:
    """C11: a promise whose time passes unkept is broken, in the transaction in which its clock says so."""
    late = [clock.part for clock in clocks if clock.kind == ClockKind.PROMISE and clock.due_at <= now]
    if late:
        broken = Promise.objects.filter(pk__in=late, settled_at=None, broken_at=None)
        broken.update(state=PromiseState.BROKEN, broken_at=now)
        tell_broken(Promise.objects.filter(pk__in=late, broken_at=now).select_related("case"))


def _tell_emergency_steps(firings: Sequence[Firing]) -> None:
    """Other programs hear of each step of an emergency process (C7)."""
    urgent = [firing for firing in firings if is_emergency(firing)]
    if urgent:
        tell_steps(urgent, Case.objects.in_bulk([firing.deadline.case_id for firing in urgent]))


def _facts_of(case_ids: set[int]) -> dict[int, _CaseFacts]:
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [list(case_ids)])
        return {row[0]: _CaseFacts(row) for row in cursor.fetchall()}


def _notices(firing: Firing, case: _CaseFacts, directory: Directory, now: datetime) -> Iterable[NewNotice]:
    clock, step = firing.deadline, firing.step
    emergency = clock.kind == ClockKind.EMERGENCY
    facts = case.told(clock, now)
    if emergency and clock.gaps:
        facts["resumed"] = True  # D4: its earlier steps had been told when it ran before
    elif "planned" in clock.schedule and firing.at < datetime.fromisoformat(clock.schedule["planned"]):
        facts["late_by_change"] = True  # another level, policy or calendar put this step into the past
    elif firing.entered_late:
        facts["entered_late"] = True
    if firing.late_seconds:
        facts["late_seconds"] = firing.late_seconds
    told: set[int | None] = set()
    kind = f"{'emergency' if emergency else 'clock'}_{step.kind}"
    level = Level.EMERGENCY if emergency else _LEVELS[step.kind]
    people = case.people | clock.people
    for slot in step.slots:
        person = directory.resolve(slot, people)
        told_id = _told_of(clock.case_id, case, person.staff_id, directory)
        if told_id in told and not person.fallback:
            continue  # one message per person and step
        told.add(told_id)
        chain = f"case_deadline:{clock.pk}:{clock.cycle}:{firing.code}:{slot}"
        yield NewNotice(
            dedup_key=f"{chain}:0",
            chain=chain,
            kind=kind,
            level=level,
            recipient_id=told_id,
            slot=slot,
            facts=facts | {"nobody_for": slot} if person.fallback else facts,
            about=f"case:{clock.case_id}",
            link=case.link,
            needs_ack=step.needs_ack,
            repeat_seconds=step.repeat_seconds,
            instead_of_id=person.instead_of if told_id == person.staff_id else None,
            fallback=person.fallback,
            late_by_seconds=firing.late_seconds,
            private=case.confidential,
        )


#: What a room above does when a clock of its kind of case is over: (clock, now), in the engine's transaction.
Reaction = Callable[[Any, datetime], None]
#: And what it finds undone, for the auditor to mend.
Overlooked = Callable[[datetime], Iterable[tuple[str, Callable[[], None]]]]
_REACTIONS: dict[str, Reaction] = {}
_OVERLOOKED: list[Overlooked] = []


def register_reaction(kind: str, reaction: Reaction, overlooked: Overlooked) -> None:
    """A room hands over what happens when a clock of its kind of case is over; called once, when it is ready."""
    _REACTIONS[kind] = reaction
    _OVERLOOKED.append(overlooked)


def _told_of(case_id: int, case: _CaseFacts, staff_id: int | None, directory: Directory) -> int | None:
    """Who is told: of a complaint the next one who may know of it, the duty manager or a superior of who holds it."""
    if case.kind != CaseKind.COMPLAINT:
        return staff_id
    further = [directory.duty.get(DutyRole.DUTY_MANAGER), *directory.superiors(case.people["handler"])]
    people = [staff_id, *map(directory.present, further)]
    return tellable(case_id, [pk for pk in people if pk is not None])


# A case that works must have its feedback or solution clock, a running emergency its emergency clock; looked for
# among the open cases only, and only by what the policies in force demand for every case of that kind.
_MISSING = """
SELECT DISTINCT c.id
  FROM cases_case c
  JOIN deadlines_policy p ON p.service_line_id = c.service_line_id AND p.subject = c.kind AND p.retired_at IS NULL
       AND (p.severity = '' OR p.severity = coalesce(c.severity, c.level)) AND p.created_at <= c.registered_at
 WHERE c.state IN ('registered', 'in_progress', 'waiting') AND c.restored_at IS NULL
   AND p.kind <> ALL(%s)
   AND (p.kind <> 'emergency' OR c.emergency_started_at IS NOT NULL)
   AND (p.kind <> 'first_response' OR c.started_at IS NULL)
   AND NOT EXISTS (SELECT 1 FROM cases_casedeadline d WHERE d.case_id = c.id AND d.kind = p.kind
        AND (d.cycle = c.cycle OR d.ended_at IS NULL))
   AND c.id > %s
 ORDER BY c.id
 LIMIT 200
"""
# The first slot of a step always gets its notice (later ones may be the same person), so its chain must exist.
_UNANNOUNCED = """
SELECT d.id, e.code
  FROM (SELECT * FROM cases_caseclockevent WHERE type = 'fired' ORDER BY id DESC LIMIT 5000) e
  JOIN cases_casedeadline d ON d.id = e.deadline_id
  JOIN deadlines_policy p ON p.id = d.policy_id
  JOIN LATERAL jsonb_array_elements(p.steps) s ON s->>'code' = e.code
 WHERE e.at >= %s
   AND NOT EXISTS (SELECT 1 FROM notices_notice n
        WHERE n.chain = concat('case_deadline:', d.id, ':', d.cycle, ':', e.code, ':', s->'slots'->>0))
"""
#: Of a desk with very many open cases, the auditor looks at the newest this many in one pass.
_NEWEST = 50_000


def _cases_without_clocks() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM cases_case")
        (newest,) = cursor.fetchone()
        cursor.execute(_MISSING, [[str(kind) for kind in PART_KINDS], newest - _NEWEST])
        return [pk for (pk,) in cursor.fetchall()]


def _arm_again(pk: int) -> None:
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).get(pk=pk)
        arm_missing(Change(case=case, actor=None, now=now()))
        record(verb="case.rearm", thing=f"case:{pk}", actor=None, door="worker")


register_all()
engine.register(CaseDeadline, CaseRoom())
