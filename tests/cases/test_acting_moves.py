"""Moves through the screen: what is allowed now, what is refused and in which words, and what is never lost."""

from __future__ import annotations

import re

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES, SEVERITY_MEANING
from tests.cases.pages import HTMX, browser, post, text_of, url
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def whole_life(desk: World) -> Case:
    return desk.register(severity="minor")


def test_life_cycle_runs_from_registered_to_closed_through_the_screen(desk: World) -> None:
    case, agent = whole_life(desk), browser(desk.agent)
    assert post(agent, case, "start").status_code == 302
    assert post(agent, case, "wait", waiting_for="part", text="等备件").status_code == 302
    assert post(agent, case, "resume").status_code == 302
    assert post(agent, case, "restore", text="已恢复").status_code == 302
    assert post(agent, case, "resolve", outcome="更换主控板").status_code == 302
    assert post(agent, case, "reply", reply="已修复，请您观察", channel="phone").status_code == 302
    assert post(agent, case, "close").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.outcome, case.reply) == ("closed", "更换主控板", "已修复，请您观察")


@pytest.mark.parametrize("verb", list(MOVES))
def test_every_move_has_its_page_with_a_form_or_a_reason(desk: World, verb: str) -> None:
    case = desk.register(severity="minor")
    page = browser(desk.agent).get(url(case, verb))
    assert page.status_code == 200
    assert ('<form class="form"' in page.content.decode()) != bool(page.context["why_not"])


def test_C2_grade_spells_out_each_severity_and_warns_that_it_never_changes(desk: World) -> None:
    page = text_of(browser(desk.agent).get(url(desk.register(), "grade")))
    assert all(str(meaning) in page for meaning in SEVERITY_MEANING.values())
    assert "never changes" in page


def test_C2_grading_twice_is_refused_and_points_to_the_impact_observation(desk: World) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    answer = post(agent, case, "grade", severity="critical")
    assert answer.status_code == 409
    assert "it never changes. Record an impact observation." in text_of(answer)
    case.refresh_from_db()
    assert case.severity == "minor"


def test_C2_only_the_first_responder_grades_and_the_refusal_is_audited(desk: World) -> None:
    case = desk.register(actor=desk.agent)
    answer = post(browser(desk.engineer), case, "grade", severity="minor")
    assert answer.status_code == 403
    assert "Only the first responder grades the severity." in text_of(answer)
    assert AuditEntry.objects.filter(verb="case.grade", outcome="refused", actor_id=desk.engineer.pk).count() == 1
    assert AuditEntry.objects.get(verb="case.grade", outcome="refused").door == "screen"


