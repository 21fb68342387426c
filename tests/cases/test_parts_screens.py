"""Hand-overs (C5), promises (C11) and questions to experts (C2) on the screens; whose minutes they were (D6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from service_desk.cases import actions
from service_desk.cases.faces import faces_of
from service_desk.cases.models import Case
from service_desk.cases.tellings import slot_label
from service_desk.cases.timeline import Moment, stream
from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.deadlines.rules import ClockKind, Door
from service_desk.local.reference import LADDERS
from service_desk.people.models import Qualification
from tests.cases.pages import browser, post, text_of, url
from tests.factories import World, shift_time, world

FACTS: dict[str, Any] = {"done": "已重启主控板", "remaining": "等待备件到货后更换", "promised": "明早 9 点前回电"}


@pytest.fixture
def desk(db: None) -> World:
    return world()


def offer(desk: World, case: Case, receiver: Any = None) -> None:
    actions.hand_over(case=case, actor=desk.agent, receiver=receiver or desk.colleague, **FACTS)


def promise(desk: World, case: Case, text: str = "工程师到场", minutes: float = 35) -> Any:
    actions.promise(case=case, actor=desk.agent, text=text, due_at=now() + timedelta(minutes=minutes))
    return case.promises.latest("pk")


def page(person: Any, case: Case, rest: str = "") -> str:
    return text_of(browser(person).get(f"{case.get_absolute_url()}{rest}"))


def moments(case: Case, person: Any) -> list[Moment]:
    return [moment for moment in stream(case, user=person).moments if moment.anchor.startswith("event")]


def local(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


# My desk ---------------------------------------------------------------------------------------------------------
def test_nothing_of_it_stands_on_a_desk_where_nothing_waits(desk: World) -> None:
    desk.register(severity="minor")
    words = text_of(browser(desk.agent).get("/desk/"))
    assert not any(title in words for title in ("Next promise", "Offered to me", "Questions to me"))


def test_C11_the_nearest_open_promise_of_my_cases_stands_on_top_and_counts_down(desk: World) -> None:
    case, other = desk.register(severity="minor"), desk.register(severity="minor")
    promise(desk, case, "回电告知进展", minutes=90)
    near = promise(desk, other, "工程师到场", minutes=35)
    response = browser(desk.agent).get("/desk/")
    found = response.context["next_promise"].part
    assert (found, found.together) == (near, 2)
    words, html = text_of(response), response.content.decode()
    assert words.index("Next promise of 2") < words.index("My open cases")
    assert f"until {local(near.due_at)}" in words
    assert f'href="{url(other, "keep")}"' in html
    actions.keep(case=other, actor=desk.agent, promise=near.pk, text="已到场")
    assert browser(desk.agent).get("/desk/").context["next_promise"].part.text == "回电告知进展"
    assert browser(desk.engineer).get("/desk/").context["next_promise"] is None


def test_C11_a_broken_promise_stays_on_top_until_it_is_settled(desk: World) -> None:
    case = desk.register(severity="minor")
    promise(desk, case, minutes=10)
    shift_time(case, minutes=11)
    sweep(Door.SENTINEL)
    response = browser(desk.agent).get("/desk/")
    assert response.context["next_promise"].part.broken_at is not None
    assert "overdue" in text_of(response)


def test_C5_an_offer_stands_on_the_receivers_desk_alone_with_its_clock_and_the_ways_to_answer(desk: World) -> None:
    case = desk.register(severity="major")
    offer(desk, case)
    response = browser(desk.colleague).get("/desk/")
    (waiting,) = response.context["offers"]
    assert waiting.clock.due_at == case.deadlines.get(kind="hand_over").due_at
    words, html = text_of(response), response.content.decode()
    for expected in ("Offered to me", case.number, f"offered by {desk.agent}", FACTS["remaining"]):
        assert expected in words
    assert f'href="{url(case, "accept")}"' in html
    assert f'href="{url(case, "decline")}"' in html
    assert browser(desk.agent).get("/desk/").context["offers"] == []
    actions.accept(case=case, actor=desk.colleague)
    assert browser(desk.colleague).get("/desk/").context["offers"] == []


def test_C2_a_question_stands_on_the_experts_desk_until_it_is_answered(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="可以定为严重吗?")
    response = browser(desk.engineer).get("/desk/")
    assert "可以定为严重吗?" in text_of(response)
    assert f'href="{url(case, "answer")}"' in response.content.decode()
    post(browser(desk.engineer), case, "answer", text="可以")
    assert browser(desk.engineer).get("/desk/").context["questions"] == []


def test_P6_what_one_may_not_see_is_not_offered_on_the_desk(desk: World) -> None:
    case = desk.register(severity="minor")
    offer(desk, case)
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert browser(desk.colleague).get("/desk/").context["offers"] == []


def test_the_desk_with_all_of_it_costs_the_same_number_of_queries(desk: World, django_assert_num_queries: Any) -> None:
    for _ in range(6):
        case = desk.register(severity="minor")
        promise(desk, case)
        offer(desk, case, desk.engineer)
        asked = desk.register(actor=desk.colleague)
        actions.ask(case=asked, actor=desk.colleague, expert=desk.engineer, text="?")
        promise(desk, desk.register(actor=desk.engineer, severity="minor"))
    engineer = browser(desk.engineer)
    engineer.get("/desk/")  # the first page of a session writes it
    with django_assert_num_queries(12):
        response = engineer.get("/desk/")
    assert (len(response.context["offers"]), len(response.context["questions"])) == (6, 6)


# The case --------------------------------------------------------------------------------------------------------
def test_C5_the_case_says_the_five_facts_of_a_hand_over_and_who_must_answer(desk: World) -> None:
    case = desk.register(severity="major")
    offer(desk, case)
    words = page(desk.agent, case)
    for expected in ("Hand-over waiting", f"{desk.colleague} has to answer", desk.customer.name, *FACTS.values()):
        assert expected in words
    assert "you have to answer" in page(desk.colleague, case)
    choices = browser(desk.colleague).get(case.get_absolute_url()).context["moves"]
    assert [choice.verb for choice in choices if choice.next] == ["accept"]
    actions.decline(case=case, actor=desk.colleague, text="不属于本科室", not_mine=True)
    assert "Hand-over waiting" not in page(desk.agent, case)


def test_C11_the_case_says_which_promises_are_open_kept_moved_and_broken(desk: World) -> None:
    case = desk.register(severity="major")
    late = promise(desk, case, "一小时内到场", minutes=10)
    shift_time(case, minutes=11)
    sweep(Door.SENTINEL)
    actions.keep(case=case, actor=desk.agent, promise=late.pk, text="晚了五分钟")
    kept = promise(desk, case, "回电告知进展", minutes=50)
    actions.keep(case=case, actor=desk.agent, promise=kept.pk, text="已回电")
    moved = promise(desk, case, "送备件", minutes=60)
    actions.postpone(
        case=case,
        actor=desk.agent,
        promise=moved.pk,
        due_at=now() + timedelta(hours=3),
        text="仓库缺货",
        channel="phone",
    )
    response = browser(desk.agent).get(case.get_absolute_url())
    parts = response.context["parts"]
    assert [timed.part.text for timed in parts.promises] == ["送备件"]
    assert {each.text: each.state for each in parts.settled} == {
        "一小时内到场": "broken",
        "回电告知进展": "kept",
        "送备件": "moved",
    }
    words = text_of(response)
    for expected in ("1 open", "Kept", "Broken", "Moved in time", "晚了五分钟", "仓库缺货"):
        assert expected in words
    assert words.index("Promises") < words.index("Kept")


def test_C2_the_case_shows_the_question_and_then_the_answer(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="可以定为严重吗?")
    assert f"{desk.engineer} has to answer" in page(desk.colleague, case)
    actions.answer(case=case, actor=desk.engineer, text="可以,影响超过一百户")
    words = page(desk.colleague, case)
    assert "可以,影响超过一百户" in words
    assert "has to answer" not in words


def test_C2_a_first_responder_who_may_not_grade_is_led_to_an_expert(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    way = f'href="{url(case, "ask")}"'
    html = browser(desk.colleague).get(case.get_absolute_url()).content.decode()
    assert "Not qualified? Ask an expert" in html
    assert way in browser(desk.colleague).get(url(case, "grade")).content.decode()
    assert "Not qualified? Ask an expert" not in page(desk.agent, case)
    Qualification.objects.create(staff=desk.colleague, product_type=desk.product)
    assert "Not qualified? Ask an expert" not in page(desk.colleague, case)


def test_D6_the_case_and_its_sheet_show_whose_minutes_they_were(desk: World) -> None:
    case = desk.register(severity="major")
    shift_time(case, minutes=20)
    offer(desk, case)
    shift_time(case, minutes=15)
    actions.accept(case=case, actor=desk.colleague)
    shift_time(case, minutes=25)
    parts = browser(desk.agent).get(case.get_absolute_url()).context["parts"]
    assert [(stage.kind, stage.who, round(stage.lasted / timedelta(minutes=1))) for stage in parts.stages] == [
        ("first_responder", desk.agent, 20),
        ("hand_over", desk.colleague, 15),
        ("handler", desk.colleague, 25),
    ]
    assert sum((stage.minutes for stage in parts.stages), timedelta(0)) == parts.whole
    for rest in ("", "print/"):
        assert "Waiting for hand-over" in page(desk.agent, case, rest)


# The timeline ----------------------------------------------------------------------------------------------------
def test_C5_the_timeline_tells_an_offer_with_its_facts_and_a_refusal_as_not_theirs(desk: World) -> None:
    case = desk.register(severity="major")
    offer(desk, case)
    actions.decline(case=case, actor=desk.colleague, text="不属于本科室", not_mine=True)
    offered, declined = moments(case, desk.agent)[-2:]
    assert offered.title == f"Hand-over proposed to {desk.colleague}"
    assert [value for _label, value in offered.facts] == [FACTS["done"], FACTS["remaining"], FACTS["promised"]]
    assert (declined.title, declined.text) == ("Hand-over declined as not theirs", "不属于本科室")


def test_C11_the_timeline_says_due_times_in_the_desks_zone_and_what_was_late(desk: World) -> None:
    case = desk.register(severity="major")
    made = promise(desk, case, minutes=10)
    assert moments(case, desk.agent)[-1].title == f"Promised to the customer until {local(made.due_at)}"
    shift_time(case, minutes=11)
    actions.keep(case=case, actor=desk.agent, promise=made.pk, text="晚到")
    done = moments(case, desk.agent)[-1]
    assert (done.title, done.facts) == ("Promise done late: it was broken", [("What was promised", "工程师到场")])
    again, due = promise(desk, case, "回电", minutes=30), now() + timedelta(hours=2)
    actions.postpone(case=case, actor=desk.agent, promise=again.pk, due_at=due, text="在路上", channel="phone")
    moved = moments(case, desk.agent)[-1]
    assert moved.title == f"Promise moved in time to {local(due)}"
    assert moved.facts == [("What was promised", "回电"), ("The customer was told by", "Phone")]
    told = [moment.title for moment in stream(case, "words").moments]
    assert len(told) == 3


def test_C2_the_timeline_names_the_expert(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="?")
    actions.answer(case=case, actor=desk.engineer, text="严重")
    titles = [moment.title for moment in moments(case, desk.colleague)]
    assert titles[-2:] == [f"Expert asked: {desk.engineer}", f"Expert answered {desk.colleague}"]


def test_C11_a_promise_without_a_time_is_refused_beside_its_field(desk: World) -> None:
    case = desk.register(severity="minor")
    response = post(browser(desk.agent), case, "promise", text="回电", due_at="")
    assert response.status_code == 422
    assert response.context["form"].errors["due_at"] == ["Say until when: a promise without a time is none."]
    assert not case.promises.exists()


@pytest.mark.parametrize("kind", [ClockKind.HAND_OVER, ClockKind.PROMISE, ClockKind.CONSULTATION])
def test_as_what_somebody_was_told_is_said_in_words_on_every_step_of_a_parts_ladder(kind: str) -> None:
    slots = {slot for step in LADDERS[kind] for slot in step["slots"]}
    assert slots
    assert all("_" not in slot_label(slot) and slot_label(slot) != slot for slot in slots)


def test_D3_a_paused_clock_in_working_days_shows_what_is_left_of_it(desk: World) -> None:
    calendar = Calendar.objects.create(name="办公时间")
    data = china_calendar(range(2024, 2031)).to_json()
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=data)
    calendar.save()
    Policy.objects.create(
        service_line=desk.line,
        severity="enquiry",
        kind="solution",
        target_working_days=5,
        calendar=calendar,
        may_pause=True,
    )
    case = desk.register(severity="enquiry")
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    (paused,) = [face for face in faces_of(case, now()) if face.state == "paused"]
    assert paused.remaining is not None
    assert paused.remaining > timedelta(hours=5)
    assert paused.share == 0
