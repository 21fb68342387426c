"""Two people on one case see each other, live: who is there, who writes, what changed under an open form; @ and /."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from service_desk.cases.actions.templating import TemplateWords, save_template
from service_desk.cases.models import CaseWatch, Mention
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def test_presence_typing_and_a_change_under_an_open_form(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="minor", fault="光口误码，双电源一路掉电")
    agent, colleague = journey.visit(world.agent), journey.visit(world.colleague)
    for visitor in (agent, colleague):
        visitor.page.goto(case.get_absolute_url())
    here = agent.page.locator("[data-presence]")
    expect(here).to_contain_text("员工colleague")
    expect(here).to_contain_text("has this case open")
    expect(here).not_to_contain_text("员工agent")  # nobody sees themselves

    colleague.page.locator(".moves").get_by_role("button", name="Tell the customer", exact=True).click()
    dialog = colleague.page.locator("#desk-dialog")
    expect(dialog).to_contain_text("The customer reads this")
    dialog.locator("textarea").press_sequentially("正在处理")
    expect(here).to_contain_text("is writing: Tell the customer")

    agent.page.locator(".moves").get_by_role("button", name="Add a note", exact=True).click()
    agent.page.locator("#desk-dialog textarea").fill("备件已到现场")
    agent.page.keyboard.press("Control+Enter")
    expect(dialog.locator("[data-changes]")).to_contain_text("While you are writing this happened:")
    expect(dialog.locator("[data-changes]")).to_contain_text("备件已到现场")
    expect(dialog.locator("textarea")).to_have_value("正在处理")

    dialog.get_by_role("button", name="Back").click()
    expect(here).to_contain_text("has this case open")
    colleague.page.goto("/desk/")
    expect(here).to_be_empty()


def test_a_colleague_by_at_and_a_template_by_slash_from_the_keyboard(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="minor")
    words = TemplateWords(name=f"到场时间 {uuid.uuid4().hex[:6]}", text="{customer}：工程师已出发。")
    save_template(actor=world.agent, words=words)
    agent = journey.visit(world.agent)
    page = agent.page
    page.goto(case.get_absolute_url())
    page.locator(".moves").get_by_role("button", name="Add a note", exact=True).click()
    text = page.locator("#desk-dialog textarea")
    expect(text).to_be_focused()
    page.keyboard.type("/dc")
    expect(page.get_by_role("option", name=words.name)).to_be_visible()
    page.keyboard.press("Enter")
    expect(text).to_have_value(f"{world.customer.name}：工程师已出发。")
    page.keyboard.type("@eng")
    expect(page.get_by_role("option", name="员工engineer")).to_be_visible()
    page.keyboard.press("Tab")
    expect(text).to_have_value(f"{world.customer.name}：工程师已出发。@员工engineer ")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".mention")).to_have_text("@员工engineer")
    assert Mention.objects.get(event__case=case).staff == world.engineer
    assert CaseWatch.objects.get(case=case).staff == world.engineer


def test_w_watches_and_w_ends_it(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="minor")
    page = journey.visit(world.colleague).page
    page.goto(case.get_absolute_url())
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Stop watching")).to_be_visible()
    assert CaseWatch.objects.filter(case=case, staff=world.colleague).exists()
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Watch", exact=False).first).to_have_attribute("aria-pressed", "false")
    assert not CaseWatch.objects.filter(case=case).exists()
