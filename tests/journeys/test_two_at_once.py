"""Two windows on one thing: a stale version is answered in plain words, and a call pressed twice is one case."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from service_desk.cases.models import Case
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

WORDS = "已致电客户，现场工程师两小时内到达；客户要求书面说明"


def tell(page: Page, text: str) -> None:
    page.locator(".moves").get_by_role("button", name="Tell the customer", exact=True).click()
    page.locator("#desk-dialog textarea").fill(text)


def test_two_browsers_on_one_case_the_second_is_told_what_happened_and_loses_nothing(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="major")
    agent, chief = journey.visit(world.agent), journey.visit(world.chief)
    agent.expected.add(412)
    for visitor in (agent, chief):
        visitor.page.goto(case.get_absolute_url())
    tell(agent.page, WORDS)
    tell(chief.page, "已向客户致歉")
    chief.page.locator("#desk-dialog button.button--primary").click()
    expect(chief.page.locator(".timeline")).to_contain_text("已向客户致歉")
    # What moves behind the dialog has come anew meanwhile; the words in it are still there.
    expect(agent.page.locator(".timeline")).to_contain_text("已向客户致歉")
    expect(agent.page.locator("#desk-dialog textarea")).to_have_value(WORDS)

    agent.page.locator("#desk-dialog button.button--primary").click()
    dialog = agent.page.locator("#desk-dialog")
    expect(dialog).to_contain_text("While you were typing this happened")
    expect(dialog).to_contain_text("已向客户致歉")
    expect(dialog).to_contain_text("What you typed is still here")
    expect(dialog.locator("textarea")).to_have_value(WORDS)
    dialog.locator("button.button--primary").click()
    expect(agent.page.locator(".timeline")).to_contain_text(WORDS)
    texts = list(case.events.filter(type="told").order_by("id").values_list("text", flat=True))
    assert texts == ["已向客户致歉", WORDS]


def fill_register(page: Page, fault: str) -> None:
    page.goto("/register/?fresh=1")
    page.get_by_role("combobox", name="Customer unit").press_sequentially("szsqxj")
    page.get_by_role("option", name="深圳市气象局").click()
    expect(page.get_by_role("combobox", name="Product type")).to_have_value("基站主设备")  # the one in use there
    page.get_by_label("Fault in brief").fill(fault)
    page.keyboard.press("Alt+r")


def test_a_double_click_on_register_gives_one_case(journey: Journey) -> None:
    page = journey.visit(journey.world.agent).page
    fault = f"双击 {uuid.uuid4().hex[:8]}"
    fill_register(page, fault)
    page.locator("form[data-register] button.button--primary").dblclick(no_wait_after=True)
    expect(page).to_have_url(re.compile(r"/cases/CALL-\d{8}-\d{4}/$"))
    assert Case.objects.filter(fault=fault).count() == 1


def test_one_form_sent_from_two_windows_at_once_gives_one_case(journey: Journey) -> None:
    """Past the script's guard: the same form, token and all, reaches the server four times at the same moment."""
    visitor = journey.visit(journey.world.agent)
    fault = f"同时 {uuid.uuid4().hex[:8]}"
    fill_register(visitor.page, fault)
    form = visitor.page.evaluate(
        "Object.fromEntries(new FormData(document.querySelector('form[data-register]')).entries())"
    )
    sent = visitor.page.evaluate(
        """async (form) => Promise.all([1, 2, 3, 4].map(async () => {
          const answer = await fetch("/register/", { method: "POST", body: new URLSearchParams(form) });
          return [answer.status, new URL(answer.url).pathname];
        }))""",
        form,
    )
    case = Case.objects.get(fault=fault)
    assert sent == [[200, case.get_absolute_url()]] * 4


def test_going_back_after_registering_and_sending_again_gives_no_second_case(journey: Journey) -> None:
    page = journey.visit(journey.world.agent).page
    fault = f"返回 {uuid.uuid4().hex[:8]}"
    fill_register(page, fault)
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/CALL-"))
    number = page.url
    page.go_back()
    if page.get_by_label("Fault in brief").input_value() == fault:  # as the browser kept it
        page.locator("form[data-register] button.button--primary").click()
        expect(page).to_have_url(number)
    assert Case.objects.filter(fault=fault).count() == 1
