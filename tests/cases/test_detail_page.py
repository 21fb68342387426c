"""The page of one case: its facts, emergency, clocks with their explanation, stream, and what is hidden from whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES
from service_desk.customers.models import Contact, PhoneNumber
from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.deadlines.rules import Door
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def page_of(desk: World, case: Case, query: str = "", person: str = "agent") -> Any:
    return browser(desk.people[person]).get(case.get_absolute_url() + query)


def test_the_head_says_number_subject_grade_and_way(desk: World) -> None:
    case = desk.register(severity="major")
    response = page_of(desk, case)
    words = text_of(response)
    for expected in (case.number, case.subject, "Major", "graded by 员工agent"):
        assert expected in words
    assert [place for _state, _label, place in response.context["way"]] == ["here"] + ["ahead"] * 5


def test_every_move_is_either_offered_or_greyed_with_its_reason(desk: World) -> None:
    moves = page_of(desk, desk.register(severity="critical")).context["moves"]
    assert [move.verb for move in moves] == [verb for verb, move in MOVES.items() if not move.occasional]
    open_ones = {move.verb for move in moves if not move.why_not}
    along = {"start", "note", "tell", "observe", "hand_over", "promise"}
    assert open_ones == along | {"interval", "link", "split", "merge", "retype"}
    reasons = {move.verb: move.why_not for move in moves if move.why_not}
    assert reasons["grade"].startswith("The severity has been graded; it never changes.")
    assert reasons["cancel"] == "The emergency process is running; restore the service first."
    assert reasons["close"] == "Not possible while the case is: Registered."
    assert [move.verb for move in moves if move.next] == ["start"]


def test_who_may_only_read_sees_every_button_greyed_with_the_reason(desk: World) -> None:
    moves = page_of(desk, desk.register(severity="minor"), person="auditor").context["moves"]
    assert all(move.why_not for move in moves)
    assert {m.verb: m.why_not for m in moves}["start"].startswith("Only the handler, the first responder")


def test_C3_late_registration_is_marked_with_how_late(desk: World) -> None:
    case = desk.register(accepted_at=now() - timedelta(hours=30))
    assert "late, after 1 d 6 h" in text_of(page_of(desk, case))
    assert "registered late" not in text_of(page_of(desk, desk.register()))


def test_C5_first_responder_stays_named_beside_the_handler(desk: World) -> None:
    case = desk.register(severity="minor")
    facts: dict[str, Any] = {"done": "已登记", "remaining": "现场检查", "promised": "无"}
    actions.hand_over(case=case, actor=desk.agent, receiver=desk.engineer, **facts)
    actions.accept(case=case, actor=desk.engineer)
    words = text_of(page_of(desk, case))
    assert "First responder 员 员工agent 热线一科" in words
    assert "Handler 员 员工engineer 热线一科" in words


def test_C7_the_banner_says_since_when_who_was_told_and_who_answered(desk: World) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    acknowledge(notice=Notice.objects.get(recipient=desk.manager), actor=desk.manager, via="screen")
    response = page_of(desk, case)
    assert "Emergency process is running" in text_of(response)
    assert response.context["emergency_clock"].kind == "emergency"
    told = {telling.name: telling for telling in response.context["told"]}
    assert set(told) == {"员工manager", "员工chief"}
    assert told["员工manager"].acked_at is not None
    assert told["员工chief"].acked_at is None
    assert "waiting for acknowledgement" in text_of(response)


def test_C7_restoration_ends_the_banner_and_names_the_time(desk: World) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    actions.start(case=case, actor=desk.agent)
    actions.restore(case=case, actor=desk.agent, text="好了")
    words = text_of(page_of(desk, case))
    assert "Emergency process, ended" in words
    assert "no longer needed" in words


def test_the_stream_tells_people_clocks_and_notices_in_one_order(desk: World) -> None:
    case = desk.register(severity="critical", description="客户来电")
    sweep(Door.SENTINEL)
    actions.start(case=case, actor=desk.agent)
    actions.tell(case=case, actor=desk.agent, text="工程师已出发", channel="phone")
    actions.note(case=case, actor=desk.engineer, text="备件在路上")
    moments = page_of(desk, case).context["stream"].moments
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    assert {moment.anchor.partition("-")[0] for moment in moments} == {"event", "clock", "notice"}
    assert moments[-1].text == "备件在路上"
    html = page_of(desk, case).content.decode()
    assert f'id="{moments[-1].anchor}"' in html
    assert f'href="#{moments[-1].anchor}"' in html


@pytest.mark.parametrize(
    ("show", "sources", "count"),
    [
        ("people", {"event"}, 5),
        ("words", {"event"}, 1),
        ("clocks", {"clock", "notice"}, None),
        ("nonsense\x00", None, None),
    ],
)
def test_the_stream_is_filtered_by_the_address(
    desk: World, show: str, sources: set[str] | None, count: int | None
) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    actions.start(case=case, actor=desk.agent)
    actions.tell(case=case, actor=desk.agent, text="工程师已出发", channel="phone")
    moments = page_of(desk, case, f"?show={show}").context["stream"].moments
    assert sources is None or {moment.anchor.partition("-")[0] for moment in moments} == sources
    assert count is None or len(moments) == count


def test_a_very_long_stream_is_cut_and_offers_what_was_before(desk: World) -> None:
    case = desk.register(severity="minor")
    for index in range(160):
        actions.note(case=case, actor=desk.agent, text=f"第 {index} 条")
    short = page_of(desk, case).context["stream"]
    assert (short.cut, short.moments[-1].text) == (True, "第 159 条")
    assert len(short.moments) == 150
    whole = page_of(desk, case, "?all=1").context["stream"]
    assert (whole.cut, whole.moments[0].anchor.startswith("event")) == (False, True)


@pytest.mark.parametrize("notes", [1, 40])
def test_the_page_costs_the_same_number_of_queries_however_much_happened(
    desk: World, notes: int, django_assert_max_num_queries: Any
) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    for index in range(notes):
        actions.note(case=case, actor=desk.agent, text=f"第 {index} 条")
    agent = browser(desk.agent)
    agent.get(case.get_absolute_url())  # the first page of a session writes it
    with django_assert_max_num_queries(25):
        response = agent.get(case.get_absolute_url())
    assert len(response.context["stream"].moments) > notes


def test_repeated_and_climbing_notices_stand_one_by_one(desk: World) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    titles = [m.title for m in page_of(desk, case).context["stream"].moments if m.tellings]
    assert titles == [f"Emergency {case.number}: major fault at {desk.customer.name}"]


def test_htmx_gets_the_moving_part_alone(desk: World) -> None:
    case = desk.register(severity="minor")
    part = browser(desk.agent).get(case.get_absolute_url(), headers=HTMX).content.decode()
    assert "<html" not in part
    assert "What happened" in part
    assert f'data-refresh-case="{case.number}"' in page_of(desk, case).content.decode()


# Who may know of it ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rest", ["", "print/", "numbers/", "do/note/", "clocks/1/"])
def test_P6_a_case_one_may_not_see_is_simply_not_there(desk: World, rest: str) -> None:
    case = desk.register(severity="minor")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert browser(desk.manager).get(f"{case.get_absolute_url()}{rest}").status_code == 404


@pytest.mark.parametrize("number", ["CALL-20261121-0001", "call-1", "%00", "CALL-20261121-0001%00", "x" * 3000, "🚨"])
def test_what_is_no_number_is_not_found(desk: World, number: str) -> None:
    assert browser(desk.agent).get(f"/cases/{number}/").status_code == 404


# Numbers --------------------------------------------------------------------------------------------------------
def test_numbers_are_masked_and_shown_only_for_a_recorded_reason(desk: World) -> None:
    contact = Contact.objects.create(customer=desk.customer, name="王处长")
    PhoneNumber.objects.create(customer=desk.customer, contact=contact, raw="13900139001")
    case = desk.register(caller_phone="138 0013 8000", caller_name="张工")
    for address in ("", "print/"):
        words = text_of(page_of(desk, case, address))
        assert "138****8000" in words
        assert "13900139001" not in words
        assert "138 0013 8000" not in words
    agent = browser(desk.agent)
    assert "138 0013 8000" not in text_of(agent.get(f"{case.get_absolute_url()}numbers/"))
    shown = agent.post(f"{case.get_absolute_url()}numbers/", {"reason": "回电"})
    assert "138 0013 8000 张工" in text_of(shown)
    assert "13900139001 王处长" in text_of(shown)
    entry = AuditEntry.objects.get(verb="customer.reveal")
    assert (entry.thing, entry.actor_id, entry.detail["reason"]) == (f"case:{case.pk}", desk.agent.pk, "回电")


@pytest.mark.parametrize("reason", ["", "  ", "\x00", "x" * 10_000])
def test_no_number_without_a_reason_that_can_be_kept(desk: World, reason: str) -> None:
    case = desk.register(caller_phone="138 0013 8000")
    answer = browser(desk.agent).post(f"{case.get_absolute_url()}numbers/", {"reason": reason})
    assert answer.status_code == 422
    assert "138 0013 8000" not in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="customer.reveal").exists()


def test_who_only_reads_may_not_reveal_numbers(desk: World) -> None:
    case = desk.register(caller_phone="138 0013 8000")
    assert "Show in full" not in text_of(page_of(desk, case, person="auditor"))
    answer = browser(desk.auditor).post(f"{case.get_absolute_url()}numbers/", {"reason": "回电"})
    assert answer.status_code == 403
    assert AuditEntry.objects.filter(verb="customer.reveal", outcome="refused").count() == 1


# Explanations ---------------------------------------------------------------------------------------------------
def explanation(desk: World, case: Case, kind: str, **kwargs: Any) -> Any:
    clock = case.deadlines.get(kind=kind)
    return browser(desk.agent).get(f"{case.get_absolute_url()}clocks/{clock.pk}/", **kwargs)


def test_D9_an_elapsed_clock_explains_itself_with_policy_and_ladder(desk: World) -> None:
    case = desk.register(severity="critical")
    sweep(Door.SENTINEL)
    response = explanation(desk, case, "emergency")
    words = text_of(response)
    for expected in ("elapsed time, round the clock", "4 h", "version 1", "Duty manager", "do not stop this clock"):
        assert expected in words
    assert [rung.fired for rung in response.context["rungs"]] == [True, False, False, False]
    assert response.context["why"].due_at == case.deadlines.get(kind="emergency").due_at


def test_D9_pauses_are_named_with_their_reason(desk: World) -> None:
    case = desk.register(severity="major")
    actions.start(case=case, actor=desk.agent)
    shift_time(case, hours=1)
    actions.wait(case=case, actor=desk.agent, waiting_for="part", text="等备件")
    shift_time(case, hours=2)
    paused = explanation(desk, case, "solution")
    assert "Paused: the due time is known when the pause ends." in text_of(paused)
    left = paused.context["why"].remaining
    assert timedelta(hours=46, minutes=59) < left <= timedelta(hours=47)
    actions.resume(case=case, actor=desk.agent)
    words = text_of(explanation(desk, case, "solution"))
    assert "paused · 等备件" in words


def test_D9_working_days_are_counted_one_by_one_with_holidays_and_make_up_days(desk: World) -> None:
    calendar = Calendar.objects.create(name="办公时间")
    data = china_calendar(range(2024, 2031)).to_json()
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=3, data=data)
    calendar.save()
    Policy.objects.create(
        service_line=desk.line, severity="enquiry", kind="solution", target_working_days=5, calendar=calendar
    )
    case = desk.register(severity="enquiry")
    response = explanation(desk, case, "solution")
    words = text_of(response)
    assert "办公时间, version 3" in words
    assert "5 working days" in words
    assert "start day, does not count" in words
    assert [line.number for line, _word in response.context["days"] if line.counted][-1] == 5
    assert "day off" in words


def test_the_explanation_opens_in_the_dialog_and_as_a_page(desk: World) -> None:
    case = desk.register(severity="minor")
    assert "<html" not in explanation(desk, case, "solution", headers=HTMX).content.decode()
    assert "<html" in explanation(desk, case, "solution").content.decode()
    other = desk.register(severity="minor")
    wrong = other.deadlines.get(kind="solution").pk
    assert browser(desk.agent).get(f"{case.get_absolute_url()}clocks/{wrong}/").status_code == 404


def test_the_case_sheet_holds_facts_clocks_and_stream_for_paper(desk: World) -> None:
    case = desk.register(severity="minor", description="客户来电")
    actions.start(case=case, actor=desk.agent)
    words = text_of(page_of(desk, case, "print/"))
    for expected in ("Case sheet", case.subject, "客户来电", "First response", "Work started"):
        assert expected in words
