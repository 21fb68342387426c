"""What moves by itself: count-downs that go late, cases of others that appear, asking when the stream is refused."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.factories import shift_time
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def test_a_countdown_goes_on_and_goes_late_without_reload(journey: Journey) -> None:
    case = journey.world.register(severity="major")
    shift_time(case, minutes=29, seconds=52)  # first response is due within 30 minutes
    page = journey.visit(journey.world.agent).page
    page.goto(case.get_absolute_url())
    clock = page.locator("desk-clock", has_text="First response").first
    expect(clock).to_have_attribute("data-tone", "late")
    expect(clock.locator(".clock__time")).to_have_text(re.compile(r"^−00:00:\d\d$"))
    expect(page.locator(".timeline")).to_contain_text("First response: the time is over")
    restoration = page.locator("desk-clock", has_text="Restoration").first.locator(".clock__time")
    shown = restoration.inner_text()
    expect(restoration).not_to_have_text(shown)


def test_a_case_registered_by_somebody_else_appears_on_the_open_desk_of_the_supervisor(journey: Journey) -> None:
    """The chief of the unit sees the emergency come in; nobody touches the page."""
    world = journey.world
    chief, agent = journey.visit(world.chief), journey.visit(world.agent)
    chief.page.goto("/desk/")
    expect(chief.page.locator("#live-state")).to_have_attribute("data-state", "live")
    fault = f"光缆中断 {uuid.uuid4().hex[:8]}"
    agent.page.goto("/register/?fresh=1")
    agent.page.get_by_role("combobox", name="Customer unit").press_sequentially("szsqxj")
    agent.page.get_by_role("option", name="深圳市气象局").click()
    expect(agent.page.get_by_role("combobox", name="Product type")).to_have_value("基站主设备")
    agent.page.get_by_label("Fault in brief").fill(fault)
    agent.page.locator("input[name=severity][value=critical]").check()
    agent.page.keyboard.press("Alt+r")
    agent.page.keyboard.press("Control+Enter")
    expect(agent.page).to_have_url(re.compile(r"/cases/CALL-"))
    number = agent.page.url.rstrip("/").rpartition("/")[2]
    expect(chief.page.locator(".answers")).to_contain_text(number)
    assert chief.pages_seen == 1


def test_the_page_asks_every_ten_seconds_when_the_stream_is_refused(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="minor")
    chief, agent = journey.visit(world.chief), journey.visit(world.agent)
    chief.expected.add(503)
    chief.page.route("**/events/stream/**", lambda route: route.fulfill(status=503))
    chief.page.goto(case.get_absolute_url())
    expect(chief.page.locator("#live-state")).to_have_attribute("data-state", "polling", timeout=30_000)
    agent.page.goto(case.get_absolute_url())
    agent.page.locator(".moves").get_by_role("button", name="Start work", exact=True).click()
    expect(chief.page.locator(".way [aria-current=step]")).to_contain_text("In progress", timeout=15_000)
    assert chief.pages_seen == 1


def test_what_happens_while_a_page_is_being_opened_is_not_missed(journey: Journey) -> None:
    """The stream connects late; what came before it is caught up as soon as it stands."""
    world = journey.world
    case = world.register(severity="minor")
    chief, agent = journey.visit(world.chief), journey.visit(world.agent)
    held = []
    chief.page.route("**/events/stream/**", lambda route: held.append(route))
    chief.page.goto(case.get_absolute_url())
    expect(chief.page.locator("#live-state")).to_have_attribute("data-state", "waiting")
    agent.page.goto(case.get_absolute_url())
    agent.page.locator(".moves").get_by_role("button", name="Start work", exact=True).click()
    expect(agent.page.locator(".way [aria-current=step]")).to_contain_text("In progress")
    expect(chief.page.locator(".way [aria-current=step]")).to_contain_text("Registered")
    held[0].continue_()
    expect(chief.page.locator(".way [aria-current=step]")).to_contain_text("In progress")
    assert chief.pages_seen == 1


def test_a_refresh_leaves_unfolded_parts_and_the_focus_where_they_are(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="minor")
    chief, agent = journey.visit(world.chief), journey.visit(world.agent)
    for visitor in (chief, agent):
        visitor.page.goto(case.get_absolute_url())
        expect(visitor.page.locator("#live-state")).to_have_attribute("data-state", "live")
    folded = chief.page.locator(".moves__not summary")
    folded.click()
    expect(chief.page.locator(".moves__not li").first).to_be_visible()
    folded.focus()
    agent.page.locator(".moves").get_by_role("button", name="Start work", exact=True).click()
    expect(chief.page.locator(".way [aria-current=step]")).to_contain_text("In progress")
    expect(folded).to_be_focused()
    expect(chief.page.locator(".moves__not li").first).to_be_visible()
