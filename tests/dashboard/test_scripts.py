"""The scripts in real Chromium: clocks, type-ahead, drafts, one sending, keys, the live connection."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, Route, expect

from service_desk.people.rules import Role
from tests.browsers import chromium_running
from tests.factories import staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scripts")]

NAME = "内蒙古自治区呼伦贝尔市鄂温克族自治旗移动通信枢纽机房"
CUSTOMERS = [
    {"id": 7, "label": NAME, "detail": "nmg", "data": {}},
    {"id": 8, "label": "华苑小区", "detail": "hyxq", "data": {}},
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser, client: Client, live_server: Any, settings: Any) -> Iterator[Page]:
    client.force_login(staff("root", Role.ADMINISTRATOR))
    context = chromium.new_context(base_url=live_server.url, locale="en-GB")
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": str(client.session.session_key), "url": live_server.url},
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url},
        ]
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    page.route("**/events/**", lambda route: route.fulfill(status=503))
    page.route("**/design/customers/**", lambda route: route.fulfill(json=CUSTOMERS))
    yield page
    context.close()
    assert errors == []


DRAFTS = "() => Object.keys(sessionStorage).filter((key) => key.startsWith('desk-draft:'))"
HEAR = "window.heard = new Promise((told) => document.addEventListener('desk:%s', (event) => told(event.detail)));"

CLOCK = """(due) => {
  const box = document.createElement("div");
  box.id = "box";
  box.innerHTML = `<desk-clock class="clock" data-tone="warn" data-due="${due}" data-share="0.99"
    data-kind="Restoration" data-subject="CALL-1" data-ticking>
    <span class="clock__head"><svg><use href="#shape-warn"/></svg><span class="clock__word"></span></span>
    <span class="clock__time"></span><span class="clock__due">due 14:05</span></desk-clock>`;
  document.querySelector("main").prepend(box);
}"""


def add_clock(page: Page, seconds: float) -> None:
    """A clock due `seconds` from now by the server's clock."""
    told = page.locator("meta[name=server-time]").get_attribute("content")
    due = (datetime.fromisoformat(str(told)) + timedelta(seconds=seconds)).isoformat()
    page.evaluate(CLOCK, due)


def test_D1_a_clock_follows_the_server_not_the_device(page: Page) -> None:
    page.clock.install(time="2020-01-01T00:00:00Z")  # a device that is years behind
    page.goto("/design/")
    add_clock(page, 3600)
    expect(page.locator("#box .clock__time")).to_have_text(re.compile(r"^00:59:\d\d$|^01:00:00$"))


def test_a_clock_turns_late_by_itself_and_says_so_once(page: Page) -> None:
    page.clock.install()
    page.goto("/design/")
    add_clock(page, 30)
    page.clock.run_for(45_000)
    clock = page.locator("#box desk-clock")
    expect(clock).to_have_attribute("data-tone", "late")
    expect(clock.locator(".clock__time")).to_have_text(re.compile(r"^−00:00:1\d$"))
    expect(clock.locator(".clock__word")).to_have_text("overdue")
    expect(page.locator("#desk-announcer")).to_have_text("Restoration CALL-1: overdue, due 14:05")


def test_a_clock_is_right_again_after_sleep(page: Page) -> None:
    page.clock.install()
    page.goto("/design/")
    add_clock(page, 7200)
    page.clock.fast_forward(3600_000)
    page.clock.run_for(2000)
    expect(page.locator("#box .clock__time")).to_have_text(re.compile(r"^00:59:5\d$|^02:00:0\d$|^01:59:5\d$"))


def test_type_ahead_by_keyboard(page: Page) -> None:
    page.goto("/design/")
    field = page.locator("#light_e_customer")
    field.press_sequentially("h")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-activedescendant", "light_e_customer_list_0")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("华苑小区")
    assert page.locator("[data-typeahead-id]").nth(1).input_value() == "8"
    field.press("Backspace")
    assert page.locator("[data-typeahead-id]").nth(1).input_value() == ""


