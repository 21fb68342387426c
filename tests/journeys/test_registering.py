"""Registering while talking, in a real browser: six inputs for a known customer, a draft that outlives the browser."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from service_desk.cases.models import Case, RegisterDraft, RequestField, RequestType
from service_desk.customers.models import Customer, PhoneNumber
from tests.journeys.conftest import Journey
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def choose(page: Page, name: str, typed: str, option: str) -> None:
    """One input: a type-ahead, by keyboard."""
    page.get_by_role("combobox", name=name).focus()
    page.keyboard.type(typed)
    expect(page.get_by_role("option", name=option)).to_be_visible()
    page.keyboard.press("Enter")


def saved_draft(page: Page, fault: str) -> None:
    """Type a fault and wait until the server has it."""
    with page.expect_response(lambda answer: "/register/draft/" in answer.url and answer.status == 204):
        page.get_by_label("Fault in brief").fill(fault)


def test_a_known_customer_is_registered_with_six_inputs_by_keyboard_alone(journey: Journey) -> None:
    page = journey.visit(journey.world.agent).page
    page.goto("/register/?fresh=1")
    fault = f"六步 {uuid.uuid4().hex[:8]}"
    expect(page.get_by_role("combobox", name="Customer unit")).to_be_focused()
    choose(page, "Customer unit", "szsft", "深圳市福田区政务服务中心")  # 1
    expect(page.locator("#register-card")).to_contain_text("深圳市福田区政务服务中心")
    page.keyboard.press("Enter")  # goes on
    choose(page, "Product type", "基站", "基站主设备")  # 2
    page.keyboard.press("Enter")
    expect(page.get_by_label("Fault in brief")).to_be_focused()
    page.keyboard.insert_text(fault)  # 3
    page.keyboard.press("Alt+g")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")  # 4: major
    expect(page.locator("input[name=severity][value=major]")).to_be_checked()
    page.keyboard.press("Alt+r")  # 5
    page.keyboard.press("Control+Enter")  # 6
    expect(page).to_have_url(re.compile(r"/cases/CALL-\d{8}-\d{4}/$"))
    case = Case.objects.get(fault=fault)
    assert (case.severity, case.read_back["matter"], case.customer.name) == ("major", True, "深圳市福田区政务服务中心")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("all four facts read back")


def test_P6_a_number_as_it_is_typed_finds_its_customer_and_stands_in_no_address(journey: Journey) -> None:
    customer = Customer.objects.get(name="深圳市福田区政务服务中心")
    raw = f"139{uuid.uuid4().int % 10**8:08d}"
    PhoneNumber.objects.create(customer=customer, raw=raw)
    page = journey.visit(journey.world.agent).page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/register/?fresh=1")
    page.locator("#id_caller_phone").fill(raw)
    expect(page.locator("#register-callers-found")).to_contain_text(customer.name)
    assert [url for url in asked if "/register/callers/" in url]
    assert not [url for url in asked if raw in url]


def test_a_dead_browser_loses_nothing_and_a_second_tab_begins_anew(journey: Journey) -> None:
    agent = journey.world.colleague
    first = journey.visit(agent).page
    first.goto("/register/?fresh=1")
    fault = f"草稿 {uuid.uuid4().hex[:8]}"
    choose(first, "Customer unit", "szsft", "深圳市福田区政务服务中心")
    saved_draft(first, fault)
    other_tab = first.context.new_page()
    other_tab.goto("/register/")
    expect(other_tab).to_have_url(re.compile(r"fresh=1"))  # the first tab is still at it
    expect(other_tab.get_by_label("Fault in brief")).to_have_value("")
    first.context.close()
    again = journey.visit(agent).page
    again.goto("/register/")
    expect(again.get_by_label("Fault in brief")).to_have_value(fault)
    expect(again.get_by_role("combobox", name="Customer unit")).to_have_value("深圳市福田区政务服务中心")
    expect(again.locator("#register-card")).to_contain_text("深圳市福田区政务服务中心")
    again.get_by_label("Fault in brief").press("!")  # neither the tab nor the server has this key yet
    again.get_by_role("button", name="Discard").click()
    expect(again).to_have_url(re.compile(r"fresh=1"))
    expect(again.get_by_label("Fault in brief")).to_have_value("")
    again.goto("/register/")
    expect(again.get_by_label("Fault in brief")).not_to_have_value(re.compile(fault))  # another draft may come up
    assert not RegisterDraft.objects.filter(user=agent, values__fault__startswith=fault).exists()


def test_a_request_type_asks_tells_and_its_answers_survive_a_reload(journey: Journey) -> None:
    made = RequestType.objects.create(name=f"升级 {uuid.uuid4().hex[:6]}", materials="升级方案", steps="备份")
    RequestField.objects.create(request_type=made, key="version_new", name="目标版本", name_en="Target version")
    visitor: Visitor = journey.visit(journey.world.engineer)
    page = visitor.page
    page.goto("/register/?fresh=1")
    page.get_by_label("Request type").select_option(label=made.name)
    expect(page.locator(".register__tell")).to_contain_text("升级方案")
    page.get_by_label("Target version").fill("V6.2")
    page.get_by_label("Told the customer").check()
    saved_draft(page, "要升级")
    page.reload()
    expect(page.get_by_label("Target version")).to_have_value("V6.2")
    expect(page.get_by_label("Told the customer")).to_be_checked()
    expect(page.get_by_label("Fault in brief")).to_have_value("要升级")
