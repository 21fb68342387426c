"""The main job, end to end: a critical CALL is registered by keyboard, and at four hours two general managers know."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.local.processes import poll_until
from service_desk.notices.models import Notice
from service_desk.people.models import Staff
from tests.factories import PASSWORD, shift_time
from tests.journeys.conftest import Journey, text_of
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

FAULT = "整站断站，话务全阻"
DONE = "已切换至备用传输，现场更换主控板"


@dataclass
class Story:
    """One emergency, as the front desk and the others see it."""

    journey: Journey
    agent: Visitor
    case: Case

    @property
    def page(self) -> Page:
        return self.agent.page

    def told(self, person: Staff) -> Locator:
        """The line of `person` in the emergency's list of who was told."""
        name = self.page.locator(".telling__who", has_text=person.full_name)
        return self.page.locator(".emergency .telling").filter(has=name)

    def pass_time(self, **ago: float) -> None:
        """Move the case and its clocks into the past, in the database."""
        shift_time(self.case, **ago)

    def pass_time_to_the_next_step(self) -> None:
        """Let the emergency's next step be due now."""
        step_at = self.case.deadlines.get(kind="emergency").next_at
        assert step_at is not None
        shift_time(self.case, seconds=(step_at - now()).total_seconds())


def log_in(visitor: Visitor, person: Staff) -> None:
    """Through the log-in page, by keyboard."""
    page = visitor.page
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/login/"))
    page.get_by_label("User name").focus()
    page.keyboard.type(person.username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/desk/$"))
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")


def register_by_keyboard(page: Page) -> str:
    """From my desk to the case without touching the mouse; gives the number."""
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile(r"/register/$"))
    customer = page.get_by_role("combobox", name="Customer unit")
    expect(customer).to_be_focused()
    page.keyboard.type("szsft")
    expect(page.get_by_role("option", name="深圳市福田区政务服务中心")).to_be_visible()
    page.keyboard.press("Enter")
    expect(customer).to_have_value("深圳市福田区政务服务中心")
    expect(page.locator("#register-card")).to_contain_text("深圳市福田区政务服务中心")
    tab_to(page, page.get_by_role("combobox", name="Product type"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="基站主设备")).to_be_visible()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Fault in brief"))
    page.keyboard.insert_text(FAULT)
    tab_to(page, page.locator("#id_severity"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=severity][value=critical]")).to_be_checked()
    expect(page.locator(".register__critical")).to_be_visible()
    expect(page.locator("#register-subject")).to_have_text(f"深圳市福田区政务服务中心 基站主设备 {FAULT}")
    page.keyboard.press("Alt+r")
    expect(page.get_by_label("Matter")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/CALL-\d{8}-\d{4}/$"))
    return page.url.rstrip("/").rpartition("/")[2]


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus."""
    for _press in range(24):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def do(page: Page, action: str, text: str = "") -> None:
    """Press one of the case's actions; where it asks for words, answer in the dialog."""
    page.locator(".moves").get_by_role("button", name=action, exact=True).click()
    if text:
        dialog = page.locator("#desk-dialog")
        dialog.locator("textarea").fill(text)
        dialog.locator("button.button--primary").click()


def step(page: Page) -> Locator:
    """Where the case stands on its way."""
    return page.locator(".way [aria-current=step]")


def test_C7_from_log_in_to_the_acknowledged_notices_of_both_general_managers(journey: Journey) -> None:
    agent = journey.visit()
    log_in(agent, journey.world.agent)
    number = register_by_keyboard(agent.page)
    story = Story(journey, agent, Case.objects.get(number=number))
    the_clocks_run(story)
    duty_manager_and_chief_know_at_once(story)
    work_begins_and_the_chief_acknowledges(story)
    silence_is_repeated_and_goes_one_step_up(story)
    the_group_is_called_at_two_hours(story)
    the_handler_is_warned_at_three_hours(story)
    both_general_managers_are_told_at_four_hours(story)
    one_acknowledges_by_the_link_the_other_on_the_screen(story)
    who_has_acknowledged_is_left_in_peace(story)
    restoration_stops_the_chain_and_tells_the_same_people(story)
    the_case_is_closed_only_after_the_reply(story)
    assert agent.pages_seen >= 4


def the_clocks_run(story: Story) -> None:
    page, case = story.page, story.case
    assert case.subject == f"深圳市福田区政务服务中心 基站主设备 {FAULT}"
    assert case.severity == "critical"
    assert case.first_responder == story.journey.world.agent
    expect(page.locator(".emergency[data-running]")).to_be_visible()
    clock = page.locator(".emergency desk-clock .clock__time")
    shown = clock.inner_text()
    assert re.fullmatch(r"0[34]:\d\d:\d\d", shown), shown
    expect(clock).not_to_have_text(shown)
    for kind in ("First response", "Restoration", "Solution"):
        expect(page.locator("desk-clock", has_text=kind).first).to_have_attribute("data-ticking", "")


def duty_manager_and_chief_know_at_once(story: Story) -> None:
    mail, world = story.journey.mail, story.journey.world
    for person in (world.manager, world.chief):
        letter = text_of(mail.wait(person, story.case.number, "Emergency"))
        assert f"Customer: {world.customer.name}" in letter
        # without a reload: the page hears of each delivery
        expect(story.told(person)).to_contain_text(re.compile("e-mail: ?(delivered|sent)", re.IGNORECASE))
        expect(story.told(person)).to_contain_text("waiting for acknowledgement")


def work_begins_and_the_chief_acknowledges(story: Story) -> None:
    page, world = story.page, story.journey.world
    do(page, "Start work")
    expect(step(page)).to_contain_text("In progress")
    do(page, "Add a note", DONE)
    expect(page.locator(".timeline")).to_contain_text(DONE)
    chief = story.journey.visit(world.chief).page
    chief.goto("/desk/")
    chief.locator(".answer", has_text=story.case.number).get_by_role("button", name="Acknowledge").click()
    expect(chief.locator(".answer", has_text=story.case.number)).to_have_count(0)
    expect(story.told(world.chief)).to_contain_text("acknowledged")


def silence_is_repeated_and_goes_one_step_up(story: Story) -> None:
    """15 minutes without an answer of the duty manager: told again, and whoever stands one step above too."""
    mail, world = story.journey.mail, story.journey.world
    story.pass_time(minutes=16)
    mail.wait(world.manager, story.case.number, "Repeat 1")
    mail.wait(world.head, story.case.number, f"Not acknowledged by {world.manager.full_name}")
    expect(story.told(world.head)).to_be_visible()
    assert mail.to(world.chief, story.case.number, "Repeat") == []
    manager = story.journey.visit(world.manager).page
    manager.goto("/notices/?show=waiting")
    manager.locator(".notice", has_text=story.case.number).first.get_by_role("button", name="Acknowledge").click()
    expect(manager.locator(".notice--open", has_text=story.case.number)).to_have_count(0)
    expect(story.told(world.manager)).to_contain_text("acknowledged")


def the_group_is_called_at_two_hours(story: Story) -> None:
    mail, world = story.journey.mail, story.journey.world
    assert mail.to(world.group, story.case.number) == []
    story.pass_time_to_the_next_step()
    letter = text_of(mail.wait(world.group, story.case.number, "the emergency handling group is called"))
    assert re.search(r"^Elapsed: 2 h( 0 min)?$", letter, re.MULTILINE), letter
    expect(story.told(world.group)).to_be_visible()


def the_handler_is_warned_at_three_hours(story: Story) -> None:
    mail, world = story.journey.mail, story.journey.world
    story.pass_time_to_the_next_step()
    mail.wait(world.agent, story.case.number, "the general managers will be told soon")
    for manager in (world.gm_marketing, world.gm_product):
        assert mail.to(manager, story.case.number) == []


def both_general_managers_are_told_at_four_hours(story: Story) -> None:
    mail, world, case = story.journey.mail, story.journey.world, story.case
    story.pass_time_to_the_next_step()
    for manager in (world.gm_marketing, world.gm_product):
        letter = text_of(mail.wait(manager, case.number, "not restored after 4 hours"))
        assert f"Customer: {world.customer.name}" in letter
        assert f"Subject: {case.subject}" in letter
        assert re.search(r"^Elapsed: 4 h( 0 min)?$", letter, re.MULTILINE), letter
        assert f"Done so far: {DONE}" in letter
        assert f"Held by: {world.agent.full_name}" in letter
        expect(story.told(manager)).to_contain_text(re.compile("e-mail: ?(delivered|sent)", re.IGNORECASE))
        expect(story.told(manager)).to_contain_text("waiting for acknowledgement")
    expect(story.page.locator(".emergency desk-clock")).to_have_attribute("data-tone", "late")


def one_acknowledges_by_the_link_the_other_on_the_screen(story: Story) -> None:
    mail, world, case = story.journey.mail, story.journey.world, story.case
    letter = text_of(mail.wait(world.gm_marketing, case.number, "not restored after 4 hours"))
    link = re.search(r"http://\S+/n/\S+", letter)
    assert link, letter
    by_link = story.journey.visit().page
    by_link.goto(link[0])
    expect(by_link.locator("main")).to_contain_text(world.customer.name)
    notice = Notice.objects.get(recipient=world.gm_marketing, about=f"case:{case.pk}", level="emergency")
    assert notice.acked_at is None  # looking is not acknowledging: mail scanners look too
    by_link.get_by_role("button", name="Acknowledge").click()
    expect(by_link.locator("main")).to_contain_text("Thank you")
    expect(story.told(world.gm_marketing)).to_contain_text("acknowledged")

    on_screen = story.journey.visit()
    log_in(on_screen, world.gm_product)
    on_screen.page.locator(".answer", has_text=case.number).get_by_role("button", name="Acknowledge").click()
    expect(on_screen.page.locator(".answer", has_text=case.number)).to_have_count(0)
    expect(story.told(world.gm_product)).to_contain_text("acknowledged")
    ways = Notice.objects.filter(slot__startswith="gm_", about=f"case:{case.pk}").values_list("slot", "acked_via")
    assert dict(ways) == {"gm_marketing": "link", "gm_product": "screen"}


def who_has_acknowledged_is_left_in_peace(story: Story) -> None:
    """16 minutes on, the group, who has not answered, is told again; that repeat shows that repeats went out."""
    mail, world, number = story.journey.mail, story.journey.world, story.case.number
    group = len(mail.to(world.group, number, "Repeat"))
    answered = (world.gm_marketing, world.gm_product, world.chief)
    before = [len(mail.to(person, number)) for person in answered]
    story.pass_time(minutes=16)
    mail.wait(world.group, number, "Repeat", count=group + 1)
    assert [len(mail.to(person, number)) for person in answered] == before
    assert mail.to(world.gm_product, number, "Repeat") == []


def restoration_stops_the_chain_and_tells_the_same_people(story: Story) -> None:
    page, mail, world, case = story.page, story.journey.mail, story.journey.world, story.case
    do(page, "Service restored", "更换主控板后业务恢复")
    expect(step(page)).to_contain_text("Restored")
    expect(page.locator(".emergency[data-running]")).to_have_count(0)
    for person in (world.manager, world.chief, world.head, world.group, world.agent):
        mail.wait(person, case.number, "is restored")
    for person in (world.gm_marketing, world.gm_product):
        assert "更换主控板后业务恢复" in text_of(mail.wait(person, case.number, "is restored"))
    expect(story.told(world.group)).to_contain_text("no longer needed")
    assert not Notice.objects.filter(about=f"case:{case.pk}", next_repeat_at__isnull=False).exists()
    assert poll_until(lambda: case.deadlines.get(kind="emergency").next_at is None, seconds=10)


def the_case_is_closed_only_after_the_reply(story: Story) -> None:
    page, number = story.page, story.case.number
    do(page, "Resolved", "主控板硬件故障，已更换并观察一小时")
    expect(step(page)).to_contain_text("Resolved")
    page.locator(".moves__not summary").click()
    expect(page.locator(".moves__not li", has_text="Close")).to_contain_text("No reply to the customer is recorded")
    page.goto(f"/cases/{number}/do/close/")
    expect(page.locator("main")).to_contain_text("No reply to the customer is recorded")
    expect(page.locator("main").get_by_role("button", name="Close")).to_have_count(0)
    page.goto(f"/cases/{number}/")
    do(page, "Reply to the customer", "贵单位业务已恢复，原因是主控板故障，已更换")
    expect(step(page)).to_contain_text("Replied")
    page.locator(".moves").get_by_role("button", name="Close", exact=True).click()
    page.locator("#desk-dialog button.button--primary").click()
    expect(page.locator(".way__step--past", has_text="Closed")).to_be_visible()
    story.case.refresh_from_db()
    assert story.case.state == "closed"
