"""Customers through REST: found by name, initials and number, added once, numbers masked."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from tests.cases.callers import fields, key, session
from tests.factories import World, world

URL = "/api/v1/customers/"


@pytest.fixture
def desk(db: None) -> World:
    desk = world()
    contact = Contact.objects.create(customer=desk.customer, name="李工")
    PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw="138 0013 8000")
    InstalledProduct.objects.create(customer=desk.customer, product_type=desk.product, model="BBU5900")
    return desk


@pytest.fixture
def agent(desk: World) -> APIClient:
    return session(desk.agent)


def names(client: APIClient, **filters: Any) -> list[str]:
    return [line["name"] for line in client.get(URL, filters).json()["results"]]


@pytest.mark.parametrize("text", ["福田", "szsftq", "+86 138-0013-8000", "１３８００１３８０００"])
def test_a_customer_is_found_by_name_initials_and_number(desk: World, agent: APIClient, text: str) -> None:
    Customer.objects.create(name="广州白云机场")
    assert names(agent, q=text) == [desk.customer.name]


def test_numbers_stay_masked(desk: World, agent: APIClient) -> None:
    told = agent.get(f"{URL}{desk.customer.pk}/").json()
    assert [number["masked"] for number in told["numbers"]] == ["138****8000"]
    assert (told["contacts"][0]["name"], told["products"][0]["model"]) == ("李工", "BBU5900")
    assert "0013" not in agent.get(f"{URL}{desk.customer.pk}/").content.decode()


def test_a_customer_is_added_once(desk: World, agent: APIClient) -> None:
    made = agent.post(URL, {"name": "广州白云机场", "number": "0755/2677-2892", "address": "白云区"})
    assert made.status_code == 201
    assert [number["masked"] for number in made.json()["numbers"]] == ["075****2892"]
    assert agent.get(made.headers["Location"]).json() == made.json()
    assert fields(agent.post(URL, {"name": "广州白云机场"})) == {"name": "exists"}
    assert Customer.objects.filter(name="广州白云机场").count() == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"name": "required"}),
        ({"name": "x" * 10_000}, {"name": "max_length"}),
        ({"name": "广\x00州"}, {"name": "unclean_text"}),
        ({"name": "某", "number": "没有"}, {"number": "invalid"}),
        ({"name": "某", "address": "x" * 10_000}, {"address": "max_length"}),
        ({"name": "某", "is_active": False}, {"is_active": "read_only"}),
        ({"name": "某", "vip": True}, {"vip": "unknown_field"}),
    ],
)
def test_a_customer_that_is_none_is_refused_by_field(
    desk: World, agent: APIClient, body: dict[str, Any], named: dict[str, str]
) -> None:
    answer = agent.post(URL, body)
    assert (answer.status_code, fields(answer)) == (400, named)
    assert Customer.objects.count() == 1


def test_who_may_read_may_not_always_add(desk: World) -> None:
    auditor = session(desk.auditor)
    assert names(auditor) == [desk.customer.name]
    assert auditor.post(URL, {"name": "某"}).status_code == 403
    reader = key(desk.agent, "customers:read")
    assert reader.post(URL, {"name": "某"}).json()["code"] == "scope_missing"
    assert key(desk.agent, "cases:read").get(URL).status_code == 403
    assert APIClient().get(URL).status_code == 401


def test_the_cost_does_not_grow(desk: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    robot = key(desk.agent)
    robot.get(URL)
    for _ in range(2):
        with django_assert_num_queries(2):
            assert robot.get(URL).status_code == 200
        with django_assert_num_queries(6):  # key, customer, contacts, numbers, products and their types
            assert robot.get(f"{URL}{desk.customer.pk}/").status_code == 200
        for number in range(3):
            PhoneNumber.objects.create(customer=desk.customer, raw=f"0755 2677 {Customer.objects.count()}{number}11")
        Customer.objects.create(name=f"另一家{Customer.objects.count()}")
