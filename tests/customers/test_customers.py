"""Customers: found by name, initials or number; added and revealed by audited verbs; their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.customers.actions import add_customer, reveal_number
from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.rest.errors import Invalid, NotAllowed
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def number(desk: World) -> PhoneNumber:
    return PhoneNumber.objects.create(customer=desk.customer, raw="0755/2677-2892")


def log_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def found(client: Client, text: str) -> list[str]:
    return [entry["label"] for entry in client.get("/customers/suggest/", {"q": text}).json()["results"]]


def test_suggestions_by_piece_initials_and_number_in_three_queries(
    desk: World, number: PhoneNumber, django_assert_num_queries: Any
) -> None:
    client = log_in(desk.agent)
    client.get("/customers/suggest/")
    for text in (
        "福田区",
        "政务",
        "szsftqzw",
        "SZSFT",
        "0755/2677-2892",
        "+86 755 2677 2892",
        "0086-755-26772892",
        "深",
        "s",
    ):
        with django_assert_num_queries(3):  # session, person, customers
            assert found(client, text) == [desk.customer.name], text


@pytest.mark.parametrize(
    "text", ["", "   ", "a\x00b", "x" * 10_000, "%", "_", "'", "\\", "查无", "🙂", "\u202e", "2677", "26772892", "/"]
)
def test_what_fits_nothing_is_an_empty_list(desk: World, number: PhoneNumber, text: str) -> None:
    assert found(log_in(desk.agent), text) == []


def test_at_most_ten_the_nearest_first_and_numbers_masked(desk: World, number: PhoneNumber) -> None:
    for index in range(15):
        Customer.objects.create(name=f"北京深圳大厦物业管理第{index:02}分公司")
    Customer.objects.create(name="深圳")
    client = log_in(desk.agent)
    labels = found(client, "深圳")
    assert len(labels) == 10
    assert labels[:2] == ["深圳", desk.customer.name]
    answer = client.get("/customers/suggest/", {"q": "福田"}).content.decode()
    assert "075****2892" in answer
    assert "2677" not in answer


def test_the_number_that_was_asked_for_is_the_one_shown(desk: World, number: PhoneNumber) -> None:
    PhoneNumber.objects.create(customer=desk.customer, raw="13800138000")
    (entry,) = log_in(desk.agent).get("/customers/suggest/", {"q": "138 0013 8000"}).json()["results"]
    assert "138****8000" in entry["detail"]


def test_inactive_customers_are_not_suggested(desk: World) -> None:
    Customer.objects.update(is_active=False)
    assert found(log_in(desk.agent), "福田") == []


def test_full_width_and_half_width_writings_find_each_other(desk: World) -> None:
    Customer.objects.create(name="ＡＢＣ（中国）有限公司")
    Customer.objects.create(name="XYZ(中国)有限公司")
    client = log_in(desk.agent)
    assert found(client, "ＡＢＣ（中国）") == ["ＡＢＣ（中国）有限公司"]
    assert found(client, "ＸＹＺ") == ["XYZ(中国)有限公司"]


def test_adding_is_permitted_to_the_desk_and_audited(desk: World) -> None:
    customer = add_customer(actor=desk.agent, name="  新 客户  有限公司 ", number="0755/2677-2893、13800138000")
    assert customer.name == "新 客户 有限公司"
    assert set(customer.numbers.values_list("e164", flat=True)) == {"+8613800138000", "+8675526772893"}
    entry = AuditEntry.objects.get(verb="customer.add")
    assert (entry.thing, entry.actor_id) == (f"customer:{customer.pk}", desk.agent.pk)
    for person in (desk.auditor, desk.inspector):
        with pytest.raises(NotAllowed):
            add_customer(actor=person, name="别的客户")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "长" * 10_000}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "深圳市福田区政务服务中心"}, "name"),
        ({"number": "没有号码"}, "number"),
        ({"number": "1" * 100}, "number"),
        ({"number": "1\x00"}, "number"),
        ({"address": "长" * 201}, "address"),
    ],
)
def test_what_cannot_be_added_is_refused_by_field_and_nothing_is_written(
    desk: World, changed: dict[str, str], field: str
) -> None:
    before = Customer.objects.count()
    with pytest.raises(Invalid) as refused:
        add_customer(actor=desk.agent, **{"name": "新客户", **changed})
    assert refused.value.errors[0].field == field
    assert Customer.objects.count() == before
    assert not AuditEntry.objects.filter(verb="customer.add").exists()


def test_P6_revealing_needs_a_right_and_a_reason_and_is_recorded(desk: World, number: PhoneNumber) -> None:
    assert reveal_number(number=number, actor=desk.agent, reason="回电") == "0755/2677-2892"
    entry = AuditEntry.objects.get(verb="customer.reveal")
    assert entry.detail == {"customer": desk.customer.pk, "reason": "回电"}
    for reason in ("", "   ", "长" * 201, "\x00"):
        with pytest.raises(Invalid):
            reveal_number(number=number, actor=desk.agent, reason=reason)
    for person in (desk.auditor, desk.admin, desk.inspector):
        with pytest.raises(NotAllowed):
            reveal_number(number=number, actor=person, reason="好奇")
    assert AuditEntry.objects.filter(verb="customer.reveal", outcome="done").count() == 1


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_P6_the_page_and_the_fragment_reveal_alike(desk: World, number: PhoneNumber, htmx: dict[str, str]) -> None:
    url = f"/customers/numbers/{number.pk}/"
    client = log_in(desk.agent)
    asked = client.get(url, headers=htmx)
    assert "2677-2892" not in asked.content.decode()
    empty = client.post(url, {"reason": ""}, headers=htmx)
    assert empty.status_code == 422
    assert "2677-2892" not in empty.content.decode()
    shown = client.post(url, {"reason": "回电给值班员"}, headers=htmx)
    assert "0755/2677-2892" in shown.content.decode()
    assert log_in(desk.auditor).post(url, {"reason": "好奇"}, headers=htmx).status_code == 403
    assert AuditEntry.objects.filter(verb="customer.reveal", outcome="refused").count() == 1
    assert client.get(f"/customers/numbers/{'9' * 30}/").status_code == 404


def test_the_page_of_a_customer_is_masked_and_bounded(
    desk: World, number: PhoneNumber, django_assert_max_num_queries: Any
) -> None:
    for index in range(10):
        contact = Contact.objects.create(customer=desk.customer, name=f"联系人{index}")
        PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw=f"1380013800{index}")
        InstalledProduct.objects.create(customer=desk.customer, product_type=desk.product, serial=f"SN{index}")
        desk.register(fault=f"故障 {index}")
    client = log_in(desk.agent)
    client.get(f"/customers/{desk.customer.pk}/")
    with django_assert_max_num_queries(9):
        page = client.get(f"/customers/{desk.customer.pk}/").content.decode()
    assert "138****8003" in page
    assert "13800138003" not in page
    assert "SN9" in page
    with django_assert_max_num_queries(10):
        newest = client.get(f"/customers/{desk.customer.pk}/cases/").content.decode()
    assert "故障 9" in newest
    assert client.get("/customers/999999999/").status_code == 404
    assert client.get(f"/customers/{'9' * 30}/").status_code == 404


def test_the_list_pages_through_all_and_searches(desk: World, django_assert_max_num_queries: Any) -> None:
    for index in range(60):
        Customer.objects.create(name=f"客户{index:03}")
    client = log_in(desk.agent)
    first = client.get("/customers/")
    assert len(first.context["customers"]) == 50
    with django_assert_max_num_queries(5):
        second = client.get("/customers/" + first.context["next_url"])
    assert len(second.context["customers"]) == 11
    for text in ("客户05", "kh05"):
        shown = client.get("/customers/", {"q": text}).context["customers"]
        assert [customer.name for customer in shown] == [f"客户05{n}" for n in range(10)]
    assert client.get("/customers/", {"after": "forged"}).status_code == 302
    for nonsense in ("\x00", "x" * 10_000):
        assert client.get("/customers/", {"q": nonsense}).status_code == 200


def test_a_customer_is_added_on_its_page(desk: World) -> None:
    client = log_in(desk.agent)
    assert client.get("/customers/new/").status_code == 200
    response = client.post("/customers/new/", {"name": "新客户", "number": "13800138000", "address": "某路 1 号"})
    customer = Customer.objects.get(name="新客户")
    assert response["Location"] == f"/customers/{customer.pk}/"
    again = client.post("/customers/new/", {"name": "新客户", "number": ""})
    assert again.status_code == 422
    assert "already" in again.content.decode()
    assert log_in(desk.auditor).get("/customers/new/").status_code == 403


def test_roles_without_reading_see_no_customers(desk: World) -> None:
    desk.colleague.roles = []
    desk.colleague.save()
    client = log_in(desk.colleague)
    for url in (
        "/customers/",
        "/customers/suggest/?q=s",
        f"/customers/{desk.customer.pk}/",
        f"/register/customers/{desk.customer.pk}/",
        "/staff/suggest/?q=a",
        "/roster/",
    ):
        assert client.get(url).status_code == 403, url
    assert AuditEntry.objects.filter(outcome="refused", actor_id=desk.colleague.pk).count() == 6
