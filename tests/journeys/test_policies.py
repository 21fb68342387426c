"""D2, D8 in a browser: a target is edited, what would move is seen and applied; a year comes from a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.local.reference import YEARS
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

YEAR = "date,is_working,name\n" + "".join(f"2027-02-{day:02d},0,春节\n" for day in range(5, 16))


def solution() -> Policy:
    """The target of an ordinary fault."""
    return Policy.objects.in_force().get(severity="minor", kind="solution")


def test_D8_a_target_is_edited_and_laid_on_running_clocks_only_after_the_list_was_seen(journey: Journey) -> None:
    case = journey.world.register(severity="minor")
    before = case.deadlines.get(kind="solution").due_at
    page = journey.visit(journey.world.admin).page
    page.goto("/policies/")
    page.locator(f"a[href='/policies/{solution().pk}/']").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("spinbutton", name="Target").fill("3")
    page.get_by_role("button", name="Add a step").click()
    last = page.locator("fieldset.step").last
    last.get_by_label("When").fill("2")
    last.get_by_label("Counted as").select_option("after_due:h")
    last.get_by_label("Short name").fill("duty")
    last.get_by_label("Duty manager").check()
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("heading", name="Version 2, in force")).to_be_visible()
    assert case.deadlines.get(kind="solution").due_at == before
    page.get_by_role("button", name="See what would move").click()
    expect(page).to_have_url(re.compile(r"/clock-changes/\d+/$"))
    expect(page.get_by_role("row", name=re.compile(case.number))).to_be_visible()
    page.get_by_role("button", name=re.compile("Apply to")).click()
    expect(page.get_by_text("Applied. Each clock's history says so.")).to_be_visible()
    clock = case.deadlines.get(kind="solution")
    assert (clock.policy, clock.policy.version) == (solution(), 2)
    assert clock.due_at < before


def test_D2_a_years_file_is_looked_at_and_put_in_force(journey: Journey, tmp_path: Path) -> None:
    calendar = Calendar.objects.create(name="深圳服务日历")
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=china_calendar(YEARS).to_json())
    calendar.save()
    bad, good = tmp_path / "bad.csv", tmp_path / "2027.csv"
    bad.write_text("date,is_working,name\n2027-02-31,0,春节\n")
    good.write_text(YEAR)
    visitor = journey.visit(journey.world.admin)
    visitor.expected.add(422)
    page = visitor.page
    page.goto(f"/calendars/{calendar.pk}/?year=2027")
    expect(page.get_by_text("The official holidays of 2027 are not loaded.")).to_be_visible()
    page.get_by_role("link", name="Import a year").click()
    send(page, bad)
    expect(page.get_by_text("There is no day “2027-02-31”")).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("State Council notice for 2027")
    send(page, good)
    expect(page.get_by_text("Officially known from then on: 2027")).to_be_visible()
    page.get_by_role("button", name=re.compile("Put in force")).click()
    expect(page.get_by_text("Applied. Each clock's history says so.")).to_be_visible()
    page.goto(f"/calendars/{calendar.pk}/?year=2027")
    expect(page.locator(".day--holiday", has_text="15")).to_be_visible()
    expect(page.get_by_text("The official holidays of 2027 are not loaded.")).to_have_count(0)


def send(page: Page, file: Path) -> None:
    """Choose the file, say why, and ask what would change."""
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Why").fill("State Council notice for 2027")
    page.get_by_role("button", name="See what would change").click()
