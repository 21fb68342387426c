"""A shift at the front desk without a mouse: log-in, the first call, the closed case, the search, the log-out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from service_desk.cases.models import Case, CaseWatch, HandOver, Promise
from service_desk.deadlines.clock import now
from tests.factories import PASSWORD, World
from tests.journeys.conftest import Journey
from tests.journeys.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

FAULT = "夜间光口误码增多"
HIDDEN_WORDS = "备件已从库房领出请带防静电手环再进机房"
MOST_TABS = 120


@dataclass
class Shift:
    """One case through a day, and the two who hold it."""

    journey: Journey
    agent: Page
    colleague: Page
    case: Case

    @property
    def world(self) -> World:
        return self.journey.world


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus; nothing is reached in any other way."""
    expect(target).to_be_visible()
    for _press in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def log_in(visitor: Visitor, username: str) -> Page:
    page = visitor.page
    page.goto("/")
    tab_to(page, page.get_by_label("User name"))
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/desk/$"))
    page.wait_for_load_state()  # the keys work once their script has run
    return page


def register_a_known_customer(page: Page) -> Case:
    """`g` `r`, the customer by pinyin initials, its product, the fault; no more than that is asked of a known one."""
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile(r"/register/$"))
    expect(page.get_by_role("combobox", name="Customer unit")).to_be_focused()
    page.keyboard.type("szsqxj")
    expect(page.get_by_role("option", name="深圳市气象局")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Product type")).to_have_value("基站主设备")
    tab_to(page, page.get_by_label("Fault in brief"))
    page.keyboard.insert_text(FAULT)
    page.keyboard.press("Alt+r")  # C15: all four are read back
    expect(page.get_by_label("Matter")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cases/CALL-\d{8}-\d{4}/$"))
    return Case.objects.get(number=page.url.rstrip("/").rpartition("/")[2])


def press(page: Page, action: str) -> None:
    """One of the case's actions."""
    tab_to(page, page.locator("#actions").get_by_role("button", name=action, exact=True))
    page.keyboard.press("Enter")


def dialog_of(page: Page, action: str) -> Locator:
    press(page, action)
    dialog = page.locator("#desk-dialog")
    expect(dialog.get_by_role("heading", name=action)).to_be_visible()
    return dialog


def save(page: Page, shown: str) -> None:
    """Ctrl+Enter; the case says what was done."""
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-dialog")).to_be_hidden()
    expect(page.locator(".timeline")).to_contain_text(shown)


def write(page: Page, action: str, text: str) -> None:
    """An action that asks for words first."""
    dialog = dialog_of(page, action)
    tab_to(page, dialog.locator("textarea").first)
    page.keyboard.insert_text(text)
    save(page, text)


def choose(page: Page, options: Locator, value: str) -> None:
    """A radio button by the arrow keys."""
    tab_to(page, options.first)
    page.keyboard.press("Space")
    for _press in range(options.count()):
        if options.and_(page.locator(f"[value={value}]")).is_checked():
            return
        page.keyboard.press("ArrowDown")
    expect(options.and_(page.locator(f"[value={value}]"))).to_be_checked()


def person(page: Page, dialog: Locator, label: str, typed: str, name: str) -> None:
    """Somebody by type-ahead."""
    tab_to(page, dialog.get_by_role("combobox", name=label))
    page.keyboard.type(typed)
    expect(page.get_by_role("option", name=name)).to_be_visible()
    page.keyboard.press("Enter")


def test_a_shift_from_log_in_to_log_out_with_the_keyboard_alone(journey: Journey) -> None:
    agent = log_in(journey.visit(), journey.world.agent.username)
    case = register_a_known_customer(agent)
    shift = Shift(journey, agent, log_in(journey.visit(), journey.world.colleague.username), case)
    an_expert_is_asked_and_answers(shift)
    the_first_responder_grades_and_begins(shift)
    the_customer_is_told_and_promised_something(shift)
    a_note_names_a_colleague(shift)
    the_case_waits_and_goes_on(shift)
    it_is_handed_over_and_accepted(shift)
    the_colleague_brings_it_to_its_end(shift)
    it_is_found_by_a_word_inside_a_sentence(shift)
    the_shift_ends(shift)


def an_expert_is_asked_and_answers(shift: Shift) -> None:
    page = shift.agent
    dialog = dialog_of(page, "Ask an expert")
    person(page, dialog, "Expert", "engineer", "员工engineer")
    tab_to(page, dialog.get_by_label("Question"))
    page.keyboard.insert_text("光功率偏低是否属于模块老化")
    save(page, "光功率偏低是否属于模块老化")
    expert = shift.journey.visit(shift.world.engineer).page
    expert.goto(shift.case.get_absolute_url())
    write(expert, "Answer as expert", "是，先清洁尾纤再更换模块")
    expert.close()
    expect(page.locator(".timeline")).to_contain_text("是，先清洁尾纤再更换模块")  # by itself


def the_first_responder_grades_and_begins(shift: Shift) -> None:
    page = shift.agent
    dialog = dialog_of(page, "Grade the severity")
    choose(page, dialog.locator("input[name=severity]"), "minor")
    save(page, "Severity graded: Minor")
    press(page, "Start work")
    expect(page.locator(".timeline")).to_contain_text("Work started")


def the_customer_is_told_and_promised_something(shift: Shift) -> None:
    page = shift.agent
    write(page, "Tell the customer", "工程师今天下午到场清洁尾纤")
    dialog = dialog_of(page, "Promise something")
    tab_to(page, dialog.get_by_label("What is promised"))
    page.keyboard.insert_text("到场前半小时来电")
    tab_to(page, dialog.get_by_label("Until"))
    until = (now() + timedelta(hours=2)).astimezone(ZoneInfo(settings.TIME_ZONE))
    page.keyboard.type(f"{until:%Y-%m-%d %H:%M}")
    save(page, "到场前半小时来电")
    write(page, "Promise kept", "已提前来电")
    assert Promise.objects.get(case=shift.case).state == "kept"


def a_note_names_a_colleague(shift: Shift) -> None:
    page = shift.agent
    dialog = dialog_of(page, "Add a note")
    tab_to(page, dialog.get_by_label("Note"))
    page.keyboard.insert_text(HIDDEN_WORDS)
    page.keyboard.type("@eng")
    expect(page.get_by_role("option", name="员工engineer")).to_be_visible()
    page.keyboard.press("Enter")
    save(page, HIDDEN_WORDS)
    assert CaseWatch.objects.get(case=shift.case).staff == shift.world.engineer


def the_case_waits_and_goes_on(shift: Shift) -> None:
    page = shift.agent
    dialog = dialog_of(page, "Wait")
    choose(page, dialog.locator("input[name=waiting_for]"), "customer")
    tab_to(page, dialog.locator("textarea"))
    page.keyboard.insert_text("等客户开机房门")
    save(page, "等客户开机房门")
    press(page, "Resume work")
    expect(page.locator(".timeline")).to_contain_text("Work resumed")


def it_is_handed_over_and_accepted(shift: Shift) -> None:
    page = shift.agent
    dialog = dialog_of(page, "Hand over")
    person(page, dialog, "Receiver", "colleague", "员工colleague")
    for label, text in (
        ("What was done", "尾纤已清洁"),
        ("What remains", "更换光模块并观察"),
        ("What was promised", "没有未兑现的承诺"),
    ):
        tab_to(page, dialog.get_by_label(label))
        page.keyboard.insert_text(text)
    save(page, "更换光模块并观察")
    colleague = shift.colleague
    colleague.reload()
    expect(colleague.locator("main")).to_contain_text("更换光模块并观察")  # on my desk, with what I must know
    colleague.goto(shift.case.get_absolute_url())
    press(colleague, "Accept the hand-over")
    expect(colleague.locator(".timeline")).to_contain_text("Hand-over accepted")
    assert HandOver.objects.get(case=shift.case).state == "accepted"


def the_colleague_brings_it_to_its_end(shift: Shift) -> None:
    page = shift.colleague
    write(page, "Service restored", "更换光模块后误码消失")
    write(page, "Resolved", "光模块老化，已更换")
    write(page, "Reply to the customer", "故障原因是光模块老化，现已更换并恢复")
    dialog_of(page, "Close")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline").get_by_text("Closed", exact=True)).to_be_visible()
    shift.case.refresh_from_db()
    assert (shift.case.state, shift.case.handler) == ("closed", shift.world.colleague)
    assert shift.case.first_responder == shift.world.agent  # C5: to the end


def it_is_found_by_a_word_inside_a_sentence(shift: Shift) -> None:
    page = shift.agent
    page.keyboard.press("/")
    expect(page.locator("#desk-search")).to_be_focused()
    page.keyboard.insert_text("防静电手环")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(shift.case.number)


def the_shift_ends(shift: Shift) -> None:
    page = shift.agent
    tab_to(page, page.locator(".person-button"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Log out"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/login/"))
