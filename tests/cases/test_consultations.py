"""C2: an unqualified first responder asks an expert; the answer is on the ticket; the first responder then grades."""

from __future__ import annotations

import pytest

from service_desk.cases import actions
from service_desk.cases.models import Consultation
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def test_C2_the_whole_way_ask_answer_grade_with_both_times_on_the_ticket(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    with pytest.raises(NotAllowed, match="not qualified"):
        actions.grade(case=case, actor=desk.colleague, severity="major")
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="驻波告警是否属于严重故障?")
    assert Notice.objects.get(kind="consultation_asked").recipient == desk.engineer
    with pytest.raises(NotAllowed):
        actions.answer(case=case, actor=desk.agent, text="我觉得不是")
    actions.answer(case=case, actor=desk.engineer, text="影响三个扇区,按严重定级")
    assert Notice.objects.get(kind="consultation_answered").recipient == desk.colleague
    graded = actions.grade(case=case, actor=desk.colleague, severity="major")
    assert (graded.severity, graded.graded_by) == ("major", desk.colleague)
    asked = Consultation.objects.get()
    assert asked.answered_at is not None
    assert asked.answered_at >= asked.asked_at
    assert case.deadlines.get(kind="consultation").state == "met"


def test_C2_only_the_first_responder_asks_and_only_somebody_qualified(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    with pytest.raises(NotAllowed):
        actions.ask(case=case, actor=desk.agent, expert=desk.engineer, text="?")
    with pytest.raises(Invalid) as caught:
        actions.ask(case=case, actor=desk.colleague, expert=desk.chief, text="?")
    assert caught.value.errors[0].field == "expert"


def test_C2_an_unanswered_question_reminds_the_expert_and_then_the_chief(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="怎么定级?")
    clock = case.deadlines.get(kind="consultation")
    shift_time(case, minutes=16)
    sweep(Door.SENTINEL)
    shift_time(case, minutes=16)
    sweep(Door.SENTINEL)
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:").order_by("id")
    assert list(told.values_list("recipient__username", flat=True)) == ["engineer", "chief", "colleague"]


def test_C2_one_question_at_a_time_and_none_after_the_grading(desk: World) -> None:
    case = desk.register(actor=desk.colleague)
    actions.ask(case=case, actor=desk.colleague, expert=desk.engineer, text="?")
    with pytest.raises(Conflict, match="still to come"):
        actions.ask(case=case, actor=desk.colleague, expert=desk.agent, text="?")
    graded = desk.register(severity="minor")
    with pytest.raises(Conflict, match="never changes"):
        actions.ask(case=graded, actor=desk.agent, expert=desk.engineer, text="?")
