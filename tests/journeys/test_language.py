"""K3 in a browser: a banned phrase is underlined while typed, replaced by one press, stopped, let pass by a word."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Locator, Page, expect

from service_desk.cases.models import Case
from service_desk.cases.rules import CaseState
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions import approve, draft
from service_desk.knowledge.models import LanguageFinding, Phrase, PhraseUse, PhraseVersion
from service_desk.people.rules import Role
from tests.factories import staff
from tests.journeys.conftest import Journey

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
RUDE, KIND = "我就这态度", "请您原谅，这是我工作的疏忽。"


def book() -> None:
    """A phrasebook with one banned phrase and two to be used; the journeys share their database."""
    if Phrase.objects.filter(code="J1").exists():
        return
    author, approver = staff("", Role.FRONT_DESK), staff("", Role.SUPERVISOR)
    content = {
        "category": "unfriendly",
        "suggestions": [KIND],
        "must_hit": [f"{RUDE}。"],
        "must_not_hit": ["您好"],
    }
    drafts: list[PhraseVersion] = [
        draft(actor=author, code="J1", kind="banned", text=RUDE, content=content),
        draft(actor=author, code="J2", kind="approved", text="请稍等一下", content={}),
        draft(
            actor=author, code="J3", kind="approved", text="我是〔坐席姓名〕，我在〔今天四点〕前给您回电。", content={}
        ),
    ]
    approve(actor=approver, versions=drafts)


@pytest.fixture
def case(journey: Journey) -> Case:
    book()
    made = journey.world.register(severity="minor")
    Case.objects.filter(pk=made.pk).update(
        state=CaseState.RESOLVED, outcome="已更换光模块", resolved_at=now(), restored_at=now(), started_at=now()
    )
    return made


def reply_box(page: Page, case: Case) -> tuple[Locator, Locator]:
    page.goto(case.get_absolute_url())
    page.locator(".moves").get_by_role("button", name="Reply to the customer", exact=True).click()
    dialog = page.locator("#desk-dialog")
    box = dialog.locator("textarea")
    expect(box).to_be_focused()
    return dialog, box


def test_K3_underlined_while_typing_replaced_by_one_press_and_taken_back(journey: Journey, case: Case) -> None:
    page = journey.visit(journey.world.agent).page
    dialog, box = reply_box(page, case)
    box.press_sequentially(f"😀您好\n😀{RUDE}，请查收")
    mark = dialog.locator(".language__mirror mark")
    expect(mark).to_have_text(RUDE)  # a smiling face is two units in a browser and one code point for the server
    expect(dialog.locator(".language__note")).to_contain_text("Unfriendly, stops the sending")
    expect(page.locator("#desk-announcer")).to_contain_text(RUDE)
    described = box.get_attribute("aria-describedby") or ""
    assert "language-notes-" in described
    # lies on the words: the underline and the letters have the same line
    place, over = box.bounding_box(), dialog.locator(".language__mirror").bounding_box()
    assert place is not None
    assert over is not None
    assert abs(place["x"] - over["x"]) < 1
    assert abs(place["y"] - over["y"]) < 1
    box.press("Tab")
    instead = dialog.get_by_role("button", name=f"Replace with: {KIND}")
    expect(instead).to_be_focused()  # by the keyboard
    instead.press("Enter")
    # a sentence before a comma that stands there already does not end twice
    expect(box).to_have_value(f"😀您好\n😀{KIND.removesuffix('。')}，请查收")
    expect(mark).to_have_count(0)
    box.press("Control+z")
    expect(box).to_have_value(f"😀您好\n😀{RUDE}，请查收")
    expect(mark).to_have_text(RUDE)


def test_K3_only_the_changed_paragraph_is_asked_about_and_not_while_composing(journey: Journey, case: Case) -> None:
    visitor = journey.visit(journey.world.agent)
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.post_data or "") if r.url.endswith("/phrasebook/check/") else None)
    dialog, box = reply_box(page, case)
    first = "第一段" + "很长" * 30
    box.fill(f"{first}\n中间\n最后一段")
    with page.expect_response("**/phrasebook/check/"):
        box.press("ArrowUp")
        page.keyboard.insert_text("改")
    with page.expect_response("**/phrasebook/check/"):
        page.keyboard.insert_text("了")
    last = parse_qs(asked[-1])["text"][0]
    assert "改了" in last
    assert "第一段" not in last
    assert last.endswith("最后一段")
    # an input method composes: nothing is asked before it ends, and what it wrote is checked then
    client = page.context.new_cdp_session(page)
    count = len(asked)
    client.send("Input.imeSetComposition", {"text": "wojiuzhe", "selectionStart": 8, "selectionEnd": 8})
    page.wait_for_function("() => document.querySelector('#desk-dialog textarea').value.includes('wojiuzhe')")
    page.clock.install()
    page.clock.run_for(2_000)
    assert len(asked) == count
    client.send("Input.insertText", {"text": RUDE})
    page.clock.run_for(2_000)
    expect(dialog.locator(".language__mirror mark")).to_have_text(RUDE)


def test_K3_whom_an_article_is_for_decides_how_its_words_are_checked(journey: Journey) -> None:
    book()
    page = journey.visit(journey.world.agent).page
    page.goto("/knowledge/articles/new/")
    note = page.locator(".language__note")
    staff_only, everybody = (page.get_by_label(name) for name in ("Staff only", "Customers and staff"))
    staff_only.check()
    page.locator("#id_body").fill(f"不要说：{RUDE}。\n{RUDE}，您看着办。")
    expect(note.first).to_contain_text("Unfriendly")
    expect(note.filter(has_text="stops the sending")).to_have_count(0)
    with page.expect_request("**/phrasebook/check/"):  # the same words, asked once more because the readers changed
        everybody.check()
    expect(note.filter(has_text="stops the sending").first).to_be_visible()
    staff_only.check()
    expect(note.filter(has_text="stops the sending")).to_have_count(0)
    expect(note.first).to_contain_text("Unfriendly")


def test_K3_stopped_when_sent_and_let_pass_by_a_supervisor_with_a_reason(journey: Journey, case: Case) -> None:
    agent = journey.visit(journey.world.agent)
    agent.expected.add(409)
    dialog, box = reply_box(agent.page, case)
    box.fill(f"您好，{RUDE}。")
    dialog.locator("button.button--primary").click()
    expect(dialog.locator(".field__error")).to_contain_text("must not be sent to a customer")
    expect(dialog.locator(".field__error")).to_contain_text(KIND)
    expect(dialog.get_by_label("Why it goes to the customer all the same")).to_have_count(0)
    expect(box).to_have_value(f"您好，{RUDE}。")
    case.refresh_from_db()
    assert case.reply == ""

    chief = journey.visit(journey.world.chief)
    chief.expected.add(409)
    dialog, box = reply_box(chief.page, case)
    box.fill(f"您好，{RUDE}。")
    dialog.locator("button.button--primary").click()
    dialog.get_by_label("Why it goes to the customer all the same").fill("客户要求书面保留原话")
    dialog.locator("button.button--primary").click()
    expect(chief.page.locator(".timeline")).to_contain_text(RUDE)
    finding = LanguageFinding.objects.get(thing=f"case:{case.pk}", outcome="overridden")
    assert (finding.reason, finding.decided_by) == ("客户要求书面保留原话", journey.world.chief)


def test_K1_a_phrase_is_put_in_by_its_initials_with_its_slots(journey: Journey, case: Case) -> None:
    page = journey.visit(journey.world.agent).page
    dialog, box = reply_box(page, case)
    box.press_sequentially("您好，::qsdy")
    expect(dialog.get_by_role("option", name="请稍等一下")).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value("您好，请稍等一下")
    assert page.url.endswith(case.get_absolute_url())
    box.press_sequentially("。/ws")
    expect(dialog.get_by_role("listbox").get_by_role("option")).to_contain_text(str(journey.world.agent))
    box.press("Enter")
    expect(box).to_have_value(f"您好，请稍等一下。我是{journey.world.agent}，我在〔今天四点〕前给您回电。")
    page.keyboard.insert_text("明早九点")  # the open slot was chosen
    expect(box).to_have_value(f"您好，请稍等一下。我是{journey.world.agent}，我在明早九点前给您回电。")
    assert PhraseUse.objects.get(entry="J2").times == 1
    other = journey.visit(journey.world.colleague).page
    other.goto("/register/?fresh=1")
    line = other.locator("#id_fault")  # a line of text is a field as well
    line.press_sequentially("断站，::qsdy")
    expect(other.get_by_role("option", name="请稍等一下")).to_be_visible()
    line.press("Enter")
    expect(line).to_have_value("断站，请稍等一下")
