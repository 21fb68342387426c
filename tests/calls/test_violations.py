"""C3, C4: a missed registration becomes a suspicion by itself, and is withdrawn when a later fact refutes it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from service_desk.calls.actions import keep_all, settle_as_case, settle_as_exception, undo_settlement
from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.quality import actions as quality
from service_desk.quality.finding import find_all
from service_desk.quality.models import LedgerEntry, Violation
from service_desk.telephony.actions import claim_call
from service_desk.telephony.models import Call, CallLink
from tests.calls.test_registration import clock_of, let_pass, phone_of, record_of, shift, t7, talk
from tests.factories import World, shift_time, world
from tests.telephony.senders import Pbx, Script


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def phone(desk: World) -> Pbx:
    return phone_of(desk)


def violations() -> list[tuple[str, str, str | None, str]]:
    rows = Violation.objects.order_by("id").select_related("person", "chief")
    return [(v.offence, v.person.username, v.chief.username if v.chief else None, v.state) for v in rows]


def test_C4_a_breach_becomes_a_suspicion_against_the_agent_and_the_chief_of_then(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    let_pass(call, timedelta(hours=25))
    desk.unit.section_chief = desk.manager  # the organisation changes before quality comes to look
    desk.unit.save()
    find_all()
    find_all()
    assert violations() == [("missed_registration", "agent", "chief", "suspected")]
    assert Violation.objects.get().source == f"call:{call.ref}"
    assert Notice.objects.filter(kind="violation_suspected").count() == 2


def test_C4_from_a_missed_registration_to_the_objection(desk: World, phone: Pbx) -> None:
    let_pass(talk(phone), timedelta(hours=25))
    find_all()
    violation = Violation.objects.get()
    quality.verify(violation=violation, actor=desk.inspector, reason="录音核实")
    assert LedgerEntry.objects.filter(points=-2, yuan=-1000).count() == 2
    quality.object_to(violation=violation, actor=desk.agent, text="当时系统停机")
    quality.answer_objection(violation=violation, actor=desk.inspector, upheld=True, text="属实")
    assert sum(line.yuan for line in LedgerEntry.objects.all()) == 0


def test_C3_registered_late_stays_a_violation(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    let_pass(call, timedelta(hours=25))
    settle_as_exception(actor=desk.agent, call=call, reason="wrong_number")
    find_all()
    assert violations() == [("missed_registration", "agent", "chief", "suspected")]
    assert t7(call) == "breached"


def test_C3_word_that_it_was_internal_withdraws_the_suspicion_with_a_note_and_word_back_renews_it(
    desk: World, phone: Pbx
) -> None:
    call = talk(phone)
    let_pass(call, timedelta(hours=25))
    call.refresh_from_db()
    find_all()
    phone.post({"records": [record_of(call, direction="internal")]}, "/api/v1/call-records")
    find_all()
    assert violations() == [("missed_registration", "agent", "chief", "withdrawn")]
    assert Violation.objects.get().decision
    phone.post({"records": [record_of(call, answered_at=call.answered_at.isoformat())]}, "/api/v1/call-records")
    sweep(Door.AUDITOR)
    find_all()
    assert violations() == [("missed_registration", "agent", "chief", "suspected")]


def test_C4_what_was_verified_is_left_to_an_objection(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    let_pass(call, timedelta(hours=25))
    find_all()
    quality.verify(violation=Violation.objects.get(), actor=desk.inspector, reason="属实")
    phone.post({"records": [record_of(call, direction="internal")]}, "/api/v1/call-records")
    find_all()
    assert violations()[0][3] == "verified"


def test_C4_a_call_that_is_nobodys_becomes_a_suspicion_when_somebody_claims_it(desk: World) -> None:
    phone = phone_of(desk)
    script = Script(call_id="g")
    for event in (script.event("ringing", 0, extension="7000"), script.event("answered", 5), script.event("ended", 9)):
        phone.post(event)
    call = Call.objects.get()
    let_pass(call, timedelta(hours=25))
    find_all()
    assert violations() == []
    claim_call(actor=desk.colleague, call=call)
    find_all()
    assert violations() == [("missed_registration", "colleague", "chief", "suspected")]


def test_T7_what_was_passed_on_is_registered_with_the_colleagues_call(desk: World, phone: Pbx) -> None:
    first, second = talk(phone, call_id="a"), talk(phone, call_id="b", extension="8010")
    CallLink.objects.create(parent=first, child=second)
    case = desk.register(actor=desk.colleague)
    settle_as_case(actor=desk.colleague, call=second, case=case)
    assert keep_all() == 1
    carried = CallSettlement.objects.standing().get(call=first)
    assert (carried.case, carried.by, clock_of(first).state) == (case, desk.colleague, "met")
    undo_settlement(actor=desk.colleague, call=second, why="登错了")
    assert keep_all() == 1
    assert [clock_of(call).state for call in (first, second)] == ["running", "running"]
    assert keep_all() == 0


def test_C3_a_case_registered_late_is_suspected_once_and_not_twice_with_its_call(desk: World, phone: Pbx) -> None:
    case = desk.register(accepted_at=None)
    shift_time(case, hours=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET accepted_at = accepted_at - interval '25 h' WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    find_all()
    find_all()
    assert violations() == [("late_registration", "agent", "chief", "suspected")]
    assert Violation.objects.get().source == f"case:{case.pk}"


def test_the_auditor_starts_a_clock_that_is_missing(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM calls_callclockevent")
        cursor.execute("DELETE FROM calls_calldeadline")
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = Auditor().run()
    assert (found.missing, clock_of(call).state) == (1, "running")
    assert Auditor().run().missing == 0


def test_the_auditor_mends_a_due_time_that_was_moved_by_hand(phone: Pbx) -> None:
    call = talk(phone)
    CallDeadline.objects.update(due_at=clock_of(call).due_at + timedelta(days=3))
    assert Auditor().run().moved == 1
    assert clock_of(call).due_at == call.answered_at + timedelta(hours=24)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_turn", range(4))
def test_D1_registering_and_breaching_at_one_moment_end_in_exactly_one_of_the_two(_turn: int) -> None:
    desk = world()
    phone = phone_of(desk)
    calls = [talk(phone, call_id=f"c{number}") for number in range(6)]
    for call in calls:
        shift(call, clock_of(call).due_at - now() - timedelta(milliseconds=20))
    barrier = threading.Barrier(9)

    def register(call: Call) -> None:
        try:
            barrier.wait()
            settle_as_exception(actor=desk.agent, call=call, reason="test")
        finally:
            connections.close_all()

    def fire(_number: int) -> None:
        try:
            barrier.wait()
            for _time in range(4):
                sweep(Door.SENTINEL)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=9) as several:
        jobs: list[Any] = [several.submit(register, call) for call in calls]
        jobs += [several.submit(fire, number) for number in range(3)]
        for job in jobs:
            job.result()
    find_all()
    for call in calls:
        clock = clock_of(call)
        assert clock.state in ("met", "breached")
        assert (clock.state == "met") == (clock.breached_at is None) == (t7(call) == "kept")
        suspected = Violation.objects.filter(source=f"call:{call.ref}", state="suspected").exists()
        assert suspected == (clock.state == "breached")
