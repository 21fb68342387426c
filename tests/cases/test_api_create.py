"""Registering a case through REST: what is written, what is refused, and by which name."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from service_desk.cases.models import Case
from service_desk.customers.models import Contact, Customer
from service_desk.deadlines.clock import now
from tests.cases.callers import CASES, WRITE_ONCE, fields, key, session
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> APIClient:
    return session(desk.agent)


def body(desk: World, **more: Any) -> dict[str, Any]:
    return {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "整站断站", **more}


def post(client: APIClient, desk: World, **more: Any) -> Any:
    return client.post(CASES, body(desk, **more))


def test_C1_a_case_is_registered_and_shown_as_it_was_answered(desk: World, agent: APIClient) -> None:
    answer = post(agent, desk, severity="critical", caller_name="李工", caller_phone="0755/2677-2892")
    assert answer.status_code == 201, answer.content.decode()
    told = answer.json()
    assert told["subject"] == f"{desk.customer.name} {desk.product.name} 整站断站"
    assert (told["severity"], told["state"], told["emergency_is_running"]) == ("critical", "registered", True)
    assert told["caller_phone"] == "075****2892"
    assert told["handler"] == told["first_responder"] == {"id": desk.agent.pk, "name": desk.agent.full_name}
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"].endswith(f"{CASES}{told['number']}/")
    assert agent.get(f"{CASES}{told['number']}/").json() == told


def test_the_customer_may_be_given_by_its_exact_name(desk: World, agent: APIClient) -> None:
    given = body(desk, customer_name=desk.customer.name)
    del given["customer"]
    assert agent.post(CASES, given).json()["customer"]["id"] == desk.customer.pk
    assert fields(agent.post(CASES, {**given, "customer_name": "没有这家"})) == {"customer_name": "does_not_exist"}
    assert set(fields(agent.post(CASES, {**given, "customer": desk.customer.pk}))) == {"customer"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("customer", 2**63 - 1, "does_not_exist"),
        ("product_type", 2**63 - 1, "does_not_exist"),
        ("contact", 2**63 - 1, "does_not_exist"),
        ("request_type", 2**63 - 1, "does_not_exist"),
        ("first_responder", 2**63 - 1, "does_not_exist"),
        ("customer", 999_999, "does_not_exist"),
        ("customer", 2**63, "max_value"),
        ("customer", -1, "min_value"),
        ("customer", 1.5, "invalid"),
        ("customer", True, "invalid"),
        ("customer", [1], "invalid"),
        ("customer", {"id": 1}, "invalid"),
        ("product_type", 999_999, "does_not_exist"),
        ("product_type", None, "null"),
        ("first_responder", 999_999, "does_not_exist"),
        ("contact", 999_999, "does_not_exist"),
        ("fault", "", "blank"),
        ("fault", "断" * 121, "max_length"),
        ("description", "x" * 10_000, "max_length"),
        ("caller_name", "x" * 10_000, "max_length"),
        ("caller_phone", "1" * 10_000, "max_length"),
        ("fault", "x" * 10_000, "max_length"),
        ("fault", "断\x00站", "unclean_text"),
        ("description", "\x00", "unclean_text"),
        ("severity", "terrible", "invalid_choice"),
        ("severity", ["critical"], "invalid_choice"),
        ("accepted_at", "yesterday", "invalid"),
        ("accepted_at", "2026-11-21T09:30:00", "no_offset"),
        ("accepted_at", "0001-01-01T00:00:00+14:00", "overflow"),
        ("accepted_at", "9999-12-31T23:59:59-12:00", "overflow"),
        ("accepted_at", "1999-12-31T23:59:59Z", "absurd"),
        ("accepted_at", 1_700_000_000, "invalid"),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(
    desk: World, agent: APIClient, field: str, value: Any, code: str
) -> None:
    answer = post(agent, desk, **{field: value})
    assert (answer.status_code, fields(answer)) == (400, {field: code})
    assert not Case.objects.exists()


def test_half_of_a_surrogate_pair_is_refused_by_field(desk: World, agent: APIClient) -> None:
    text = json.dumps(body(desk, fault="\ud83d"))
    answer = agent.post(CASES, text, content_type="application/json")
    assert fields(answer) == {"fault": "unclean_text"}


@pytest.mark.parametrize("text", ["[]", '"x"', "null", "5", "", "{", '{"a":' * 5000, '{"fault": NaN}', "\ufeff{}"])
def test_a_body_that_is_no_object_is_refused(desk: World, agent: APIClient, text: str) -> None:
    answer = agent.post(CASES, text, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "fault",
    ["断站 🚨 emoji", "\u202eمرحبا\u202c right to left", "e\u0301 zero\u200bwidth", "'; DROP TABLE cases_case;--"],
)
def test_strange_text_is_kept_as_it_is(desk: World, agent: APIClient, fault: str) -> None:
    answer = post(agent, desk, fault=fault)
    assert answer.status_code == 201
    assert agent.get(f"{CASES}{answer.json()['number']}/").json()["fault"] == fault


@pytest.mark.parametrize(
    ("written", "matched", "masked"),
    [
        ("0755/2677-2892", "+8675526772892", "075****2892"),
        ("+86 138 0013 8000", "+8613800138000", "138****8000"),
        ("１３８００１３８０００", "+8613800138000", "138****8000"),
        ("不知道", None, ""),
    ],
)
def test_phone_numbers_are_kept_as_written_and_answered_masked(
    desk: World, agent: APIClient, written: str, matched: str | None, masked: str
) -> None:
    answer = post(agent, desk, caller_phone=written)
    case = Case.objects.get(number=answer.json()["number"])
    assert (case.caller_phone, case.caller_e164, answer.json()["caller_phone"]) == (written, matched, masked)
    assert written not in agent.get(CASES).content.decode()


def test_C3_an_acceptance_in_the_future_is_refused_with_its_remedy(desk: World, agent: APIClient) -> None:
    answer = post(agent, desk, accepted_at=(now() + timedelta(minutes=5)).isoformat())
    assert (answer.status_code, fields(answer)) == (400, {"accepted_at": "future"})
    assert "when the customer called" in answer.json()["errors"][0]["remedy"]


def test_C3_registered_more_than_a_day_after_acceptance_is_marked_late(desk: World, agent: APIClient) -> None:
    accepted = now() - timedelta(hours=25)
    told = post(agent, desk, accepted_at=accepted.isoformat()).json()
    assert told["late_registration"] is True
    assert datetime.fromisoformat(told["accepted_at"]) == accepted.astimezone(UTC)
    assert datetime.fromisoformat(told["registered_at"]) > accepted + timedelta(hours=24)


@pytest.mark.parametrize("field", WRITE_ONCE)
def test_C3_C5_what_the_desk_sets_cannot_be_sent(desk: World, agent: APIClient, field: str) -> None:
    answer = post(agent, desk, **{field: "2020-01-01T00:00:00Z"})
    assert (answer.status_code, fields(answer)) == (400, {field: "read_only"})


def test_an_unknown_field_is_refused_by_its_name(desk: World, agent: APIClient) -> None:
    answer = post(agent, desk, serverity="critical", sla="gold")
    assert fields(answer) == {"serverity": "unknown_field", "sla": "unknown_field"}
    assert not Case.objects.exists()


def test_C2_the_unqualified_may_not_grade_and_are_told_what_to_do(desk: World) -> None:
    answer = post(session(desk.colleague), desk, severity="critical")
    assert (answer.status_code, fields(answer)) == (400, {"severity": "not_qualified"})
    assert "expert" in answer.json()["errors"][0]["remedy"]


def test_C2_nobody_grades_for_another_first_responder(desk: World, agent: APIClient) -> None:
    answer = post(agent, desk, severity="critical", first_responder=desk.engineer.pk)
    assert fields(answer) == {"severity": "not_first_responder"}
    told = post(agent, desk, first_responder=desk.engineer.pk).json()
    assert (told["first_responder"]["id"], told["registered_by"]["id"]) == (desk.engineer.pk, desk.agent.pk)


def test_a_contact_of_another_customer_is_none(desk: World, agent: APIClient) -> None:
    other = Contact.objects.create(customer=Customer.objects.create(name="别家"), name="王五")
    assert fields(post(agent, desk, contact=other.pk)) == {"contact": "does_not_exist"}


def test_who_may_not_register_is_refused(desk: World) -> None:
    answer = post(session(desk.auditor), desk)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert not Case.objects.exists()


def test_without_a_name_nothing_is_registered(desk: World) -> None:
    answer = APIClient().post(CASES, body(desk))
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert "WWW-Authenticate" in answer.headers


def test_a_key_without_the_scope_may_read_and_not_write(desk: World) -> None:
    reader = key(desk.agent, "cases:read")
    refused = post(reader, desk)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert reader.get(CASES).status_code == 200


def test_a_repeated_request_registers_once(desk: World) -> None:
    robot = key(desk.agent)
    first, again = (robot.post(CASES, body(desk), headers={"Idempotency-Key": "4711"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.content == again.content
    assert first.headers["ETag"] == again.headers["ETag"]
    assert Case.objects.count() == 1
    other = robot.post(CASES, body(desk, fault="别的故障"), headers={"Idempotency-Key": "4711"})
    assert (other.status_code, Case.objects.count()) == (422, 1)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_same_moment_registers_once() -> None:
    desk = world()
    robot = key(desk.agent)
    authorization = robot._credentials["HTTP_AUTHORIZATION"]  # type: ignore[attr-defined]

    def click(_number: int) -> int:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=authorization)
        try:
            return int(client.post(CASES, body(desk), headers={"Idempotency-Key": "click"}).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(click, range(2)))
    assert answers in ([201, 201], [201, 409])
    assert Case.objects.count() == 1


def test_a_registration_takes_few_queries(desk: World) -> None:
    robot = key(desk.agent)
    robot.post(CASES, body(desk))  # the key's use is noted once a minute
    for more, most in ({"Idempotency-Key": "count"}, 17), ({}, 14):
        with CaptureQueriesContext(connection) as spent:
            answer = robot.post(CASES, body(desk, severity="critical"), headers=more)
        assert answer.status_code == 201
        asked = [query["sql"] for query in spent if "SAVEPOINT" not in query["sql"]]
        assert len(asked) <= most, "\n".join(asked)
        assert not any("cases_caselink" in sql for sql in asked), "a new case has no ties to look for"
