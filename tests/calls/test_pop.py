"""The call on the screen: opened as it rings, withdrawn when a colleague answers, once per call and person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase

from service_desk.calls.models import CallPop, CallSettlement, Withdrawn
from service_desk.cases.models import Case
from service_desk.customers.models import Contact, PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.local.reference import load_complaint_policies
from service_desk.notices import live
from service_desk.people.models import Staff
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call
from tests.cases.pages import HTMX, browser, text_of
from tests.complaints.making import calendar, complaint
from tests.factories import World, world
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db
NUMBER = "013865479012"


@pytest.fixture
def company() -> World:
    return world()


@pytest.fixture
def phone(company: World) -> Pbx:
    """A phone system at which the agent has 8006 and the colleague 8007."""
    found = pbx(unit=company.unit)
    for name, extension in (("agent", "8006"), ("colleague", "8007")):
        add_extension(
            actor=administrator(),
            integration=found.integration,
            extension=extension,
            staff=getattr(company, name),
            valid_from=now() - timedelta(days=1),
        )
    return found


@pytest.fixture
def pokes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was pushed to open pages, as (topic, event, data)."""
    told: list[Any] = []

    def keep(messages: Any) -> bool:
        told.extend(messages)
        return True

    monkeypatch.setattr("service_desk.calls.popping.poke_many", keep)
    return told


def ring(phone: Pbx, script: Script, *extensions: str, at: float = 0) -> Call:
    for extension in extensions:
        assert phone.post(script.event("ringing", at, extension=extension)).status_code == 202
    return Call.objects.get(call_id=script.call_id)


def bar(person: Staff) -> Any:
    return browser(person).get("/calls/now/", headers=HTMX)


