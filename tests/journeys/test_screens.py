"""Every main screen in both languages and themes and on a telephone: quiet console, no sideways scroll, accessible."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service_desk.cases.models import Case
from service_desk.people.models import Staff
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

#: The board, its lists, the team's page, the shift sheet and the wall are looked at in test_board.py.
SCREENS = (
    "/desk/", "/cases/", "{case}", "/register/", "/roster/", "/engine/", "/notices/", "/notices/preferences/",
    "/calls/", "/calls/messages/", "/complaints/", "/knowledge/articles/", "/reports/",
)  # fmt: skip
GRAVE = ("serious", "critical")


def emergency(journey: Journey) -> Case:
    """A critical case, made once: the screens are looked at while it runs."""
    found = Case.objects.filter(severity="critical", restored_at=None, fault="机房断电").first()
    return found or journey.world.register(severity="critical", fault="机房断电")


def screens(journey: Journey) -> list[str]:
    case = emergency(journey)
    customer = case.customer.pk
    return [path.format(case=case.get_absolute_url()) for path in SCREENS] + [f"/customers/{customer}/"]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_screen_scrolls_sideways_on_a_telephone(journey: Journey, language: str) -> None:
    chief = journey.visit(journey.world.chief, language=language, viewport={"width": 390, "height": 844})
    paths = screens(journey)
    wide = {}
    for path in paths:
        chief.page.goto(path)
        expect(chief.page.locator("h1")).to_be_visible()
        if sideways(chief.page):
            wide[path] = sideways(chief.page)
    assert wide == {}
    assert chief.pages_seen == len(paths)


def grave(page: Page, *rules: str) -> list[str]:
    """What axe finds that is serious or critical, all of its rules or only `rules`."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else None
    violations = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in violations if each["impact"] in GRAVE]


def test_axe_finds_nothing_serious_in_light_and_dark_and_nothing_is_too_wide(journey: Journey) -> None:
    """In the dark only the colours differ, so only they are looked at again."""
    page = journey.visit(journey.world.chief, viewport={"width": 1440, "height": 900}).page
    found: dict[str, list[str]] = {}
    for path in screens(journey):
        page.emulate_media(color_scheme="light")
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible()
        assert sideways(page) == 0, path
        found[path] = grave(page)
        page.emulate_media(color_scheme="dark")
        found[path] += [f"dark {each}" for each in grave(page, "color-contrast")]
    bad = {path: each for path, each in found.items() if each}
    assert not bad, str(bad)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_in_page_is_accessible_and_fits(journey: Journey, scheme: Literal["light", "dark"]) -> None:
    page = journey.visit(viewport={"width": 390, "height": 844}, color_scheme=scheme).page
    page.goto("/login/")
    assert sideways(page) == 0
    assert grave(page) == []


def test_the_switch_of_language_keeps_the_place(journey: Journey) -> None:
    page = journey.visit(journey.world.agent).page
    place = "/cases/?state=open&sort=deadline"
    page.goto(place)
    page.locator(".top__language").get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page).to_have_url(re.compile(re.escape(place) + "$"))
    page.locator(".top__language").get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_url(re.compile(re.escape(place) + "$"))


def test_the_switch_of_theme_keeps_the_place_and_stays_with_the_person(journey: Journey) -> None:
    person: Staff = journey.world.engineer
    visitor = journey.visit(person)
    page = visitor.page
    page.goto("/register/")
    page.get_by_label("Fault in brief").fill("写到一半")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.locator(".person-button").click()
    with page.expect_response("**/theme/"):
        page.locator("#person-menu").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).not_to_have_css("background-color", light)
    expect(page.get_by_label("Fault in brief")).to_have_value("写到一半")
    assert visitor.pages_seen == 1
    elsewhere = journey.visit(person).page
    elsewhere.goto("/desk/")
    expect(elsewhere.locator("html")).to_have_attribute("data-theme", "dark")


def test_whom_a_page_is_not_for_reads_so_in_plain_words(journey: Journey) -> None:
    agent = journey.visit(journey.world.agent)
    agent.expected |= {403, 404}
    answer = agent.page.goto("/engine/")
    assert answer is not None
    assert answer.status == 403
    expect(agent.page.locator("main")).to_contain_text(re.compile("not|no "))
    lost = agent.page.goto("/cases/CALL-20200101-0001/")
    assert lost is not None
    assert lost.status == 404
    expect(agent.page.locator("h1").first).to_be_visible()