def test_type_ahead_waits_for_the_input_method(page: Page) -> None:
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "customers" in request.url else None)
    page.goto("/design/")
    page.evaluate(
        """() => {
          const input = document.getElementById("light_e_customer");
          input.focus();
          input.dispatchEvent(new CompositionEvent("compositionstart"));
          input.value = "hua";
          input.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        }"""
    )
    page.clock.run_for(1000)
    assert asked == []
    page.evaluate(
        """() => {
          const input = document.getElementById("light_e_customer");
          input.value = "华";
          input.dispatchEvent(new CompositionEvent("compositionend"));
        }"""
    )
    page.clock.run_for(1000)
    expect(page.locator("#light_e_customer_list [role=option]")).to_have_count(2)
    assert len(asked) == 1


def test_a_draft_survives_a_reload_and_can_be_thrown_away(page: Page) -> None:
    page.goto("/design/")
    page.locator("#light_e_fault").fill("全局话路中断")
    page.reload()
    expect(page.locator("#light_e_fault")).to_have_value("全局话路中断")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.locator("#light_e_fault")).to_have_value("")
    page.reload()
    expect(page.locator("#light_e_fault")).to_have_value("")


def test_a_draft_is_gone_after_log_out(page: Page) -> None:
    page.clock.install()
    page.goto("/design/")
    page.locator("#light_e_fault").fill("全局话路中断")
    page.clock.run_for(1000)
    assert page.evaluate(DRAFTS) != []
    page.locator(".person-button").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**")
    assert page.evaluate(DRAFTS) == []


def test_a_form_is_sent_once_until_the_answer_comes(page: Page) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.url)
            route.fulfill(status=204)  # the page stays
        else:
            route.continue_()

    page.route("**/design/", answer)
    page.goto("/design/")
    with page.expect_response("**/design/"):
        page.evaluate("() => { const form = document.querySelector('form[data-draft]'); form.requestSubmit(); }")
    refused = page.evaluate(
        """() => {
          const form = document.querySelector("form[data-draft]");
          return !form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
        }"""
    )
    assert refused
    assert len(sent) == 1


def test_keys(page: Page) -> None:
    page.goto("/design/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.querySelector('th').innerText.trim()") == "CALL-20261121-0002"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.querySelector('th').innerText.trim()") == "CALL-20261121-0001"
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_the_page_asks_when_the_stream_does_not_get_through(page: Page) -> None:
    page.clock.install()
    page.unroute("**/events/**")
    page.route("**/events/stream/**", lambda route: route.fulfill(status=503))
    page.route(
        "**/events/poll/**",
        lambda route: route.fulfill(
            json={"events": [{"event": "case", "id": 5, "data": {"case": "CALL-9"}}], "last": 5}
        ),
    )
    page.add_init_script(HEAR % "case")
    page.goto("/design/")
    state = page.locator("#live-state")
    for _attempt in range(30):
        if state.get_attribute("data-state") == "polling":
            break
        page.clock.run_for(2000)
    expect(state).to_have_attribute("data-state", "polling")
    expect(state).to_contain_text("Every 10 s")
    page.clock.run_for(11_000)
    assert page.evaluate("() => window.heard") == {"case": "CALL-9"}


def test_an_event_of_the_stream_reaches_the_page(page: Page) -> None:
    page.unroute("**/events/**")
    body = 'id: 3\nevent: notice\ndata: {"unread": 2}\n\n'
    page.route("**/events/**", lambda route: route.fulfill(body=body, content_type="text/event-stream"))
    page.add_init_script(HEAR % "notice")
    page.goto("/design/")
    assert page.evaluate("() => window.heard") == {"unread": 2}


def test_a_password_can_be_shown(page: Page) -> None:
    page.goto("/design/")
    field = page.locator("#light_e_password")
    field.fill("secret")
    field.locator("..").get_by_role("button").click()
    expect(field).to_have_attribute("type", "text")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_components_is_accessible_and_fits(
    page: Page, scheme: Literal["light", "dark"], width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/design/")
    found = [violation["id"] for violation in Axe().run(page).response["violations"]]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
