"""What one key makes of a call: linked, without a ticket, passed on, a call back; and the same screen by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.calls.models import CallPop, CallSettlement
from service_desk.cases.models import Case, Promise
from service_desk.deadlines.clock import now
from service_desk.telephony.actions import begin_call, hold_call, update_caller
from service_desk.telephony.models import Call, Integration, TransferNote
from service_desk.telephony.rules import IntegrationKind
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, staff, world
from tests.telephony.senders import pbx

pytestmark = pytest.mark.django_db
BAD = ["\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 5000, "<script>", "-1", "9" * 40]


@pytest.fixture
def company() -> World:
    return world()


def by_hand(company: World, *, answered: bool = True, number: str = "13865479012") -> Call:
    return begin_call(actor=company.agent, number=number, token=uuid4(), answered=answered)


def press(company: World, call: Call, deed: str, who: str = "agent") -> Any:
    return browser(getattr(company, who)).post(f"/calls/{call.ref}/{deed}/", headers=HTMX)


def test_link_registers_the_call_with_the_case(company: World) -> None:
    case, call = company.register(), by_hand(company)
    answer = browser(company.agent).post(
        f"/calls/{call.ref}/link/", {"case": case.pk, "case_text": case.number}, headers=HTMX
    )
    assert answer.status_code == 204
    assert "desk:call-done" in answer.headers["HX-Trigger"]
    assert CallSettlement.objects.get().case == case


def test_link_takes_a_number_that_was_typed_and_refuses_what_is_none(company: World) -> None:
    case, call = company.register(), by_hand(company)
    client = browser(company.agent)
    for typed in ("", "CALL-20200101-0001", *BAD):
        page = client.post(f"/calls/{call.ref}/link/", {"case": "", "case_text": typed}, headers=HTMX)
        assert page.status_code == 422, typed
    assert client.post(f"/calls/{call.ref}/link/", {"case": "", "case_text": case.number.lower()}).status_code == 302
    assert CallSettlement.objects.count() == 1


def test_P6_a_confidential_case_can_neither_be_found_nor_linked(company: World) -> None:
    case, call = company.register(company.engineer), by_hand(company)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    client = browser(company.agent)
    page = client.post(f"/calls/{call.ref}/link/", {"case": case.pk, "case_text": case.number}, headers=HTMX)
    assert page.status_code == 422
    assert client.get("/calls/cases/", {"q": case.number}).json() == {"results": []}


def test_P6_a_call_of_a_confidential_case_is_seen_by_its_holders_alone(company: World) -> None:
    case, call = company.register(), by_hand(company)
    browser(company.agent).post(f"/calls/{call.ref}/link/", {"case": case.pk, "case_text": case.number}, headers=HTMX)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert browser(company.agent).get(f"/calls/{call.ref}/").status_code == 200
    assert browser(company.colleague).get(f"/calls/{call.ref}/").status_code == 404
    assert call.ref not in browser(company.colleague).get("/calls/").content.decode()
    assert press(company, call, "hold", who="colleague").status_code == 404


def test_the_callers_cases_come_first_among_those_offered(company: World) -> None:
    company.register(fault="远端告警")
    call = by_hand(company)
    found = browser(company.agent).get("/calls/cases/", {"call": call.ref}).json()["results"]
    assert [one["label"] for one in found] == [Case.objects.get().number]
    for bad in BAD:
        assert browser(company.agent).get("/calls/cases/", {"q": bad, "call": bad}).status_code == 200


@pytest.mark.parametrize("reason", ["wrong_number", "internal", "no_caller", "nuisance", "test"])
def test_C3_no_ticket_needed_with_a_reason(company: World, reason: str) -> None:
    call = by_hand(company)
    answer = browser(company.agent).post(f"/calls/{call.ref}/no-ticket/", {"reason": reason}, headers=HTMX)
    assert answer.status_code == 204
    assert CallSettlement.objects.get().reason == reason


def test_C3_a_follow_up_names_its_case_and_another_reason_is_told(company: World) -> None:
    case, call = company.register(), by_hand(company)
    client = browser(company.agent)
    address = f"/calls/{call.ref}/no-ticket/"
    for wrong in ({}, {"reason": "follow_up"}, {"reason": "other"}, {"reason": "nonsense"}, {"reason": "\x00"}):
        assert client.post(address, wrong, headers=HTMX).status_code == 422, wrong
    sent = {"reason": "follow_up", "case": case.pk, "case_text": case.number}
    assert client.post(address, sent, headers=HTMX).status_code == 204
    assert CallSettlement.objects.get().case == case


def test_anothers_call_is_not_mine_to_register(company: World) -> None:
    call = by_hand(company)
    for page in ("link", "no-ticket"):
        assert browser(company.colleague).get(f"/calls/{call.ref}/{page}/").status_code == 403
    assert browser(company.colleague).get("/register/", {"call": call.ref}).context["origin"] is None


def test_a_registration_is_taken_back_with_its_reason(company: World) -> None:
    call = by_hand(company)
    client = browser(company.agent)
    client.post(f"/calls/{call.ref}/no-ticket/", {"reason": "test"}, headers=HTMX)
    assert client.post(f"/calls/{call.ref}/undo/", {"why": ""}, headers=HTMX).status_code == 422
    assert client.post(f"/calls/{call.ref}/undo/", {"why": "是客户来电"}, headers=HTMX).status_code == 204
    assert not CallSettlement.objects.standing().exists()
    assert "是客户来电" in text_of(client.get(f"/calls/{call.ref}/"))


def test_T6_name_and_matter_are_both_needed(company: World) -> None:
    call = by_hand(company)
    client = browser(company.agent)
    address = f"/calls/{call.ref}/transfer/"
    for wrong in (
        {},
        {"name": "王工"},
        {"matter": "催问"},
        {"name": "\x00", "matter": "x"},
        {"name": "x" * 81, "matter": "x"},
    ):
        assert client.post(address, wrong, headers=HTMX).status_code == 422, wrong
    assert client.post(address, {"name": "王工", "matter": "催问"}, headers=HTMX).status_code == 204
    assert TransferNote.objects.get().name == "王工"
    assert browser(company.colleague).get(address).status_code == 403


def test_T4_C11_a_call_back_is_a_promise_with_a_time(company: World) -> None:
    case, call = company.register(), by_hand(company)
    client = browser(company.agent)
    address, about = (
        f"/calls/{call.ref}/call-back/",
        {"case": case.pk, "case_text": case.number, "text": "回电告知进展"},
    )
    for wrong in ("", "yesterday", "2020-01-01 08:00", "\x00"):
        assert client.post(address, {**about, "due_at": wrong}, headers=HTMX).status_code == 422, wrong
    due = (now() + timedelta(hours=2)).astimezone().strftime("%Y-%m-%d %H:%M")
    assert client.post(address, {**about, "due_at": due}, headers=HTMX).status_code == 204
    assert Promise.objects.get().text == "回电告知进展"


# By hand ------------------------------------------------------------------------------------------------------------
def test_a_call_by_hand_goes_the_same_way_from_ringing_to_its_end(company: World) -> None:
    client = browser(company.agent)
    token = str(uuid4())
    sent = {"number": "138 6547 9012", "token": token, "ringing": "1"}
    assert client.post("/calls/by-hand/", sent, headers=HTMX).status_code == 204
    assert client.post("/calls/by-hand/", sent, headers=HTMX).status_code == 204  # a double click
    call = Call.objects.get()
    assert (call.state, call.customer_e164, call.integration.kind) == (
        "ringing",
        "+8613865479012",
        IntegrationKind.MANUAL,
    )
    assert CallPop.objects.get().staff == company.agent
    states = []
    for deed in ("answer", "hold", "told", "resume", "ended", "ended"):
        assert press(company, call, deed).status_code == 200
        call.refresh_from_db()
        states.append(call.state)
    assert states == ["answered", "held", "held", "answered", "ended", "ended"]
    assert len(call.hold_seconds) == 2
    assert (call.ended_by, call.cause, call.responsible) == ("customer", "normal", company.agent)
    assert {"call.begin", "call.answer", "call.hold", "call.update", "call.resume", "call.end"} <= set(
        AuditEntry.objects.values_list("verb", flat=True)
    )


def test_T5_we_hung_up_is_a_breach_and_the_caller_hung_up_is_none(company: World) -> None:
    one, two = by_hand(company), by_hand(company)
    press(company, one, "ended")
    press(company, two, "hung-up")
    assert one.facts.get(rule="T5").verdict == "kept"
    assert two.facts.get(rule="T5").verdict == "breached"


def test_T4_telling_the_waiting_caller_ends_one_stretch_and_begins_the_next(company: World) -> None:
    call = by_hand(company)
    hold_call(actor=company.agent, call=call)
    update_caller(actor=company.agent, call=call)
    call.refresh_from_db()
    assert call.held_since is not None
    assert len(call.hold_seconds) == 1


@pytest.mark.parametrize("number", ["电话", "\x00", "1" * 41, "<b>", "12; DROP"])
def test_a_number_that_is_none_is_refused_beside_its_field(company: World, number: str) -> None:
    sent = {"number": number, "token": str(uuid4()), "answered": "1"}
    page = browser(company.agent).post("/calls/by-hand/", sent, headers=HTMX)
    assert page.status_code == 422
    assert not Call.objects.exists()


def test_a_withheld_number_opens_the_screen_all_the_same(company: World) -> None:
    client = browser(company.agent)
    client.post("/calls/by-hand/", {"number": "", "token": str(uuid4()), "answered": "1"}, headers=HTMX)
    assert "number withheld" in text_of(client.get("/calls/now/", headers=HTMX))
    assert client.get("/register/", {"call": Call.objects.get().ref}).status_code == 200


def test_a_call_of_a_phone_system_is_answered_and_ended_by_it_alone(company: World) -> None:
    phone = pbx()
    phone.post({"id": "e1", "type": "call.answered", "timestamp": now().isoformat(), "data": {"call_id": "p1"}})
    call = Call.objects.get()
    for deed in ("answer", "ended"):
        assert "phone system says" in text_of(press(company, call, deed))
    press(company, call, "hold")
    call.refresh_from_db()
    assert call.state == "held"


def test_the_desks_own_phone_system_is_one_and_has_no_door(company: World) -> None:
    by_hand(company)
    begin_call(actor=company.colleague, token=uuid4(), answered=True)
    own = Integration.objects.get(kind=IntegrationKind.MANUAL)
    admin = browser(company.admin)
    assert own.name not in text_of(admin.get("/phone-systems/"))
    assert admin.get(f"/phone-systems/{own.pk}/").status_code == 404
    assert admin.post(f"/phone-systems/{own.pk}/rotate/").status_code == 404


def test_roles_without_a_telephone_write_no_call_down(company: World) -> None:
    for who in (company.auditor, company.inspector, staff("", "administrator")):
        assert browser(who).get("/calls/by-hand/").status_code == 403
        answer = browser(who).post("/calls/by-hand/", {"number": "1", "token": str(uuid4()), "answered": "1"})
        assert answer.status_code == 403
    assert not Call.objects.exists()


@pytest.mark.parametrize("deed", ["answer", "hold", "resume", "told", "ended", "aside", "claim"])
def test_the_buttons_are_for_whose_call_it_is_and_need_a_post(company: World, deed: str) -> None:
    call = by_hand(company)
    assert browser(company.agent).get(f"/calls/{call.ref}/{deed}/").status_code == 405
    before = Call.objects.values("state", "change_no").get()
    press(company, call, deed, who="colleague")
    assert Call.objects.values("state", "change_no").get() == before


def test_what_is_put_aside_leaves_the_screen_and_stays_to_be_registered(company: World) -> None:
    call = by_hand(company)
    page = press(company, call, "aside")
    assert f'id="call-{call.ref}"' not in page.content.decode()
    assert "Calls still to register" in text_of(browser(company.agent).get("/calls/to-register/", headers=HTMX))
