"""C14: who asks for somebody absent leaves a message: recorded, relayed, acknowledged; with a time it is a promise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.calls.actions import NewMessage, acknowledge_message, answer_message, reveal_number, take_message
from service_desk.calls.models import CallDeadline, CallMessage, CallSettlement
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.actions import acknowledge, repeat_due
from service_desk.notices.models import Notice
from service_desk.notices.rules import AckVia
from service_desk.people.models import Absence, Staff
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.calls.test_registration import clock_of, phone_of, talk
from tests.factories import World, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> World:
    return world()


def left(desk: World, *, call: Any = None, by: Staff | None = None, **fields: Any) -> Any:
    values: dict[str, Any] = {
        "for_whom": desk.engineer,
        "from_name": "王小明",
        "from_number": "13800138000",
        "matter": "请回电说明基站割接时间",
        **fields,
    }
    return take_message(actor=by or desk.agent, data=NewMessage(**values), call=call)


def logged_in(person: Staff) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


def test_C14_a_message_is_recorded_and_relayed_to_be_acknowledged(desk: World) -> None:
    message = left(desk)
    notice = Notice.objects.get(about=f"callmessage:{message.pk}")
    assert (notice.recipient, notice.needs_ack, notice.private) == (desk.engineer, True, True)
    assert notice.next_repeat_at is not None
    assert "13800138000" not in str(notice.facts)
    acknowledge_message(actor=desk.engineer, message=message)
    message.refresh_from_db()
    notice.refresh_from_db()
    assert (message.acknowledged_by, message.state) == (desk.engineer, "acknowledged")
    assert notice.next_repeat_at is None


def test_C14_acknowledging_the_notice_by_any_way_acknowledges_the_message(desk: World) -> None:
    message = left(desk)
    acknowledge(notice=Notice.objects.get(), actor=desk.engineer, via=AckVia.LINK)
    message.refresh_from_db()
    assert message.acknowledged_by == desk.engineer


def test_C14_somebody_absent_is_stood_in_for(desk: World) -> None:
    moment = now()
    Absence.objects.create(
        staff=desk.engineer, deputy=desk.colleague, starts_at=moment, ends_at=moment + timedelta(days=2)
    )
    message = left(desk)
    assert message.relayed_to == desk.colleague
    assert Notice.objects.get().recipient == desk.colleague
    acknowledge_message(actor=desk.colleague, message=message)
    assert CallMessage.objects.for_me(desk.colleague).get() == message


def test_C14_unacknowledged_it_is_repeated_and_goes_up(desk: World) -> None:
    message = left(desk)
    Notice.objects.update(next_repeat_at=now() - timedelta(seconds=1))
    repeat_due("test")
    told = Notice.objects.filter(about=f"callmessage:{message.pk}", repeat_no=1).order_by("id")
    assert [notice.recipient for notice in told] == [desk.engineer, desk.chief]


def test_C11_a_promised_time_is_a_promise_and_broken_when_it_passes(desk: World) -> None:
    message = left(desk, call_back_by=now() + timedelta(hours=2))
    clock = CallDeadline.objects.get(message=message)
    assert (clock.kind, clock.state) == ("promise", "running")
    assert abs(clock.due_at - message.call_back_by) < timedelta(seconds=1)
    CallDeadline.objects.update(next_at=now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE calls_calldeadline SET started_at = started_at - interval '3 h', due_at = due_at - interval '3 h',"
            " next_at = next_at - interval '3 h', schedule = jsonb_build_object('due', schedule->'due', 'steps',"
            " (SELECT jsonb_agg(jsonb_build_array(s->0, to_jsonb((s->>1)::timestamptz - interval '3 h')))"
            " FROM jsonb_array_elements(schedule->'steps') AS e(s)))"
        )
    sweep(Door.AUDITOR)
    told = Notice.objects.filter(kind="message_breach").values_list("recipient__username", flat=True)
    assert sorted(told) == ["chief", "engineer"]
    answer_message(actor=desk.engineer, message=message, outcome="已回电致歉")
    clock.refresh_from_db()
    assert clock.state == "breached"


def test_C11_called_back_in_time_keeps_the_promise_and_the_taker_hears(desk: World) -> None:
    message = left(desk, call_back_by=now() + timedelta(hours=2))
    answer_message(actor=desk.engineer, message=message, outcome="已说明")
    assert CallDeadline.objects.get(message=message).state == "met"
    assert Notice.objects.get(kind="call_message_answered").recipient == desk.agent
    with pytest.raises(Conflict):
        answer_message(actor=desk.engineer, message=message, outcome="又说")


def test_T7_a_message_registers_its_call(desk: World) -> None:
    call = talk(phone_of(desk))
    message = left(desk, call=call)
    assert CallSettlement.objects.get(call=call).message == message
    assert clock_of(call).state == "met"


def test_C14_bad_input_is_refused_beside_its_field(desk: World) -> None:
    moment = now()
    for fields, at in (
        ({"from_name": " "}, "from_name"),
        ({"from_name": "王" * 81}, "from_name"),
        ({"matter": ""}, "matter"),
        ({"matter": "a\x00b"}, "matter"),
        ({"matter": "\ud800"}, "matter"),
        ({"for_whom": desk.agent}, "for_whom"),
        ({"call_back_by": moment - timedelta(minutes=1)}, "call_back_by"),
        ({"call_back_by": moment + timedelta(days=400)}, "call_back_by"),
        ({"call_back_by": moment + timedelta(hours=1), "from_number": ""}, "from_number"),
    ):
        with pytest.raises(Invalid) as refused:
            left(desk, **fields)
        assert [error.field for error in refused.value.errors] == [at], fields
    assert not CallMessage.objects.exists()


def test_P6_a_message_is_seen_by_whom_it_concerns_and_its_number_is_masked(desk: World) -> None:
    message = left(desk)
    seen = {name: CallMessage.objects.visible_to(person).exists() for name, person in desk.people.items()}
    assert {name for name, sees in seen.items() if sees} == {
        "agent", "engineer", "chief", "manager", "head", "president", "gm_marketing", "gm_product", "auditor",
    }  # fmt: skip
    with pytest.raises(NotFound):
        acknowledge_message(actor=desk.colleague, message=message)
    with pytest.raises(NotAllowed):
        acknowledge_message(actor=desk.agent, message=message)
    with pytest.raises(NotAllowed):
        reveal_number(actor=desk.auditor, message=message)
    assert reveal_number(actor=desk.engineer, message=message) == "13800138000"
    assert AuditEntry.objects.filter(verb="message.reveal", actor=desk.engineer).exists()
    page = logged_in(desk.engineer).get(message.get_absolute_url()).content.decode()
    assert "13800138000" not in page


def test_C14_what_was_taken_down_stays_so_even_for_SQL(desk: World) -> None:
    left(desk)
    for statement in ("UPDATE calls_callmessage SET matter = 'x'", "DELETE FROM calls_callmessage"):
        with pytest.raises(Exception, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(IntegrityError), transaction.atomic():
        CallMessage.objects.update(done_at=now())


def test_the_pages_take_show_acknowledge_and_answer(desk: World) -> None:
    call = talk(phone_of(desk))
    mine = logged_in(desk.agent)
    form = mine.get("/calls/messages/new/", {"call": call.ref})
    assert form.status_code == 200
    assert call.customer_number in form.content.decode()
    data = {"for_whom_text": desk.engineer.username, "from_name": "王小明", "matter": "回电", "from_number": "1"}
    assert mine.post(f"/calls/messages/new/?call={call.ref}", {**data, "matter": ""}).status_code == 422
    assert mine.post(f"/calls/messages/new/?call={call.ref}", data).status_code == 302
    message = CallMessage.objects.get()
    assert CallSettlement.objects.get(call=call).message == message
    theirs = logged_in(desk.engineer)
    assert "王小明" in theirs.get("/calls/messages/").content.decode()
    assert "王小明" in mine.get("/calls/messages/?show=relayed").content.decode()
    assert theirs.post(f"{message.get_absolute_url()}acknowledge/").status_code == 302
    assert "13800138000" not in theirs.get(message.get_absolute_url()).content.decode()
    assert theirs.post(f"{message.get_absolute_url()}number/").status_code == 200
    assert theirs.post(f"{message.get_absolute_url()}answer/", {"outcome": ""}).status_code == 422
    assert theirs.post(f"{message.get_absolute_url()}answer/", {"outcome": "好"}).status_code == 302
    message.refresh_from_db()
    assert message.state == "done"


def test_bad_addresses_are_pages_not_found_or_lists_from_the_beginning(desk: World) -> None:
    message, other = left(desk), logged_in(desk.colleague)
    assert other.get(message.get_absolute_url()).status_code == 404
    for address in (
        "/calls/messages/99999999999999999999/",
        "/calls/messages/new/?call=%00",
        "/calls/messages/new/?call=x",
    ):
        assert other.get(address).status_code == 404
    for query in ("after=%00", "after=zzz", "show=nobody", "show=all"):
        assert other.get(f"/calls/messages/?{query}").status_code == 200


def test_the_list_costs_a_bounded_number_of_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        left(desk, from_name=f"客户{number}")
    client = logged_in(desk.engineer)
    client.get("/calls/messages/")
    with django_assert_max_num_queries(12):
        client.get("/calls/messages/")