def test_a_ringing_call_stands_on_the_screens_of_those_it_rings_at(
    company: World, phone: Pbx, pokes: list[Any]
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        call = ring(phone, Script(), "8006", "8007")
    assert {pop.staff for pop in CallPop.objects.filter(call=call)} == {company.agent, company.colleague}
    assert {(topic, event) for topic, event, _data in pokes} == {
        (live.topic_of(company.agent.pk), "call"),
        (live.topic_of(company.colleague.pk), "call"),
    }
    assert all(data == {"call": call.ref} for _topic, _event, data in pokes)
    page = text_of(bar(company.agent))
    assert "Ringing" in page
    assert "013****9012" in page
    assert NUMBER not in bar(company.agent).content.decode()
    assert "Ringing" not in text_of(bar(company.engineer))


def test_a_repeated_ringing_opens_no_second_screen_nor_a_second_draft(company: World, phone: Pbx) -> None:
    script = Script()
    ring(phone, script, "8006")
    token = CallPop.objects.get().token
    ring(phone, script, "8006", at=4)
    ring(phone, script, "8006", at=8)
    assert CallPop.objects.get().token == token


@pytest.mark.parametrize("direction", ["outbound", "internal"])
def test_only_calls_that_come_in_open_a_screen(company: World, phone: Pbx, direction: str) -> None:
    ring(phone, Script(direction=direction), "8006")
    assert not CallPop.objects.exists()


def test_a_ringing_older_than_a_minute_opens_nothing(company: World, phone: Pbx) -> None:
    ring(phone, Script(start=now() - timedelta(seconds=61)), "8006")
    assert not CallPop.objects.exists()
    record = {"call_id": "r1", "direction": "inbound", "customer_number": NUMBER, "extensions_rung": ["8006"]}
    phone.post({"records": [{**record, "started_at": now().isoformat()}]}, path="/api/v1/call-records")
    assert not CallPop.objects.exists()


def test_whoever_no_longer_sits_there_gets_nothing(company: World, phone: Pbx) -> None:
    Staff.objects.filter(pk=company.agent.pk).update(is_active=False)
    ring(phone, Script(), "8006", "8007")
    assert [pop.staff for pop in CallPop.objects.all()] == [company.colleague]


def test_it_is_withdrawn_when_a_colleague_answers(company: World, phone: Pbx, pokes: list[Any]) -> None:
    script = Script()
    call = ring(phone, script, "8006", "8007")
    with TestCase.captureOnCommitCallbacks(execute=True):
        phone.post(script.event("answered", 6, extension="8007"))
    gone, stays = CallPop.objects.get(staff=company.agent), CallPop.objects.get(staff=company.colleague)
    assert (gone.withdrawn_because, stays.withdrawn_at) == (Withdrawn.ELSEWHERE, None)
    assert {topic for topic, _event, _data in pokes} == {
        live.topic_of(company.agent.pk),
        live.topic_of(company.colleague.pk),
    }
    assert call.ref not in bar(company.agent).content.decode()
    assert "On the line" in text_of(bar(company.colleague))


def test_it_is_withdrawn_when_the_caller_gives_up(company: World, phone: Pbx) -> None:
    script = Script()
    call = ring(phone, script, "8006")
    phone.post(script.event("ended", 20, cause="abandoned"))
    assert CallPop.objects.get().withdrawn_because == Withdrawn.GONE
    assert call.ref not in bar(company.agent).content.decode()


def test_a_late_ringing_after_the_answer_opens_nothing(company: World, phone: Pbx) -> None:
    script = Script()
    phone.post(script.event("answered", 6, extension="8007"))
    ring(phone, script, "8006")
    assert [pop.staff for pop in CallPop.objects.all()] == [company.colleague]


def test_answered_without_a_ringing_stands_on_the_agents_screen(company: World, phone: Pbx) -> None:
    phone.post(Script().event("answered", 6, extension="8006", customer_number=NUMBER, direction="inbound"))
    assert CallPop.objects.get().rang is False
    assert "On the line" in text_of(bar(company.agent))


def test_who_calls_with_what_is_open_and_promised(company: World, phone: Pbx) -> None:
    contact = Contact.objects.create(customer=company.customer, name="王工")
    PhoneNumber.objects.create(customer=company.customer, contact=contact, raw=NUMBER)
    case = company.register(fault="机房空调告警")
    ring(phone, Script(), "8006")
    page = text_of(bar(company.agent))
    assert company.customer.name[:10] in page
    assert "王工" in page
    assert case.number in page
    assert "机房空调告警" in page


def test_P6_a_confidential_case_is_on_no_screen_but_its_holders(company: World, phone: Pbx) -> None:
    PhoneNumber.objects.create(customer=company.customer, raw=NUMBER)
    case = company.register(company.engineer, fault="机密事项")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    ring(phone, Script(), "8006")
    assert case.number not in text_of(bar(company.agent))


def test_P6_open_complaints_stand_there_for_their_circle_alone(company: World, phone: Pbx) -> None:
    load_complaint_policies(company.line.pk, calendar())
    PhoneNumber.objects.create(customer=company.customer, raw=NUMBER)
    of_customer = complaint(company, about_staff=company.engineer)
    of_number = complaint(company, about_staff=company.engineer, customer=None, phone=NUMBER)
    hidden = complaint(company, actor=company.engineer, about_staff=company.agent)
    ring(phone, Script(), "8006", "8007")
    page, other = text_of(bar(company.agent)), text_of(bar(company.colleague))
    assert f"Complaint {of_customer.number}" in page
    assert f"Complaint {of_number.number}" in page
    assert hidden.number not in page
    assert "CMP-" not in other


def test_a_ringing_call_is_heard_by_who_chose_it_and_by_nobody_else(company: World, phone: Pbx) -> None:
    client = browser(company.agent)
    assert "Switch the tone on" in text_of(client.get("/calls/"))
    assert client.post("/calls/sound/", {"on": "1"}).status_code == 302
    assert client.post("/calls/sound/", {"on": "1"}).status_code == 302  # a double click
    script = Script()
    ring(phone, script, "8006", "8007")
    assert 'data-sound="on"' in bar(company.agent).content.decode()
    assert "data-sound" not in bar(company.colleague).content.decode()
    client.post("/calls/sound/", {"on": "\x00"})
    assert "data-sound" not in bar(company.agent).content.decode()
    assert browser(company.auditor).post("/calls/sound/", {"on": "1"}).status_code == 403


def test_several_who_share_a_number_are_candidates(company: World, phone: Pbx) -> None:
    other = type(company.customer).objects.create(name="深圳市气象局")
    for customer in (company.customer, other):
        PhoneNumber.objects.create(customer=customer, raw=NUMBER)
    ring(phone, Script(), "8006")
    page = text_of(bar(company.agent))
    assert "One of these calls:" in page
    assert "深圳市气象局" in page


def test_T2_the_apology_comes_first_from_the_fifth_ring_on(company: World, phone: Pbx) -> None:
    script = Script()
    ring(phone, script, "8006")
    phone.post(script.event("answered", 12, extension="8006", ring_count=4))
    assert "Apologise first" not in text_of(bar(company.agent))
    late = Script(call_id="late")
    ring(phone, late, "8006")
    phone.post(late.event("answered", 22, extension="8006", ring_count=5))
    assert "Apologise first" in text_of(bar(company.agent))


def test_T6_the_words_of_a_transfer_stand_on_the_receivers_screen(company: World, phone: Pbx) -> None:
    first = Script()
    ring(phone, first, "8006")
    phone.post(first.event("answered", 6, extension="8006"))
    parent = Call.objects.get()
    answer = browser(company.agent).post(
        f"/calls/{parent.ref}/transfer/", {"name": "王工", "matter": "催问到场时间"}, headers=HTMX
    )
    assert answer.status_code == 204
    phone.post(first.event("transferred", 15, transfer_to="8007", new_call_id="second"))
    second = Script(call_id="second")
    phone.post(second.event("ringing", 16, extension="8007", parent_call_id=parent.call_id))
    page = text_of(bar(company.colleague))
    assert "Passed on by 员工agent" in page
    assert "催问到场时间" in page


def test_an_unclaimed_call_is_taken_by_whoever_has_it(company: World, phone: Pbx, pokes: list[Any]) -> None:
    script = Script()
    with TestCase.captureOnCommitCallbacks(execute=True):
        phone.post(script.event("answered", 6, extension="9999", direction="inbound", customer_number=NUMBER))
    call = Call.objects.get()
    assert live.topic_of(company.colleague.pk) in {topic for topic, _event, _data in pokes}
    assert "I took this call" in text_of(bar(company.colleague))
    page = browser(company.colleague).post(f"/calls/{call.ref}/claim/", headers=HTMX)
    assert "On the line" in text_of(page)
    call.refresh_from_db()
    assert call.responsible == company.colleague
    refused = browser(company.agent).post(f"/calls/{call.ref}/claim/", headers=HTMX)
    assert "already" in text_of(refused)


def test_a_call_of_another_unit_is_not_offered(company: World, phone: Pbx) -> None:
    other = type(company.unit).objects.create(name="物业科", kind="section")
    phone.integration.unit = other
    phone.integration.save()
    phone.post(Script().event("answered", 6, extension="9999", direction="inbound", customer_number=NUMBER))
    assert "I took this call" not in text_of(bar(company.agent))


def test_the_bar_costs_few_queries_while_nobody_calls(company: World, django_assert_max_num_queries: Any) -> None:
    client = browser(company.agent)
    client.get("/calls/now/", headers=HTMX)
    with django_assert_max_num_queries(9):
        client.get("/calls/now/", headers=HTMX)


def test_only_those_who_take_calls_have_a_bar(company: World) -> None:
    assert bar(company.auditor).content == b""
    assert 'id="call-bar"' not in browser(company.auditor).get("/cases/").content.decode()
    assert 'id="call-bar"' in browser(company.agent).get("/cases/").content.decode()


def registered(company: World, client: Any, call: Call, **more: Any) -> Any:
    """Send the register form as it opens for the call."""
    page = client.get(f"/register/?call={call.ref}")
    form = page.context["form"]
    ticks = {f"read_{fact}": "on" for fact in ("phone", "name", "address", "matter")}
    sent = {
        "token": str(form["token"].value()),
        "customer": company.customer.pk,
        "customer_text": company.customer.name,
        "product_type": company.product.pk,
        "product_type_text": company.product.name,
        "fault": "整站断站",
        "caller_phone": form["caller_phone"].value() or "",
        **ticks,
        **more,
    }
    return client.post("/register/", sent)


def test_C3_the_form_is_filled_and_registering_settles_the_call_from_its_answer(company: World, phone: Pbx) -> None:
    contact = Contact.objects.create(customer=company.customer, name="王工")
    PhoneNumber.objects.create(customer=company.customer, contact=contact, raw=NUMBER)
    script = Script()
    call = ring(phone, script, "8006")
    phone.post(script.event("answered", 6, extension="8006"))
    client = browser(company.agent)
    form = client.get(f"/register/?call={call.ref}").context["form"]
    assert form["customer"].value() == company.customer.pk
    assert (form["caller_name"].value(), form["caller_phone"].value()) == ("王工", NUMBER)
    answer = registered(company, client, call)
    assert answer.status_code == 302, text_of(answer)
    case, settled = Case.objects.get(), CallSettlement.objects.get()
    call.refresh_from_db()
    assert (settled.call, settled.case, settled.by) == (call, case, company.agent)
    assert case.accepted_at == call.answered_at
    assert "Case" in text_of(bar(company.agent))


def test_an_acceptance_time_that_was_typed_counts(company: World, phone: Pbx) -> None:
    script = Script()
    call = ring(phone, script, "8006")
    phone.post(script.event("answered", 6, extension="8006"))
    registered(company, browser(company.agent), call, accepted_at="2026-01-05 08:00")
    assert Case.objects.get().accepted_at.year == 2026
    call.refresh_from_db()
    assert Case.objects.get().accepted_at != call.answered_at


def test_one_draft_a_call_and_person_and_what_was_typed_comes_back(company: World, phone: Pbx) -> None:
    call = ring(phone, Script(), "8006")
    client = browser(company.agent)
    first = client.get(f"/register/?call={call.ref}").context["form"]["token"].value()
    client.post("/register/draft/", {"token": str(first), "fault": "光口误码"})
    again = client.get(f"/register/?call={call.ref}").context["form"]
    assert str(again["token"].value()) == str(first)
    assert again["fault"].value() == "光口误码"
    other = browser(company.colleague).get(f"/register/?call={call.ref}").context["form"]
    assert str(other["token"].value()) != str(first)


def test_a_draft_of_another_call_is_not_mixed_in(company: World, phone: Pbx) -> None:
    client = browser(company.agent)
    one, two = ring(phone, Script(call_id="one"), "8006"), ring(phone, Script(call_id="two"), "8006")
    token = client.get(f"/register/?call={one.ref}").context["form"]["token"].value()
    client.post("/register/draft/", {"token": str(token), "fault": "光口误码"})
    fresh = client.get(f"/register/?call={two.ref}")
    assert fresh.context["form"]["fault"].value() in (None, "")
    assert f'data-draft="register-{two.ref}"' in fresh.content.decode()


@pytest.mark.parametrize("ref", ["", "x", "0" * 26, "'; DROP TABLE", "\x00", "1" * 5000])
def test_an_unknown_call_in_the_address_is_an_ordinary_form(company: World, ref: str) -> None:
    page = browser(company.agent).get("/register/", {"call": ref})
    assert page.status_code == 200
    assert page.context["origin"] is None
