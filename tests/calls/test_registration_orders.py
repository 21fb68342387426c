"""C3, T7 by machine: whatever order a call's events, repeats, records and its registration come in, the end is one.

Compared are the call's row, its facts, its clock and its violations; DESK_ORDER_EXAMPLES=500 looks deeper.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_desk.calls.actions import settle_as_exception, undo_settlement
from service_desk.calls.models import CallDeadline
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.quality.finding import find_all
from service_desk.quality.models import Violation
from service_desk.rest.errors import Conflict
from service_desk.telephony.models import Call
from tests.calls.test_registration import phone_of
from tests.factories import World, world
from tests.telephony.senders import Pbx, Script

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("DESK_ORDER_EXAMPLES", "25"))
_WHOLE: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("started", 0, {}),
    ("ringing", 1, {"extension": "8006"}),
    ("ringing", 1, {"extension": "8010"}),
    ("answered", 6, {"extension": "8006"}),
    ("held", 10, {}),
    ("resumed", 30, {}),
    ("ended", 60, {}),
)
SETTLE, SWEEP, INTERNAL = "settle", "sweep", "internal"
_number = iter(range(1_000_000))


class Life:
    """One call that began so long ago, on a phone system of its own."""

    def __init__(self, desk: World, phone: Pbx, start: datetime) -> None:
        self.desk, self.phone = desk, phone
        self.script = Script(call_id=f"c{next(_number)}", start=start)
        self.waiting = False

    def call(self) -> Call | None:
        found: Call | None = Call.objects.filter(call_id=self.script.call_id).first()
        return found

    def do(self, step: Any) -> None:
        """An event, a record, the registration, or the workers' turn."""
        if step == SETTLE:
            self.waiting = True
        elif step == SWEEP:
            work()
        elif step == INTERNAL:
            self.record()
        else:
            kind, second, data = step
            assert self.phone.post(self.script.event(kind, second, **data)).status_code in (200, 202)
        self.settle()

    def settle(self) -> None:
        """As soon as there is something to register: nobody registers a call that the desk has not heard of."""
        call = self.call()
        if self.waiting and call is not None and call.agent_id is not None:
            self.waiting = False
            settle_as_exception(actor=self.desk.agent, call=call, reason="wrong_number")

    def record(self) -> None:
        start = self.script.start
        assert start is not None
        body = {
            "call_id": self.script.call_id,
            "direction": "internal",
            "customer_number": self.script.number,
            "started_at": start.isoformat(),
            "ended_at": (start + timedelta(seconds=60)).isoformat(),
        }
        assert self.phone.post({"records": [body]}, "/api/v1/call-records").json()["results"][0]["status"] != "rejected"

    def end(self) -> tuple[Any, ...]:
        """What is compared."""
        call = self.call()
        assert call is not None
        own = ("id", "ref", "integration", "call_id", "heard_at", "last_heard_at", "change_no", "changed_at")
        row = {f.name: getattr(call, f.attname) for f in Call._meta.concrete_fields if f.name not in own}
        facts = sorted(call.facts.standing().values_list("rule", "verdict"))
        clock = CallDeadline.objects.standing().filter(call=call).first()
        stands = clock and (clock.state, clock.started_at, clock.due_at, clock.breached_at is None, clock.owner_id)
        rows = Violation.objects.filter(source=f"call:{call.ref}").exclude(state="withdrawn")
        return row, facts, stands, sorted(rows.values_list("offence", "person", "chief", "state"))


def work() -> None:
    """The workers have their turn."""
    sweep(Door.AUDITOR)
    find_all()


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """The same happenings twice, each time in an order of its own with repeats and the workers' turns strewn in."""
    happened: list[Any] = draw(st.lists(st.sampled_from(_WHOLE), min_size=1, unique_by=str))
    happened = [*happened, _WHOLE[3]] if _WHOLE[3] not in happened else happened
    extra = draw(st.sets(st.sampled_from([SETTLE, INTERNAL])))
    several = []
    for _turn in range(2):
        repeats = draw(st.lists(st.sampled_from(happened), max_size=3))
        steps = [*happened, *repeats, *sorted(extra), *draw(st.lists(st.just(SWEEP), max_size=2))]
        several.append(draw(st.permutations(steps)))
    return several[0], several[1]


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pair=orders(), old=st.booleans())
def test_T7_every_order_ends_alike(pair: tuple[list[Any], list[Any]], old: bool) -> None:
    """`old`: a policy of a minute makes what happened two minutes ago a breach, with the workers at it in between."""
    with transaction.atomic():
        desk = world()
        phone = phone_of(desk)
        start = now() - timedelta(minutes=3)
        if old:
            _a_minute()
        ends = []
        for steps in pair:
            life = Life(desk, phone, start)
            for step in steps:
                life.do(step)
            work()
            ends.append(life.end())
        assert ends[0] == ends[1]
        transaction.set_rollback(True)


def _a_minute() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE deadlines_policy SET target_seconds = 60 WHERE kind = 'registration'")
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_C3_undone_and_registered_again_and_again_ends_as_registered_once() -> None:
    desk = world()
    life = Life(desk, phone_of(desk), now() - timedelta(minutes=3))
    for step in _WHOLE:
        life.do(step)
    call = life.call()
    assert call is not None
    for _turn in range(3):
        settle_as_exception(actor=desk.agent, call=call, reason="wrong_number")
        undo_settlement(actor=desk.agent, call=call, why="再看")
        work()
    with pytest.raises(Conflict):
        undo_settlement(actor=desk.agent, call=call, why="没有")
    settle_as_exception(actor=desk.agent, call=call, reason="wrong_number")
    work()
    assert CallDeadline.objects.standing().get(call=call).state == "met"
    assert not Violation.objects.exists()
