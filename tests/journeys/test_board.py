"""The board before a supervisor's eyes: a fault goes late without reload, a dead server shows, all of it accessible."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.factories import shift_time
from tests.journeys.conftest import Journey
from tests.journeys.test_screens import emergency, grave, sideways

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
SCREENS = ("/board/", "/board/list/late/", "/board/list/emergencies/", "/board/team/", "/board/shift/", "/board/wall/")


def test_a_critical_fault_goes_overdue_and_the_board_shows_it_without_reload(journey: Journey) -> None:
    world = journey.world
    case = world.register(severity="critical", fault="传输中断")
    shift_time(case, minutes=29, seconds=45)  # the first response is due within 30 minutes
    chief = journey.visit(world.chief)
    page = chief.page
    page.goto("/board/list/late/")
    expect(page.locator("main")).not_to_contain_text(case.number)
    page.goto("/board/")
    expect(page.locator("#tile-emergencies .tile__number")).not_to_have_text("0")
    before = int(page.locator("#tile-late .tile__number").inner_text())
    expect(page.locator("#tile-late .tile__number")).to_have_text(str(before + 1), timeout=40_000)
    expect(page.locator("#tile-late")).to_have_attribute("data-tone", "late")
    expect(page.locator("#board-live")).to_contain_text(case.number)
    assert chief.pages_seen == 2


def test_a_dead_server_shows_although_it_cannot_say_so(journey: Journey) -> None:
    chief = journey.visit(journey.world.chief)
    page = chief.page
    page.clock.install()
    unanswered: list[Route] = []
    page.route("**/events/stream/board/**", lambda route: unanswered.append(route))
    page.goto("/board/")
    expect(page.locator("#board-old")).to_be_hidden()
    expect(page.locator("#tile-late")).not_to_have_attribute("data-stale", re.compile(""))
    page.route("**/board/", lambda route: unanswered.append(route))
    page.clock.run_for(25_000)
    expect(page.locator("#tile-late")).to_have_attribute("data-stale", "")
    expect(page.locator("#tile-late .tile__old")).to_have_text(re.compile(r"\d+ s old"))
    expect(page.locator("#board-old")).to_be_visible()
    assert len(unanswered) > 1  # the stream, and what the board asked by itself


def test_the_wall_turns_its_panels_unless_somebody_wants_no_movement(journey: Journey) -> None:
    page = journey.visit(journey.world.chief, viewport={"width": 1920, "height": 1080}).page
    page.emulate_media(reduced_motion="reduce")
    page.goto("/board/wall/")
    panels = page.locator("[data-panel]:visible")
    expect(panels).to_have_count(4)
    page.emulate_media(reduced_motion="no-preference")
    expect(panels).to_have_count(1)
    first = panels.get_attribute("data-panel")
    expect(panels).not_to_have_attribute("data-panel", first or "")


def test_the_board_is_accessible_and_fits_in_light_dark_and_on_a_telephone(journey: Journey) -> None:
    emergency(journey)
    page = journey.visit(journey.world.chief, viewport={"width": 1440, "height": 900}).page
    found: dict[str, list[str]] = {}
    for path in SCREENS:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        expect(page.locator("h1").first).to_be_visible()
        assert sideways(page) == 0, path
        found[path] = grave(page)
        page.emulate_media(color_scheme="dark")
        found[path] += [f"dark {each}" for each in grave(page, "color-contrast")]
        page.set_viewport_size({"width": 390, "height": 844})
        assert sideways(page) == 0, f"{path} on a telephone"
    assert {path: each for path, each in found.items() if each} == {}
