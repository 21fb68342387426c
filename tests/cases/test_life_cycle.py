"""The life of a case: the table of moves as it is written, every refusal with the condition that is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES, OPEN_STATES, CaseState, refusal
from service_desk.people.access import can
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


WORDS: dict[str, dict[str, Any]] = {
    "grade": {"severity": "minor"},
    "note": {"text": "记一笔"},
    "tell": {"text": "已派工程师", "channel": "phone"},
    "observe": {"text": "影响不变", "level": "minor"},
    "wait": {"waiting_for": "customer", "text": "等客户配合"},
    "restore": {"text": "已恢复"},
    "resolve": {"outcome": "更换主控板"},
    "reply": {"reply": "故障已处理", "channel": "phone"},
    "cancel": {"text": "重复报修"},
}


def do(case: Case, verb: str, actor: Any, **extra: Any) -> Case:
    done: Case = getattr(actions, verb)(case=case, actor=actor, **(WORDS.get(verb, {}) | extra))
    return done


def test_the_whole_way_from_registered_to_closed(desk: World) -> None:
    case = desk.register(severity="major")
    verbs = ("start", "wait", "resume", "restore", "resolve", "reply", "close")
    states = [case.state, *(do(case, verb, desk.agent).state for verb in verbs)]
    assert states == [
        "registered", "in_progress", "waiting", "in_progress", "restored", "resolved", "replied", "closed",
    ]  # fmt: skip
    assert not case.deadlines.filter(state__in=["running", "paused"]).exists()
    assert set(case.deadlines.values_list("state", flat=True)) == {"met"}


def test_every_verb_of_the_table_exists_has_a_rule_and_is_refused_outside_its_states(desk: World) -> None:
    for verb, move in MOVES.items():
        assert callable(getattr(actions, verb))
        case = desk.register()
        assert can(desk.chief, f"case.{verb}", case) is not None
        for state in set(CaseState.values) - set(move.sources):
            case.state = state
            assert refusal(move, case) is not None


@pytest.mark.parametrize(
    ("steps", "verb", "words"),
    [
        ((), "resolve", "Not possible while"),
        (("start",), "resolve", "has not graded the severity"),
        (("start", "grade"), "reply", "No outcome is recorded"),
        (("start", "grade"), "close", "No outcome is recorded"),
        (("start", "grade", "arrive"), "arrive", "recorded already"),
        (("start", "grade", "restore"), "cancel", "Not possible while"),
    ],
)
def test_C5_a_refused_move_says_which_condition_is_missing(
    desk: World, steps: tuple[str, ...], verb: str, words: str
) -> None:
    case = desk.register()
    for step in steps:
        do(case, step, desk.agent)
    with pytest.raises(Conflict, match=words):
        do(case, verb, desk.chief)


def test_C7_restoration_is_not_solution_and_a_running_emergency_neither_waits_nor_ends_unrestored(desk: World) -> None:
    case = desk.register(severity="critical")
    do(case, "start", desk.agent)
    with pytest.raises(Conflict, match="never paused"):
        do(case, "wait", desk.agent)
    with pytest.raises(Conflict, match="restoration is not solution"):
        do(case, "resolve", desk.agent)
    with pytest.raises(Conflict, match="emergency process is running"):
        do(case, "cancel", desk.chief)
    do(case, "restore", desk.agent)
    case.refresh_from_db()
    assert case.restored_at is not None
    assert case.resolved_at is None
    assert case.deadlines.get(kind="emergency").state == "met"
    assert case.deadlines.get(kind="solution").state == "running"
    with pytest.raises(Conflict, match="never paused"):
        do(case, "wait", desk.agent)


def test_C5_no_case_closes_without_outcome_and_reply_whatever_the_door(desk: World) -> None:
    case = desk.register(severity="minor")
    with pytest.raises(IntegrityError, match="case_closed_with_outcome_and_reply"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed", ended_at=case.registered_at)
    with pytest.raises(IntegrityError, match="case_cancelled_with_reason"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="cancelled", ended_at=case.registered_at)


def test_C7_the_database_refuses_to_let_an_emergency_wait(desk: World) -> None:
    case = desk.register(severity="critical")
    with pytest.raises(IntegrityError, match="case_emergency_never_waits"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="waiting", waiting_for="part")


def test_only_holder_or_leader_moves_and_work_that_started_is_cancelled_by_a_leader(desk: World) -> None:
    case = desk.register()
    with pytest.raises(NotAllowed):
        do(case, "start", desk.colleague)
    do(case, "start", desk.agent)
    with pytest.raises(NotAllowed, match="supervisor"):
        do(case, "cancel", desk.agent)
    assert do(case, "cancel", desk.chief).state == "cancelled"
    assert set(case.deadlines.values_list("state", flat=True)) <= {"cancelled", "met"}


def test_an_empty_text_names_its_field_and_writes_nothing(desk: World) -> None:
    case = desk.register()
    with pytest.raises(Invalid) as caught:
        do(case, "note", desk.agent, text="  ")
    assert caught.value.errors[0].field == "text"
    assert case.events.count() == 1


def test_P6_a_confidential_case_does_not_exist_for_others(desk: World) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    with pytest.raises(NotFound):
        do(case, "note", desk.chief)
    assert not Case.objects.visible_to(desk.chief).exists()
    assert do(case, "note", desk.agent).number == case.number


def test_a_stale_version_is_refused_and_nothing_is_lost(desk: World) -> None:
    case = desk.register()
    seen = case.version
    do(case, "note", desk.agent, version=seen)
    with pytest.raises(Stale):
        do(case, "start", desk.agent, version=seen)
    assert Case.objects.get(pk=case.pk).state == "registered"


def test_D6_what_is_done_late_is_breached_and_never_both(desk: World) -> None:
    case = desk.register(severity="major")
    shift_time(case, hours=9)
    do(case, "start", desk.agent)
    do(case, "restore", desk.agent)
    clock = case.deadlines.get(kind="restoration")
    assert (clock.state, clock.breached_at is not None) == ("breached", True)
    with pytest.raises(IntegrityError, match="met_or_breached"), transaction.atomic():
        case.deadlines.filter(pk=clock.pk).update(state="met")


def test_C7_a_grade_given_later_starts_the_process_from_acceptance(desk: World) -> None:
    case = desk.register()
    shift_time(case, hours=1)
    do(case, "grade", desk.agent, severity="critical")
    case.refresh_from_db()
    assert case.emergency_started_at == case.accepted_at
    assert case.deadlines.get(kind="emergency").due_at == case.accepted_at + timedelta(hours=4)


@given(st.sampled_from(sorted(MOVES)), st.sampled_from(CaseState.values))
def test_a_move_leads_to_its_target_or_nowhere(verb: str, state: str) -> None:
    move = MOVES[verb]
    assert move.target is None or move.target in CaseState.values
    assert move.sources <= set(OPEN_STATES) | ({CaseState.CLOSED} if verb == "reopen" else set())
    if state not in move.sources:
        assert refusal(move, Case(state=state)) is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("caller_name", "长" * 81),
        ("caller_phone", "1" * 61),
        ("description", "长" * 8001),
        ("fault", "长" * 121),
        ("fault", "空\x00字"),
        ("caller_name", "空\x00字"),
    ],
)
def test_a_text_that_no_column_holds_is_refused_beside_its_field(desk: World, field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        desk.register(None, **{field: value})
    assert caught.value.errors[0].field == field
    assert not Case.objects.exists()
