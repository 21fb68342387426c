"""Register, the screen: one POST makes a case; whatever is wrong is said beside its field and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases.models import Case
from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.people.models import ProductType
from tests.cases.pages import browser as window
from tests.cases.registering import SHANGHAI, entry, errors_of, local
from tests.factories import World, staff, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def browser(desk: World) -> Client:
    return window(desk.agent)


def test_one_post_registers_and_leads_to_the_case(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk))
    case = Case.objects.get()
    assert response.status_code == 302
    assert response["Location"] == case.get_absolute_url()
    assert case.subject == f"{desk.customer.name} 基站主设备 整站断站"
    assert (case.caller_name, case.caller_e164) == ("王建国", "+8675526772892")
    assert case.first_responder == case.handler == case.registered_by == desk.agent
    assert not case.late_registration


def test_the_empty_page_shows_the_fields_in_a_bounded_number_of_queries(
    desk: World, browser: Client, django_assert_max_num_queries: Any
) -> None:
    browser.get("/register/")
    with django_assert_max_num_queries(8):
        response = browser.get("/register/")
    assert response.status_code == 200
    assert 'name="token"' in response.content.decode()


def test_C1_the_subject_is_composed_and_no_field_takes_one(desk: World, browser: Client) -> None:
    page = browser.get("/register/").content.decode()
    assert 'name="subject"' not in page
    browser.post("/register/", entry(desk, subject="随便写的"))
    assert Case.objects.get().subject == f"{desk.customer.name} 基站主设备 整站断站"


@pytest.mark.parametrize("written", ["0755/2677-2892", "+86 755 2677 2892", "0086-755-26772892", "（0755）26772892"])
def test_the_customer_is_found_by_a_number_in_any_writing(desk: World, browser: Client, written: str) -> None:
    PhoneNumber.objects.create(customer=desk.customer, raw="0755-26772892")
    browser.post("/register/", entry(desk, customer="", customer_text=written))
    assert Case.objects.get().customer == desk.customer


@pytest.mark.parametrize("written", ["+86 138 0013 8000", "008613800138000", "138-0013-8000"])
def test_the_customer_is_found_by_a_mobile_number(desk: World, browser: Client, written: str) -> None:
    contact = Contact.objects.create(customer=desk.customer, name="王建国")
    PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw="13800138000")
    browser.post("/register/", entry(desk, customer="", customer_text=written))
    assert Case.objects.get().customer == desk.customer


def test_the_customer_is_found_by_pinyin_initials_and_by_a_piece_of_the_name(desk: World, browser: Client) -> None:
    for text in ("szsftqzw", "SZSFT", "福田区政务"):
        browser.post("/register/", entry(desk, customer="", customer_text=text))
    assert Case.objects.filter(customer=desk.customer).count() == 3


def test_several_customers_become_a_choice(desk: World, browser: Client) -> None:
    other = Customer.objects.create(name="深圳市福田区人民医院")
    response = browser.post("/register/", entry(desk, customer="", customer_text="深圳市福田区"))
    assert response.status_code == 422
    assert "Several customers fit" in errors_of(response)["customer"]
    page = response.content.decode()
    assert f'name="customer_choice" value="{other.pk}"' in page
    assert not Case.objects.exists()
    browser.post("/register/", entry(desk, customer="", customer_text="深圳市福田区", customer_choice=str(other.pk)))
    assert Case.objects.get().customer == other


def test_the_name_in_full_wins_over_longer_ones(desk: World, browser: Client) -> None:
    Customer.objects.create(name=desk.customer.name + "东区分中心")
    browser.post("/register/", entry(desk, customer="", customer_text=desk.customer.name))
    assert Case.objects.get().customer == desk.customer


def test_unknown_customer_is_said_beside_the_field_and_offered_as_a_new_one(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, customer="", customer_text="查无此人公司"))
    assert response.status_code == 422
    assert "No such customer is known" in errors_of(response)["customer"]
    page = response.content.decode()
    assert re.search(r"<details[^>]* open>", page)
    assert 'value="查无此人公司"' in page
    assert not response.context["form"]["new_name"].value()  # sent again by reflex, it must not become a customer
    assert "整站断站" in page
    assert "值班员说凌晨三点起全站无信号" in page
    assert not Case.objects.exists()


def test_unknown_number_is_offered_as_the_number_of_a_new_customer(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, customer="", customer_text="13911112222"))
    assert response.context["form"]["new_number"].value() == "13911112222"
    assert not response.context["form"]["new_name"].value()


def test_a_new_customer_is_added_with_the_case(desk: World, browser: Client) -> None:
    fields = entry(
        desk, customer="", customer_text="南山", new_name="深圳市南山区实验学校", new_number="0755/2677-2893"
    )
    assert browser.post("/register/", fields).status_code == 302
    case = Case.objects.get()
    assert case.customer.name == "深圳市南山区实验学校"
    assert case.customer.numbers.get().e164 == "+8675526772893"
    assert AuditEntry.objects.filter(verb="customer.add", actor_id=desk.agent.pk).count() == 1


def test_a_new_customer_of_a_known_name_is_refused_and_nothing_is_half_written(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, customer="", customer_text="", new_name=desk.customer.name))
    assert response.status_code == 422
    assert "already" in errors_of(response)["new_name"]
    assert not Case.objects.exists()


def test_a_new_customer_is_not_kept_when_the_case_is_refused(desk: World, browser: Client) -> None:
    later = local(now() + timedelta(hours=2))
    fields = entry(desk, customer="", customer_text="", new_name="未来公司", accepted_at=later)
    response = browser.post("/register/", fields)
    assert "future" in errors_of(response)["accepted_at"]
    assert not Customer.objects.filter(name="未来公司").exists()
    assert not AuditEntry.objects.filter(verb="customer.add").exists()


def test_a_chosen_customer_and_a_new_one_contradict(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, new_name="另一家公司"))
    assert "chosen already" in errors_of(response)["new_name"]
    assert not Case.objects.exists()


def test_C3_future_acceptance_is_refused_beside_its_field(desk: World, browser: Client) -> None:
    response = browser.post("/register/", entry(desk, accepted_at=local(now() + timedelta(minutes=5))))
    assert response.status_code == 422
    assert "lies in the future" in errors_of(response)["accepted_at"]
    assert not Case.objects.exists()


def test_C3_acceptance_within_the_skew_of_clocks_counts_as_now(desk: World, browser: Client) -> None:
    browser.post("/register/", entry(desk, accepted_at=local(now() + timedelta(seconds=30))))
    case = Case.objects.get()
    assert case.accepted_at <= case.registered_at


def test_C3_registered_after_24_hours_is_marked_late(desk: World, browser: Client) -> None:
    response = browser.post(
        "/register/", entry(desk, accepted_at=local(now() - timedelta(hours=24, minutes=1))), follow=True
    )
    assert Case.objects.get().late_registration
    assert "late registration" in " ".join(str(message) for message in response.context["messages"])


def test_local_time_is_read_in_the_desks_zone(desk: World, browser: Client) -> None:
    yesterday = (now().astimezone(SHANGHAI) - timedelta(days=1)).date()
    browser.post("/register/", entry(desk, accepted_at=f"{yesterday} 23:30"))
    accepted = Case.objects.get().accepted_at
    assert accepted.utcoffset() == timedelta(0)
    assert (accepted.hour, accepted.minute) == (15, 30)
    assert accepted.date() == yesterday


def test_C2_the_grade_of_the_qualified_is_taken(desk: World, browser: Client) -> None:
    browser.post("/register/", entry(desk, severity="critical"))
    case = Case.objects.get()
    assert (case.severity, case.graded_by) == ("critical", desk.agent)
    assert case.emergency_started_at is not None


def test_C2_the_unqualified_is_told_why_and_what_to_do(desk: World) -> None:
    client = Client()
    client.force_login(desk.colleague)
    response = client.post("/register/", entry(desk, severity="critical"))
    assert response.status_code == 422
    assert "not qualified" in errors_of(response)["severity"]
    assert "ask an expert" in errors_of(response)["severity"]
    assert "data-grades disabled" in response.content.decode()
    assert not Case.objects.exists()
    client.post("/register/", entry(desk))
    assert Case.objects.get().severity is None


def test_product_type_is_resolved_from_words_and_asked_when_it_is_not_clear(desk: World, browser: Client) -> None:
    ProductType.objects.create(name="基站电源", service_line=desk.line)
    response = browser.post("/register/", entry(desk, product_type="", product_type_text="基站"))
    assert "Several product types" in errors_of(response)["product_type"]
    response = browser.post("/register/", entry(desk, product_type="", product_type_text="不存在"))
    assert "no such product type" in errors_of(response)["product_type"]
    browser.post("/register/", entry(desk, product_type="", product_type_text="电源"))
    assert Case.objects.get().product_type.name == "基站电源"


def test_the_card_shows_what_is_known_in_a_bounded_number_of_queries(
    desk: World, browser: Client, django_assert_max_num_queries: Any
) -> None:
    InstalledProduct.objects.create(customer=desk.customer, product_type=desk.product, model="BTS3900")
    for index in range(12):
        contact = Contact.objects.create(customer=desk.customer, name=f"联系人{index:02}")
        PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw=f"138001380{index:02}")
        desk.register(fault=f"故障 {index}")
    browser.get(f"/register/customers/{desk.customer.pk}/")
    with django_assert_max_num_queries(10):
        page = browser.get(f"/register/customers/{desk.customer.pk}/").content.decode()
    assert "BTS3900" in page
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "故障 11" in page
    assert "故障 0 " not in page


def test_P6_the_card_hides_confidential_cases_of_others(desk: World, browser: Client) -> None:
    case = desk.register(actor=desk.colleague, fault="保密的事")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert "保密的事" not in browser.get(f"/register/customers/{desk.customer.pk}/").content.decode()
    assert "保密的事" not in browser.get(f"/customers/{desk.customer.pk}/cases/").content.decode()


def test_products_in_use_come_first(desk: World, browser: Client) -> None:
    late = ProductType.objects.create(name="综合接入设备", service_line=desk.line)
    InstalledProduct.objects.create(customer=desk.customer, product_type=late)
    found = browser.get("/register/products/", {"q": "", "customer": str(desk.customer.pk)}).json()["results"]
    assert [entry["label"] for entry in found] == ["综合接入设备", "基站主设备"]
    assert browser.get("/register/products/", {"q": "a\x00", "customer": "9" * 30}).status_code == 200


def test_the_customer_of_the_way_here_is_filled_in(desk: World, browser: Client) -> None:
    page = browser.get("/register/", {"customer": desk.customer.pk}).content.decode()
    assert f'value="{desk.customer.name}"' in page
    assert browser.get("/register/", {"customer": "9" * 30}).status_code == 200


def test_C3_the_fragment_counts_down_or_says_late_future_nonsense(desk: World, browser: Client) -> None:
    def said(text: str) -> str:
        return browser.get("/register/acceptance/", {"accepted_at": text}).content.decode()

    assert "24 hours are left" in said("")
    assert "desk-clock" in said(local(now() - timedelta(hours=3)))
    assert "late registration" in said(local(now() - timedelta(hours=30)))
    assert "lies in the future" in said(local(now() + timedelta(hours=3)))
    assert "no date and time" in said("abc")
    assert "field__error" in said("abc\x00")


def test_leaders_and_experts_register_too(desk: World) -> None:
    expert = staff("expert", "product_expert")
    client = Client()
    client.force_login(expert)
    assert client.post("/register/", entry(desk)).status_code == 302
