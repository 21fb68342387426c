"""Register, the screen, sent what it should not get: nonsense, NUL, too much, the same twice, by those who may not."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from tests.cases.pages import browser as window
from tests.cases.registering import entry, errors_of
from tests.factories import World, world

#: The fields that take words.
WORDS = (
    "customer_text",
    "new_name",
    "new_number",
    "product_type_text",
    "fault",
    "description",
    "caller_name",
    "caller_phone",
)


def ill(desk: World, field: str, value: str) -> dict[str, Any]:
    """The form with this in one field; where words name a row, without the row's number."""
    name = field.removesuffix("_text")
    return entry(desk, **({} if name == field else {name: ""}), **{field: value})


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def browser(desk: World) -> Client:
    return window(desk.agent)


def test_a_customer_id_that_is_not_there_is_refused(desk: World, browser: Client) -> None:
    for wrong in ("999999", "9" * 40, "-1", "1 OR 1=1", "１"):
        response = browser.post("/register/", entry(desk, customer=wrong, customer_text=""))
        assert response.status_code == 422
        assert "customer" in errors_of(response)
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "nonsense",
    [
        "morgen früh",
        "2026-13-45 99:99",
        "14",
        "-1",
        "'; drop table",
        "0000-00-00",
        "昨天下午",
        "1" * 10000,
        "２５:００",
    ],
)
def test_an_acceptance_time_in_nonsense_is_said_and_kept(desk: World, browser: Client, nonsense: str) -> None:
    response = browser.post("/register/", entry(desk, accepted_at=nonsense))
    assert response.status_code == 422
    assert "no date and time" in errors_of(response)["accepted_at"]
    assert response.context["form"]["accepted_at"].value() == nonsense
    assert not Case.objects.exists()


@pytest.mark.parametrize("field", WORDS)
def test_ten_thousand_characters_are_answered_beside_the_field(desk: World, browser: Client, field: str) -> None:
    response = browser.post("/register/", ill(desk, field, "长" * 10_000))
    assert response.status_code == 422
    assert field.removesuffix("_text") in errors_of(response)
    assert "长" * 10_000 in response.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "field", [*WORDS, "accepted_at", "severity", "token", "customer", "product_type", "customer_choice"]
)
def test_NUL_bytes_are_answered_and_never_reach_the_database(desk: World, browser: Client, field: str) -> None:
    response = browser.post("/register/", ill(desk, field, "a\x00b"))
    assert response.status_code in (302, 422)
    if response.status_code == 302:  # a broken id beside good words: the words decide
        assert field in {"customer", "product_type"}
    else:
        assert not Case.objects.exists()
        assert errors_of(response)


def test_emoji_and_marks_of_direction_are_kept_as_they_are(desk: World, browser: Client) -> None:
    fault = "屏幕显示 🙂👩‍🔧 和 \u202eabc\u202c \u200fשלום"
    response = browser.post("/register/", entry(desk, fault=fault, caller_name="🙂", description=fault), follow=True)
    case = Case.objects.get()
    assert (case.fault, case.caller_name, case.description) == (fault, "🙂", fault)
    assert response.status_code == 200


def test_markup_is_shown_as_text(desk: World, browser: Client) -> None:
    response = browser.post(
        "/register/", entry(desk, fault="<script>alert(1)</script>", product_type="", product_type_text="")
    )
    assert "<script>alert(1)" not in response.content.decode()
    assert "&lt;script&gt;alert(1)" in response.content.decode()


def test_a_double_click_makes_one_case(desk: World, browser: Client) -> None:
    fields = entry(desk)
    first, second = browser.post("/register/", fields), browser.post("/register/", fields)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_a_double_click_with_a_new_customer_makes_one_of_each(desk: World, browser: Client) -> None:
    fields = entry(desk, customer="", customer_text="", new_name="双击公司", new_number="13900001111")
    first, second = browser.post("/register/", fields), browser.post("/register/", fields)
    assert first["Location"] == second["Location"]
    assert Customer.objects.filter(name="双击公司").count() == 1


def test_another_call_on_a_page_that_was_sent_before_is_asked_about_and_not_lost(desk: World, browser: Client) -> None:
    fields = entry(desk)
    browser.post("/register/", fields)
    response = browser.post("/register/", {**fields, "fault": "另一个故障"})
    assert response.status_code == 422
    assert "has registered CALL-" in response.content.decode()
    assert response.context["token"] != fields["token"]
    browser.post("/register/", {**fields, "fault": "另一个故障", "token": str(response.context["token"])})
    assert Case.objects.count() == 2


@pytest.mark.parametrize("token", ["", "nonsense", "{}", "0" * 500])
def test_a_page_without_its_token_is_refused_with_a_new_one(desk: World, browser: Client, token: str) -> None:
    response = browser.post("/register/", entry(desk, token=token))
    assert response.status_code == 422
    assert uuid.UUID(str(response.context["token"]))
    assert not Case.objects.exists()


def test_an_unknown_grade_is_refused(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, severity="apocalyptic"))
    assert "severity" in errors_of(response)


def test_who_may_not_register_is_refused_and_the_refusal_is_audited(desk: World) -> None:
    client = Client()
    client.force_login(desk.auditor)
    assert client.get("/register/").status_code == 403
    assert client.post("/register/", entry(desk)).status_code == 403
    refused = AuditEntry.objects.filter(verb="case.register", outcome="refused", actor_id=desk.auditor.pk)
    assert refused.count() == 2
    assert not Case.objects.exists()


def test_logged_out_leads_to_the_log_in_page(desk: World) -> None:
    response = Client().post("/register/", entry(desk))
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_case_and_one_new_customer() -> None:
    desk = world()
    fields = entry(desk, customer="", customer_text="", new_name="同时双击公司")
    found: list[Any] = []
    start = threading.Barrier(4)

    def click() -> None:
        try:
            client = Client()
            client.force_login(desk.agent)
            start.wait()
            found.append(client.post("/register/", fields))
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case = Case.objects.get()
    assert {response["Location"] for response in found} == {case.get_absolute_url()}
    assert Customer.objects.filter(name="同时双击公司").count() == 1
