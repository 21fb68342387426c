"""The list of calls, a call's page, calls on desk, customer and case: what is seen, by whom, how cheaply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from service_desk.calls.actions.settling import settle_as_case
from service_desk.customers.models import PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.people.rules import Role
from service_desk.telephony.actions import begin_call, end_call
from service_desk.telephony.models import Call
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, staff, world
from tests.telephony.senders import Script, pbx

pytestmark = pytest.mark.django_db
NUMBER = "13865479012"


@pytest.fixture
def company() -> World:
    return world()


def call_of(company: World, who: str = "agent", number: str = NUMBER) -> Call:
    return begin_call(actor=getattr(company, who), number=number, token=uuid4(), answered=True)


def refs(page: Any) -> list[str]:
    """The calls that a list shows, in its order."""
    return [row["call"].ref for row in page.context["rows"]]


def test_the_list_shows_the_newest_first_and_never_a_whole_number(company: World) -> None:
    first, second = call_of(company), call_of(company, "engineer", "02088886666")
    page = browser(company.colleague).get("/calls/")
    assert refs(page) == [second.ref, first.ref]
    assert NUMBER not in page.content.decode()
    assert "138****9012" in page.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("number=+86+138-6547-9012", ["first"]),
        ("state=ended", ["second"]),
        ("direction=outbound", []),
        ("who_text=engineer", ["second"]),
        ("registered=open", ["second", "first"]),
        ("registered=case", []),
        ("registered=nobodys", []),
        ("rule=T5&verdict=breached", ["second"]),
        ("rule=T5&verdict=kept", []),
    ],
)
def test_each_filter_stands_in_the_address(company: World, query: str, expected: list[str]) -> None:
    calls = {"first": call_of(company), "second": call_of(company, "engineer", "02088886666")}
    end_call(actor=company.engineer, call=calls["second"], ended_by="agent")
    page = browser(company.agent).get(f"/calls/?{query}")
    assert refs(page) == [calls[name].ref for name in expected]
    assert '<details class="call-fold" open>' in page.content.decode()  # on a phone what is asked for is seen
    assert '<details class="call-fold">' in browser(company.agent).get("/calls/").content.decode()


@pytest.mark.parametrize("name", ["number", "state", "direction", "who_text", "registered", "rule", "after", "before"])
@pytest.mark.parametrize("bad", ["\x00", "x" * 5000, "9" * 400, "-1", "%"])
def test_filters_that_mean_nothing_never_end_in_a_defect(company: World, name: str, bad: str) -> None:
    call_of(company)
    assert browser(company.agent).get("/calls/", {name: bad}).status_code == 200


def test_the_list_goes_on_where_it_ended(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_desk.rest.paging.ON_A_PAGE", 2)
    made = [call_of(company).ref for _number in range(3)]
    client = browser(company.agent)
    first = client.get("/calls/?state=answered")
    assert refs(first) == made[:0:-1]
    second = client.get(first.context["next_url"])
    assert refs(second) == made[:1]
    assert "state=answered" in second.context["previous_url"]


def test_a_list_costs_the_same_however_long_it_is(company: World, django_assert_max_num_queries: Any) -> None:
    for _number in range(12):
        call_of(company)
    client = browser(company.agent)
    client.get("/calls/")
    with django_assert_max_num_queries(12):
        client.get("/calls/")


def test_whoever_reads_nothing_of_the_desk_sees_no_call(company: World) -> None:
    call, stranger = call_of(company), staff("stranger", Role.GM_PRODUCT)
    stranger.roles = []
    stranger.save()
    client = browser(stranger)
    for address in (
        "/calls/",
        "/calls/to-register/",
        f"/calls/{call.ref}/",
        f"/customers/{company.customer.pk}/calls/",
    ):
        assert client.get(address).status_code in (403, 404), address
    assert browser(company.auditor).get(f"/calls/{call.ref}/").status_code == 200


def test_a_calls_page_tells_events_facts_and_registration(company: World) -> None:
    phone, script = pbx(), Script()
    for event in (
        script.event("ringing", 0),
        script.event("answered", 26, extension="8006"),
        script.event("held", 40),
        script.event("resumed", 80),
        script.event("ended", 90, ended_by="agent"),
    ):
        phone.post(event)
    call = Call.objects.get()
    page = text_of(browser(company.agent).get(f"/calls/{call.ref}/"))
    for words in ("Ringing", "Put on hold", "T1 answered within", "T4 word to the waiting", "T5 the caller hangs up"):
        assert words in page
    assert "nobody's" in page
    assert "I took this call" in page
    part = browser(company.agent).get(f"/calls/{call.ref}/", headers=HTMX)
    assert "<html" not in part.content.decode()


@pytest.mark.parametrize("ref", ["0" * 26, "x", "ABC", "IIIIIIIIIIIIIIIIIIIIIIIIII"])
def test_a_call_that_is_not_there_is_not_found(company: World, ref: str) -> None:
    for page in ("", "link/", "no-ticket/", "transfer/", "call-back/"):
        assert browser(company.agent).get(f"/calls/{ref}/{page}").status_code == 404


def test_C3_what_is_still_to_register_counts_down_on_the_desk(company: World) -> None:
    call = call_of(company)
    page = browser(company.agent).get("/calls/to-register/")
    assert "Calls still to register" in text_of(page)
    assert "data-ticking" in page.content.decode()
    settle_as_case(actor=company.agent, call=call, case=company.register())
    assert "Calls still to register" not in text_of(browser(company.agent).get("/calls/to-register/"))
    assert "Calls still to register" not in text_of(browser(company.colleague).get("/calls/to-register/"))


def test_calls_stand_with_their_case_and_their_customer(company: World) -> None:
    PhoneNumber.objects.create(customer=company.customer, raw=NUMBER)
    case, call, other = company.register(), call_of(company), call_of(company, number="02088886666")
    settle_as_case(actor=company.agent, call=call, case=case)
    client = browser(company.agent)
    of_case = client.get(f"/cases/{case.number}/calls/").content.decode()
    of_customer = client.get(f"/customers/{company.customer.pk}/calls/").content.decode()
    for page in (of_case, of_customer):
        assert call.ref in page
        assert other.ref not in page
    assert f"/cases/{case.number}/calls/" in client.get(case.get_absolute_url()).content.decode()


def test_a_call_that_rang_for_ever_leaves_the_screen(company: World) -> None:
    call = begin_call(actor=company.agent, number=NUMBER, token=uuid4())
    client = browser(company.agent)
    assert call.ref in client.get("/calls/now/", headers=HTMX).content.decode()
    call.pops.update(shown_at=now() - timedelta(minutes=6))
    assert call.ref not in client.get("/calls/now/", headers=HTMX).content.decode()
