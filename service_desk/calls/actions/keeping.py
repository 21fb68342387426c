"""Keeps a call's registration clock in step with what is known of it: a function of the facts, not of their order.

Called with the call's row locked, by everything that changes the call or its registration. The clock's moment is asked
once the clock is locked, so that of registering and breaching at the same moment exactly one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.calls.rules import PHONE, Owed, owed
from service_desk.calls.telling import tell
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import report
from service_desk.deadlines.models import Policy
from service_desk.deadlines.rules import OPEN_STATES, ClockKind, ClockState
from service_desk.people.directory import Directory
from service_desk.telephony.actions.noting import note_fact, withdraw_fact
from service_desk.telephony.models import Call
from service_desk.telephony.rules import CallRule, Verdict
from service_desk.telephony.statements import Statement

# Whether anything is to be done, in one statement: this is on the way of every event of an answered call.
_STANDS = Statement(
    "call_stands",
    """
SELECT d.started_at, d.state, d.breached_at, d.owner_id, s.counts_at, statement_timestamp(),
    (SELECT max(cycle) FROM calls_calldeadline WHERE call_id = %(call)s AND kind = 'registration')
FROM (VALUES (1)) AS one
LEFT JOIN calls_calldeadline d ON d.call_id = %(call)s AND d.kind = 'registration' AND d.state <> 'cancelled'
LEFT JOIN calls_callsettlement s ON s.call_id = %(call)s AND s.undone_at IS NULL
""",
    call="bigint",
)
# In SQL: composing it anew for each answered call cost more than asking.
_POLICY = """
SELECT * FROM deadlines_policy
WHERE retired_at IS NULL AND subject = %s AND severity = '' AND kind = %s
ORDER BY target_seconds, id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _Standing:
    """What there is of a call's registration: the clock that stands, whether it was settled, the last cycle ever."""

    started_at: datetime | None
    state: str | None
    breached_at: datetime | None
    owner_id: int | None
    counts_at: datetime | None
    moment: datetime
    last_cycle: int | None


def owed_by(call: Call) -> Owed | None:
    """The registration that this call owes, as far as it is known now."""
    return owed(
        direction=call.direction,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        heard_at=call.heard_at,
        cause=call.cause,
    )


def keep(call: Call, *, actor: Any = None) -> None:
    """Bring clock and fact of the locked `call` in step with what is known of it."""
    due, standing = owed_by(call), _standing(call)
    if _agrees(call, due, standing):
        return
    if due is not None and standing.last_cycle is None and standing.counts_at is None:
        _begin(call, due, standing.moment)
        return
    settlement = CallSettlement.objects.standing().filter(call_id=call.pk).first()
    clock = lock_clock(call)
    moment = now()
    if clock is not None and (why := _refuted(clock, due, settlement)):
        clocks.cancel([clock], now=moment, reason=why, actor=actor)
        clock = None
    if due is None:
        withdraw_fact(call_id=call.pk, rule=CallRule.REGISTERED)
        tell([call.pk])
        return
    clock = clock or _armed(call, due, moment, cycle=(standing.last_cycle or 0) + 1)
    if clock is None:
        return
    if settlement is not None and clock.state in OPEN_STATES:
        clocks.stop([clock], now=settlement.counts_at, actor=actor)
    if clock.breached_at is not None and clock.owner_id != _responsible(call):
        stamp([clock], {call.pk: _responsible(call)}, Directory.load())
        clock.save(update_fields=["owner", "chief", "unit"])
    note(clock, moment)
    tell([call.pk])


def _begin(call: Call, due: Owed, moment: datetime) -> None:
    """The first clock of a call, on the way of every answer. Nobody above can have found anything in a call that never
    had one, so nobody is told."""
    clock = _armed(call, due, moment, cycle=1)
    if clock is not None:
        note(clock, moment)


def _standing(call: Call) -> _Standing:
    with connection.cursor() as cursor:
        _STANDS.execute(cursor, {"call": call.pk})
        return _Standing(*cursor.fetchone())


def _agrees(call: Call, due: Owed | None, standing: _Standing) -> bool:
    """Whether nothing is to be done; asked first, for its price."""
    if due is None or standing.state is None:
        return due is None and standing.state is None
    is_late = standing.breached_at is not None
    if standing.started_at != due.started_at or (is_late and standing.owner_id != _responsible(call)):
        return False
    return bool((standing.state in OPEN_STATES) == (standing.counts_at is None))


def lock_clock(call: Call) -> CallDeadline | None:
    """The clock of the call that stands, locked."""
    rows = CallDeadline.objects.standing().filter(call_id=call.pk, kind=ClockKind.REGISTRATION)
    clock: CallDeadline | None = (
        rows.select_related("policy", "calendar_version").select_for_update(of=("self",)).first()
    )
    return clock


def _refuted(clock: CallDeadline, due: Owed | None, settlement: CallSettlement | None) -> str:
    """Why this clock no longer stands; empty when it does."""
    if due is None:
        return _("Nobody was spoken to, or it was an internal call: nothing is to be registered.")
    if clock.started_at != due.started_at:
        return _("The phone system has told another time.")
    if settlement is None and clock.state not in OPEN_STATES:
        return _("The registration was undone.")
    if settlement is not None and clock.state in OPEN_STATES and clock.breached_at is not None:
        return _("It had been registered in time.") if settlement.counts_at <= clock.due_at else ""
    return ""


def _armed(call: Call, due: Owed, moment: datetime, *, cycle: int) -> CallDeadline | None:
    """A clock from when the time runs; a cycle behind those that no longer stand."""
    policy = registration_policy()
    if policy is None:
        report(kind="no_registration_policy", thing="calls", detail="")
        return None
    (clock,) = clocks.arm(
        model=CallDeadline,
        policies=[policy],
        subject={"call": call, "heard_late": due.heard_late},
        started_at=due.started_at,
        now=moment,
        cycle=cycle,
    )
    return clock


def registration_policy() -> Policy | None:
    """What says how long a call may wait; of several lines' policies the strictest, since a call has no line (C3)."""
    return _policy(ClockKind.REGISTRATION)


def call_back_policy() -> Policy | None:
    """The ladder of a promised call back (C11)."""
    return _policy(ClockKind.PROMISE)


def _policy(kind: str) -> Policy | None:
    return next(iter(Policy.objects.raw(_POLICY, [PHONE, kind])), None)


def _responsible(call: Call) -> int | None:
    return call.claimed_by_id or call.agent_id


def stamp(breached: list[CallDeadline], owners: dict[int, int | None], directory: Directory) -> None:
    """Write down whose call it was and the organisation as it is at this moment; the caller saves."""
    for clock in breached:
        owner = owners.get(clock.call_id or 0)
        clock.owner_id = owner
        clock.chief_id = directory.superior(owner)
        clock.unit_id = directory.unit_of.get(owner) if owner is not None else None


def note(clock: CallDeadline, moment: datetime) -> None:
    """The fact of rule T7 as the clock has it."""
    late = clock.breached_at is not None or clock.state == ClockState.BREACHED
    verdict = Verdict.BREACHED if late else Verdict.KEPT if clock.state == ClockState.MET else Verdict.DUE
    detail = {"due": clock.due_at.isoformat()}
    note_fact(call_id=clock.call_id or 0, rule=CallRule.REGISTERED, verdict=verdict, detail=detail)
