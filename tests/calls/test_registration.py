"""C3, T7: an answered call is registered within 24 hours, or that it was not is known; through every order of words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from service_desk.calls.actions import settle_as_case, settle_as_exception, undo_settlement
from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call
from tests.factories import World, world
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> World:
    return world()


@pytest.fixture
def phone(desk: World) -> Pbx:
    return phone_of(desk)


def phone_of(desk: World, days: int = 9) -> Pbx:
    """A phone system with the agent at 8006 and the colleague at 8010."""
    made = pbx()
    for extension, person in (("8006", desk.agent), ("8010", desk.colleague)):
        add_extension(
            actor=administrator(),
            integration=made.integration,
            extension=extension,
            staff=person,
            valid_from=now() - timedelta(days=days),
        )
    return made


def talk(phone: Pbx, *, ago: timedelta = timedelta(minutes=5), call_id: str = "c1", **data: Any) -> Any:
    """An inbound call that the agent answered `ago` and that is over."""
    script = Script(call_id=call_id, start=now() - ago)
    for event in (
        script.event("ringing", 0, extension=data.get("extension", "8006")),
        script.event("answered", 5, extension=data.get("extension", "8006")),
        script.event("ended", 60),
    ):
        assert phone.post(event).status_code == 202
    return Call.objects.get(call_id=call_id, integration=phone.integration)


def record_of(call: Any, **data: Any) -> dict[str, Any]:
    """What the phone system says of the call afterwards."""
    return {
        "call_id": call.call_id,
        "direction": "inbound",
        "customer_number": call.customer_number,
        "started_at": call.started_at.isoformat(),
        "ended_at": call.ended_at.isoformat(),
        "cause": "normal",
        "ended_by": "customer",
        **data,
    }


def let_pass(call: Call, time: timedelta) -> None:
    """Time passes for a call and its clocks; the engine does what it does."""
    shift(call, time)
    sweep(Door.AUDITOR)


_SHIFT = """
UPDATE telephony_call SET started_at = started_at - {t}, ringing_at = ringing_at - {t}, answered_at = answered_at - {t},
    ended_at = ended_at - {t}, heard_at = heard_at - {t} WHERE id = %(c)s;
UPDATE telephony_callevent SET timestamp = timestamp - {t}, counted_at = counted_at - {t} WHERE call_id = %(c)s;
UPDATE calls_callsettlement SET settled_at = settled_at - {t}, counts_at = counts_at - {t} WHERE call_id = %(c)s;
UPDATE calls_calldeadline SET armed_at = armed_at - {t}, started_at = started_at - {t}, due_at = due_at - {t},
    next_at = next_at - {t}, breached_at = breached_at - {t}, ended_at = ended_at - {t},
    schedule = jsonb_build_object('due', to_jsonb((schedule->>'due')::timestamptz - {t}), 'steps',
        (SELECT jsonb_agg(jsonb_build_array(s->0, to_jsonb((s->>1)::timestamptz - {t})) ORDER BY n)
           FROM jsonb_array_elements(schedule->'steps') WITH ORDINALITY AS e(s, n)))
    WHERE call_id = %(c)s
"""


def shift(call: Call, time: timedelta) -> None:
    """Everything about the call happened so much earlier."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in _SHIFT.replace("{t}", "%(t)s::interval").split(";"):
            cursor.execute(statement, {"t": f"{time.total_seconds()} s", "c": call.pk})
        cursor.execute("SET LOCAL session_replication_role = origin")


def clock_of(call: Call) -> Any:
    return CallDeadline.objects.standing().get(call=call)


def t7(call: Call) -> str | None:
    fact = call.facts.standing().filter(rule="T7").first()
    return fact.verdict if fact else None


def test_C3_an_answered_inbound_call_has_24_hours_from_its_answer(phone: Pbx) -> None:
    call = talk(phone)
    clock = clock_of(call)
    assert (clock.state, clock.kind, clock.started_at) == ("running", "registration", call.answered_at)
    assert clock.due_at == call.answered_at + timedelta(hours=24)
    assert t7(call) == "due"


