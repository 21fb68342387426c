"""A complaint at a real browser, from acceptance to its end; and who it is about, trying every door (P1-P10)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone
from playwright.sync_api import Page, expect

from service_desk.cases.actions import note
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import FiveClear, InstanceKind
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Policy
from service_desk.local.reference import load_complaint_policies
from tests.complaints.making import PHONE, SECRET, WHO, calendar, complaint
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]


def policies(journey: Journey) -> None:
    """Those of complaints, once for the running desk."""
    line = journey.world.line
    if not Policy.objects.filter(service_line=line, subject="complaint").exists():
        with transaction.atomic():
            load_complaint_policies(line.code, calendar())


def dialog(page: Page, button: str) -> None:
    """Open a verb's dialog from the page."""
    page.get_by_role("button", name=button, exact=True).first.click()
    expect(page.locator("#desk-dialog")).to_be_visible()


def save(page: Page) -> None:
    """Send the dialog from the keyboard and wait until the page has come back."""
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def decide(page: Page, finding: str, words: str) -> None:
    """Decide the open instance."""
    dialog(page, "Decide")
    page.get_by_label(finding, exact=True).check()
    page.locator("#id_reasons").fill(f"{words}：理由")
    page.locator("#id_remedy").fill(f"{words}：措施")
    page.locator("#id_reply").fill(f"{words}：已向您说明")
    save(page)


def dissatisfied(page: Page, words: str) -> None:
    """Write down that the complainant is not satisfied."""
    dialog(page, "What the complainant says")
    page.get_by_label("Not satisfied: another solution is due").check()
    page.locator("#id_text").fill(words)
    save(page)


def climb(page: Page, button: str, owner: str, words: str) -> None:
    """Take it to the next instance, to one of those who are offered."""
    dialog(page, button)
    page.locator("#id_owner").select_option(label=owner)
    page.locator("#id_text").fill(words)
    save(page)