def test_C2_unqualified_first_responder_reads_why_beside_the_greyed_button(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    page = text_of(browser(desk.colleague).get(case.get_absolute_url()))
    assert "You are not qualified to grade this product type; ask an expert of the product centre." in page


def test_C5_resolving_without_outcome_and_closing_without_reply_say_what_is_missing(desk: World) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    actions.start(case=case, actor=desk.agent)
    answer = post(agent, case, "resolve", outcome="   ")
    assert answer.status_code == 422
    assert answer.context["form"].errors["outcome"]
    actions.resolve(case=case, actor=desk.agent, outcome="查明")
    refused = post(agent, case, "close")
    assert refused.status_code == 409
    assert "No reply to the customer is recorded." in text_of(refused)


def test_C5_ungraded_case_is_not_resolved_and_the_missing_grade_is_named(desk: World) -> None:
    case, agent = desk.register(), browser(desk.agent)
    actions.start(case=case, actor=desk.agent)
    answer = post(agent, case, "resolve", outcome="查明")
    assert answer.status_code == 409
    assert "The first responder has not graded the severity yet." in text_of(answer)


def test_C5_who_does_not_hold_the_case_may_not_move_it(desk: World) -> None:
    case = desk.register(severity="minor")
    answer = post(browser(desk.colleague), case, "start")
    assert answer.status_code == 403
    assert "Only the handler, the first responder or a supervisor may do this." in text_of(answer)
    assert Case.objects.get(pk=case.pk).state == "registered"


def test_C7_emergency_is_neither_paused_nor_cancelled_nor_resolved_before_restoration(desk: World) -> None:
    case, agent = desk.register(severity="critical"), browser(desk.agent)
    actions.start(case=case, actor=desk.agent)
    assert "An emergency process is never paused." in text_of(post(agent, case, "wait", waiting_for="part", text="x"))
    assert "restoration is not solution" in text_of(post(agent, case, "resolve", outcome="x"))
    cancelled = post(browser(desk.manager), case, "cancel", text="x")
    assert "The emergency process is running; restore the service first." in text_of(cancelled)


def test_C7_observation_of_the_impact_starts_the_emergency_process_and_leaves_the_grade(desk: World) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    assert post(agent, case, "observe", level="critical", text="全网中断", start_process="on").status_code == 302
    case.refresh_from_db()
    assert (case.severity, case.emergency_started_at is not None) == ("minor", True)
    assert "Start the emergency process now" not in text_of(agent.get(url(case, "observe")))


def test_two_browsers_on_one_case_the_slower_reads_what_happened_and_loses_nothing(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    slow = browser(desk.manager)
    opened = slow.get(url(case, "resolve"))
    hidden = dict(re.findall(r'name="(version|seen)" value="(\d+)"', opened.content.decode()))
    actions.tell(case=case, actor=desk.agent, text="工程师 14:00 到", channel="phone")
    answer = slow.post(url(case, "resolve"), {**hidden, "outcome": "更换主控板，写了很久"})
    assert answer.status_code == 412
    words = text_of(answer)
    assert "Somebody else has changed this in the meantime." in words
    assert "员工agent · Told the customer: Phone: 工程师 14:00 到" in words
    assert "更换主控板，写了很久" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "in_progress"
    again = dict(re.findall(r'name="(version|seen)" value="(\d+)"', answer.content.decode()))
    assert slow.post(url(case, "resolve"), {**again, "outcome": "更换主控板，写了很久"}).status_code == 302
    case.refresh_from_db()
    assert case.outcome == "更换主控板，写了很久"


def test_what_was_typed_stays_even_when_the_move_has_become_impossible(desk: World) -> None:
    case, slow = desk.register(severity="minor"), browser(desk.manager)
    actions.start(case=case, actor=desk.agent)
    before = Case.objects.get(pk=case.pk).version
    actions.restore(case=case, actor=desk.agent, text="好了")
    answer = slow.post(url(case, "restore"), {"version": before, "seen": 0, "text": "我也修好了"})
    assert answer.status_code == 412
    assert "我也修好了" in answer.content.decode()
    assert answer.context["why_not"]


def test_a_note_is_added_even_when_the_case_has_moved_on(desk: World) -> None:
    case = desk.register(severity="minor")
    before = case.version
    actions.start(case=case, actor=desk.agent)
    answer = browser(desk.colleague).post(url(case, "note"), {"version": before, "seen": 1, "text": "备件在路上"})
    assert answer.status_code == 302
    assert case.events.filter(type="note", text="备件在路上").count() == 1


@pytest.mark.parametrize(
    ("verb", "answers"),
    [
        ("note", {"text": "一条备注"}),
        ("tell", {"text": "已派人", "channel": "phone"}),
        ("start", {}),
        ("cancel", {"text": "重复"}),
    ],
)
def test_a_double_submit_changes_nothing_more_and_says_so(desk: World, verb: str, answers: dict[str, str]) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    data = {"version": case.version, "seen": case.events.latest("pk").pk, **answers}
    first = agent.post(url(case, verb), data, follow=True)
    second = agent.post(url(case, verb), data, follow=True)
    assert "Saved:" in text_of(first)
    assert "This had been saved already:" in text_of(second)
    assert Case.objects.get(pk=case.pk).version == case.version + 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("有\x00空字符", 422),
        ("长" * 10_000, 422),
        ("\u202e从右到左 🚨👩‍🚒", 302),
        ("<script>alert(1)</script>", 302),
        ("   ", 422),
    ],
)
@pytest.mark.parametrize("verb", ["note", "tell", "observe", "arrive", "cancel"])
def test_odd_text_gets_a_plain_answer_beside_the_field(desk: World, verb: str, text: str, status: int) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    if verb == "arrive":
        actions.start(case=case, actor=desk.agent)
        status = 302 if text == "   " else status
    answer = post(agent, case, verb, text=text, channel="phone", level="minor")
    assert answer.status_code == status
    if status == 422:
        assert "text" in answer.context["form"].errors
    else:
        assert "<script>alert" not in agent.get(case.get_absolute_url()).content.decode()


@pytest.mark.parametrize("version", ["", "abc", "-1", "99999999999999999999", "1\x00"])
def test_odd_hidden_fields_are_refused_in_words(desk: World, version: str) -> None:
    case = desk.register(severity="minor")
    answer = browser(desk.agent).post(url(case, "note"), {"version": version, "seen": "x", "text": "备注"})
    assert answer.status_code == 422
    assert not case.events.filter(type="note").exists()


def test_htmx_gets_the_form_for_the_dialog_and_is_told_where_to_go(desk: World) -> None:
    case, agent = desk.register(severity="minor"), browser(desk.agent)
    dialog = agent.get(url(case, "note"), headers=HTMX).content.decode()
    assert "<html" not in dialog
    assert 'hx-target="#desk-dialog-body"' in dialog
    seen = case.events.latest("pk").pk
    done = agent.post(url(case, "note"), {"version": case.version, "seen": seen, "text": "备注"}, headers=HTMX)
    assert (done.status_code, done.headers["HX-Redirect"]) == (204, case.get_absolute_url())


def test_htmx_sees_the_words_of_a_refusal_for_lack_of_rights(desk: World) -> None:
    case = desk.register(severity="minor")
    answer = browser(desk.colleague).post(url(case, "start"), {"version": 1, "seen": 0}, headers=HTMX)
    assert answer.status_code == 409
    assert "Only the handler" in text_of(answer)


def test_unknown_case_unknown_move_and_foreign_case_are_all_simply_not_there(desk: World) -> None:
    case, outsider = desk.register(severity="minor"), browser(desk.colleague)
    agent = browser(desk.agent)
    assert agent.get("/cases/CALL-20200101-0001/do/note/").status_code == 404
    assert agent.get(f"/cases/{case.number}/do/explode/").status_code == 404
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert outsider.get(url(case, "note")).status_code == 404
    assert browser(desk.manager).post(url(case, "note"), {"version": 1, "text": "x"}).status_code == 404


def test_nobody_acts_without_logging_in(desk: World, client: object) -> None:
    case = desk.register(severity="minor")
    answer = client.post(url(case, "start"), {"version": 1})  # type: ignore[attr-defined]
    assert (answer.status_code, answer.headers["Location"].startswith("/login/")) == (302, True)