def test_C3_a_missed_an_outbound_and_an_internal_call_owe_nothing(phone: Pbx) -> None:
    missed = Script(call_id="m")
    phone.post(missed.event("ringing", 0))
    phone.post(missed.event("ended", 20, cause="abandoned"))
    for number, direction in enumerate(("outbound", "internal")):
        script = Script(call_id=f"o{number}", direction=direction)
        for event in (script.event("ringing", 0), script.event("answered", 4), script.event("ended", 9)):
            phone.post(event)
    assert not CallDeadline.objects.exists()


def test_C3_registering_as_a_case_in_time_meets_it(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    settle_as_case(actor=desk.agent, call=call, case=desk.register())
    assert (clock_of(call).state, t7(call)) == ("met", "kept")
    with pytest.raises(Conflict):
        settle_as_exception(actor=desk.agent, call=call, reason="test")


def test_C3_a_case_made_in_time_counts_although_it_was_linked_late(desk: World, phone: Pbx) -> None:
    call, case = talk(phone), desk.register()
    let_pass(call, timedelta(hours=25))
    assert (clock_of(call).breached_at is not None, t7(call)) == (True, "breached")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET registered_at = registered_at - interval '25 h' WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    settle_as_case(actor=desk.agent, call=call, case=case)
    assert (clock_of(call).state, clock_of(call).breached_at, t7(call)) == ("met", None, "kept")
    assert CallDeadline.objects.filter(call=call, state="cancelled").count() == 1


def test_C3_an_older_case_linked_late_does_not_wash_the_lateness(desk: World, phone: Pbx) -> None:
    case = desk.register()
    call = talk(phone, ago=timedelta(minutes=1))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET registered_at = registered_at - interval '40 h' WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    let_pass(call, timedelta(hours=25))
    settle_as_case(actor=desk.agent, call=call, case=case)
    assert (clock_of(call).state, t7(call)) == ("breached", "breached")


def test_C3_warned_at_three_quarters_then_the_chief_at_the_end(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    let_pass(call, timedelta(hours=18, minutes=1))
    warned = list(Notice.objects.filter(about=f"call:{call.pk}").values_list("kind", "recipient__username"))
    assert warned == [("call_registration_warning", "agent")]
    let_pass(call, timedelta(hours=6))
    told = sorted(Notice.objects.filter(kind="call_registration_breach").values_list("recipient__username", flat=True))
    assert told == ["agent", "chief"]
    clock = clock_of(call)
    assert (clock.owner, clock.chief, clock.unit) == (desk.agent, desk.chief, desk.unit)


def test_C3_of_a_call_that_is_nobodys_the_chief_of_the_unit_is_told(desk: World) -> None:
    phone = phone_of(desk)
    script = Script(call_id="g")
    for event in (
        script.event("ringing", 0, extension="8006"),
        script.event("answered", 5, extension="7000"),
        script.event("ended", 60),
    ):
        phone.post(event)
    call = Call.objects.get(call_id="g")
    let_pass(call, timedelta(hours=25))
    told = Notice.objects.filter(about=f"call:{call.pk}").values_list("recipient__username", flat=True)
    assert list(told) == ["chief"]
    assert clock_of(call).owner is None


def test_C3_of_a_call_at_no_known_telephone_the_chief_of_the_phone_systems_unit_is_told(desk: World) -> None:
    phone = pbx(unit=desk.unit)
    script = Script(call_id="n")
    for event in (script.event("ringing", 0), script.event("answered", 5), script.event("ended", 60)):
        phone.post(event)
    call = Call.objects.get(call_id="n")
    let_pass(call, timedelta(hours=25))
    told = Notice.objects.filter(about=f"call:{call.pk}").values_list("recipient__username", flat=True)
    assert list(told) == ["chief"]


def test_C3_what_was_heard_of_only_after_an_outage_runs_from_then(phone: Pbx) -> None:
    record = {
        "call_id": "late",
        "direction": "inbound",
        "customer_number": "13800138000",
        "extension": "8006",
        "started_at": (now() - timedelta(hours=30)).isoformat(),
        "answered_at": (now() - timedelta(hours=30)).isoformat(),
        "ended_at": (now() - timedelta(hours=29, minutes=50)).isoformat(),
        "ended_by": "customer",
        "cause": "normal",
    }
    assert phone.post({"records": [record]}, "/api/v1/call-records").status_code == 200
    call = Call.objects.get(call_id="late")
    clock = clock_of(call)
    assert (clock.started_at, clock.heard_late, clock.state) == (call.heard_at, True, "running")


def test_C3_word_that_it_was_internal_takes_the_clock_back_and_word_to_the_contrary_brings_it_again(phone: Pbx) -> None:
    call = talk(phone)
    record = record_of(call, direction="internal")
    phone.post({"records": [record]}, "/api/v1/call-records")
    assert not CallDeadline.objects.standing().filter(call=call).exists()
    assert t7(call) is None
    cancelled = CallDeadline.objects.get(call=call)
    assert cancelled.history.filter(type="cancelled").exclude(detail__reason="").exists()
    phone.post({"records": [{**record, "direction": "inbound"}]}, "/api/v1/call-records")
    assert (clock_of(call).state, clock_of(call).cycle, t7(call)) == ("running", 2, "due")


def test_C3_undoing_wins_no_time(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    settle_as_exception(actor=desk.agent, call=call, reason="nuisance")
    undo_settlement(actor=desk.agent, call=call, why="认错人了")
    clock = clock_of(call)
    assert (clock.state, clock.started_at, t7(call)) == ("running", call.answered_at, "due")
    settle_as_exception(actor=desk.agent, call=call, reason="wrong_number")
    assert clock_of(call).state == "met"
    assert CallSettlement.objects.filter(call=call).count() == 2


def test_C3_an_exception_is_explained(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    for fields, at in (
        ({"reason": "bored"}, "reason"),
        ({"reason": "other", "words": "  "}, "words"),
        ({"reason": "other", "words": "\x00"}, "words"),
        ({"reason": "other", "words": "很" * 501}, "words"),
        ({"reason": "follow_up", "case": ""}, "case"),
        ({"reason": "follow_up", "case": "CALL-NONE"}, "case"),
    ):
        with pytest.raises(Invalid) as refused:
            settle_as_exception(actor=desk.agent, call=call, **fields)
        assert [error.field for error in refused.value.errors] == [at], fields
    case = desk.register()
    settle_as_exception(actor=desk.agent, call=call, reason="follow_up", case=case.number)
    assert CallSettlement.objects.get(call=call).case == case


def test_C3_only_whose_call_it_is_or_who_leads_registers_it(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    for person in (desk.colleague, desk.auditor):
        with pytest.raises(NotAllowed):
            settle_as_exception(actor=person, call=call, reason="test")
    settle_as_exception(actor=desk.chief, call=call, reason="test")
    with pytest.raises(NotAllowed):
        undo_settlement(actor=desk.colleague, call=call, why="x")


def test_P6_a_case_that_one_may_not_know_of_is_none(desk: World, phone: Pbx) -> None:
    call, case = talk(phone, extension="8010"), desk.register()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET confidential = true WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(NotFound):
        settle_as_case(actor=desk.colleague, call=call, case=case)
    with pytest.raises(Invalid):
        settle_as_exception(actor=desk.colleague, call=call, reason="follow_up", case=case.number)


def test_C3_the_database_holds_one_registration_a_call_and_loses_none(desk: World, phone: Pbx) -> None:
    call = talk(phone)
    settle_as_exception(actor=desk.agent, call=call, reason="test")
    row = CallSettlement.objects.get(call=call)
    values = {"call": call, "settled_as": "exception", "by": desk.agent, "counts_at": row.counts_at}
    for broken in ({"reason": "test"}, {"reason": ""}, {"reason": "other"}, {"reason": "follow_up"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CallSettlement.objects.create(**values, **broken)
    for statement in (
        "DELETE FROM calls_callsettlement",
        "UPDATE calls_callsettlement SET reason = 'internal'",
        "UPDATE calls_callsettlement SET undone_at = now()",
    ):
        with pytest.raises(Exception, match=r"Cannot|settlement_"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    undo_settlement(actor=desk.agent, call=call, why="错了")
    with pytest.raises(Exception, match="Cannot"), transaction.atomic():
        CallSettlement.objects.update(undone_at=None, undone_by=None, undone_why="")


def test_D3_nothing_pauses_the_registration_clock(phone: Pbx) -> None:
    clock = clock_of(talk(phone))
    with pytest.raises(IntegrityError), transaction.atomic():
        CallDeadline.objects.filter(pk=clock.pk).update(state="paused", next_at=None)