def test_from_acceptance_through_escalation_and_appeal_to_closing(journey: Journey) -> None:
    world = journey.world
    policies(journey)
    agent = journey.visit(world.agent)
    page = agent.page
    page.goto("/complaints/new/")
    page.locator("#id_name").fill(WHO)
    page.locator("#id_phone").fill(PHONE)
    page.locator("#id_about_unit").press_sequentially(world.unit.name[:2])
    page.get_by_role("option", name=world.unit.name).click()
    page.locator("#id_matter").fill("安装约定两次无人到场")
    page.locator("#id_wanted").fill("当天上门并书面道歉")
    page.locator("input[name=level][value=serious]").check()
    page.locator("#id_next_reply_at").fill(timezone.localtime(now() + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M"))
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("安装约定两次无人到场")
    made = Complaint.objects.select_related("case").latest("pk")
    address = made.case.get_absolute_url()

    for clear in FiveClear:
        page.get_by_role("button", name=f"Write to: {clear.label}").click()
        expect(page.locator(f"input[name=clear][value={clear}]")).to_be_checked()
        page.locator("#id_text").fill(f"已做：{clear}")
        save(page)
    expect(page.locator("#clears-title + .badge")).to_have_text("complete")

    decide(page, "Not substantiated", "第一次")
    dissatisfied(page, "不接受，没有调查录音")
    climb(page, "Escalate", f"{world.head} · {world.head.unit}", "投诉人要求部门负责人处理")

    head = journey.visit(world.head).page
    head.goto(address)
    expect(head.locator(".ladder__step")).to_have_count(2)
    expect(head.locator(".ladder")).to_contain_text("第一次：理由")
    decide(head, "Partly substantiated", "第二次")
    page.goto(address)
    dissatisfied(page, "仍不满意，要求复核")
    dialog(page, "Appeal")
    offered = page.locator("#id_owner option").all_text_contents()
    assert not any(str(person) in text for person in (world.agent, world.head) for text in offered), offered
    page.keyboard.press("Escape")
    climb(page, "Appeal", f"{world.gm_marketing} · {world.gm_marketing.unit}", "投诉人申诉")

    top = journey.visit(world.gm_marketing).page
    top.goto(address)
    decide(top, "Substantiated", "第三次")
    expect(top.locator(".ladder__step")).to_have_count(3)
    assert list(made.instances.values_list("finding", flat=True)) == ["unfounded", "partly", "substantiated"]
    assert [one.kind for one in made.instances.all()] == list(InstanceKind)

    page.goto(address)
    dialog(page, "What the complainant says")
    page.get_by_label("Satisfied", exact=True).check()
    save(page)
    dialog(page, "Promise kept")
    page.locator("#id_text").fill("已按时答复")
    save(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Start work", exact=True).click()
    for button, field in (("Resolved", "#id_outcome"), ("Reply to the customer", "#id_reply")):
        dialog(page, button)
        page.locator(field).fill("已上门安装，书面道歉已送达")
        save(page)
    dialog(page, "Close")
    save(page)
    expect(page.locator(".way__step--past").last).to_contain_text("Closed")
    made.case.refresh_from_db()
    assert made.case.state == "closed"
    page.goto(f"/complaints/{made.number}/record/")
    expect(page.locator("main")).to_contain_text("第三次：理由")
    expect(page.locator("main")).not_to_contain_text(PHONE)


def test_the_person_it_is_about_tries_every_door_and_learns_nothing(journey: Journey) -> None:
    world = journey.world
    policies(journey)
    made = complaint(world, level="major")
    concerned = journey.visit(world.colleague)
    concerned.expected |= {403, 404}
    page = concerned.page
    number = made.number
    doors = [
        "/desk/",
        "/cases/",
        f"/cases/?q={number}",
        f"/cases/?q={SECRET}",
        f"/cases/?q={PHONE}",
        f"/cases/?customer={world.customer.pk}",
        "/complaints/",
        "/complaints/?stage=complaint",
        "/suggestions/",
        f"/cases/{number}/",
        f"/cases/{number}/print/",
        f"/cases/{number}/files/",
        f"/cases/{number}/do/note/",
        f"/cases/{number}/do/hand_over/",
        f"/cases/{number}/numbers/",
        f"/cases/{number}/since/",
        f"/cases/{number}/people/?q=a",
        f"/complaints/{number}/record/",
        f"/complaints/{number}/record/pdf/",
        f"/complaints/{number}/record/full/",
        f"/complaints/{number}/reveal/",
        f"/complaints/{number}/do/decide/",
        f"/complaints/{number}/do/call_in/",
        f"/customers/{world.customer.pk}/",
        f"/customers/{world.customer.pk}/cases/",
        f"/customers/{world.customer.pk}/history/",
        f"/complaints/suggest/cases/?q={number}",
        "/notices/",
        "/quality/violations/",
        "/minutes/",
        f"/api/v1/complaints/{number}/",
        "/api/v1/complaints/",
        f"/api/v1/cases/{number}/",
        f"/api/v1/cases/?q={number}",
        "/admin/",
    ]
    for door in doors:
        resolve(urlsplit(door).path)  # an address that does not exist would prove nothing
        answer = page.request.get(door)
        assert answer.status < 500, door
        said = answer.text()
        # what was asked for may be told back as the words of a search, never as something found
        for secret in (WHO, SECRET, PHONE, "书面道歉", f"/cases/{number}/"):
            asked = secret in door or (secret == f"/cases/{number}/" and number in door)
            assert asked or secret not in said, (door, secret)
    page.goto(f"/cases/?q={number}")
    expect(page.locator(".empty__title")).to_have_text("No case is like this")
    page.goto("/complaints/")
    expect(page.locator(".empty__title")).to_have_text("No complaint is yours")
    hidden = page.goto(f"/cases/{number}/")
    missing = page.request.get("/cases/CMP-20200101-0001/")
    assert hidden is not None
    assert (hidden.status, missing.status) == (404, 404)
    page.goto("/desk/")
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")
    circle = journey.visit(world.agent).page
    circle.goto(made.case.get_absolute_url())
    note(case=made.case, actor=world.agent, text="已听取录音")  # every open page that may know of it is told
    expect(circle.locator("#case-live")).to_contain_text("已听取录音")
    expect(page.locator("body")).not_to_contain_text(number)
    expect(page.locator("#bell .bell__count")).to_have_count(0)
