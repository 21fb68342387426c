"""D4: a reopened case has a new cycle with clocks of its own; the first cycle's result stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from service_desk.cases import actions
from service_desk.cases.clockwork import _cases_without_clocks
from service_desk.cases.models import Case, CaseCycle, CaseEvent
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.cases.callers import move, session
from tests.cases.lives import clocks, closed, reopen, resolved, restored
from tests.cases.pages import browser, post
from tests.factories import World, shift_time, staff, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def test_D4_a_reopened_case_has_clocks_of_its_own_and_the_first_results_stay(desk: World) -> None:
    case = closed(desk, desk.register(severity="major"))
    shift_time(case, days=3)
    before = list(case.deadlines.order_by("id").values())
    again = reopen(desk, case)
    assert (again.state, again.cycle, again.ended_at, again.outcome, again.reply) == ("in_progress", 2, None, "", "")
    assert list(case.deadlines.filter(cycle=1).order_by("id").values()) == before
    assert clocks(case) == {"restoration": "running", "solution": "running"}
    for clock, hours in (
        (case.deadlines.get(cycle=2, kind="restoration"), 8),
        (case.deadlines.get(cycle=2, kind="solution"), 48),
    ):
        assert (clock.started_at, clock.due_at) == (again.counted_from, again.counted_from + timedelta(hours=hours))


def test_D4_what_the_earlier_cycle_came_to_is_kept_and_never_changes(desk: World) -> None:
    case = closed(desk, desk.register(severity="minor"))
    ended = case.ended_at
    reopen(desk, case)
    kept = CaseCycle.objects.get(case=case)
    assert (kept.cycle, kept.state, kept.outcome, kept.reply, kept.ended_at) == (
        1, "closed", "更换主控板", "已处理", ended,
    )  # fmt: skip
    for change in (lambda: CaseCycle.objects.update(outcome="另一个"), lambda: kept.delete()):
        with pytest.raises((InternalError, IntegrityError), match="append-only"), transaction.atomic():
            change()
    assert CaseEvent.objects.get(case=case, type="reopened").text == "客户来电：又断了"


def test_D4_a_second_life_ends_like_the_first_and_may_be_reopened_again(desk: World) -> None:
    case = closed(desk, desk.register(severity="minor"))
    reopen(desk, case)
    case.refresh_from_db()
    closed(desk, case)
    again = reopen(desk, case)
    assert (again.cycle, CaseCycle.objects.filter(case=case).count()) == (3, 2)
    assert clocks(case, cycle=2) == {"solution": "met"}


def test_D4_closed_time_is_not_counted_and_nothing_of_it_is_late(desk: World) -> None:
    case = closed(desk, desk.register(severity="minor"))
    shift_time(case, days=30)
    reopen(desk, case)
    sweep(Door.SENTINEL)
    assert not case.deadlines.filter(cycle=2, breached_at__isnull=False).exists()


def test_D4_a_major_fault_that_returns_within_24_h_goes_on_with_the_same_four_hours(desk: World) -> None:
    case = desk.register(severity="critical")
    shift_time(case, hours=3)
    sweep(Door.SENTINEL)
    restored(desk, case)
    closed(desk, case)
    shift_time(case, hours=20)
    again = reopen(desk, case)
    clock = case.deadlines.get(cycle=2, kind="emergency")
    left = clock.due_at - again.counted_from
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert (again.emergency_is_running, clock.started_at, clock.state) == (True, again.accepted_at, "running")
    assert case.deadlines.get(cycle=1, kind="emergency").state == "met"
    shift_time(case, minutes=61)
    sweep(Door.SENTINEL)
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:", kind="emergency_breach")
    assert set(told.values_list("recipient__username", flat=True)) == {"gm_marketing", "gm_product"}
    clock.refresh_from_db()
    assert clock.breached_at is not None


def test_D4_a_major_fault_that_was_late_before_is_told_at_once_when_it_returns(desk: World) -> None:
    case = desk.register(severity="critical")
    shift_time(case, hours=5)
    sweep(Door.SENTINEL)
    closed(desk, case)
    shift_time(case, hours=1)
    reopen(desk, case)
    sweep(Door.SENTINEL)
    clock = case.deadlines.get(cycle=2, kind="emergency")
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:")
    assert set(told.values_list("recipient__username", flat=True)) == {"gm_marketing", "gm_product"}
    assert told[0].facts["resumed"]
    assert told[0].facts["elapsed"] == "5:00"


def test_D4_after_24_h_a_major_fault_has_a_new_emergency_process(desk: World) -> None:
    case = closed(desk, desk.register(severity="critical"))
    shift_time(case, hours=25)
    again = reopen(desk, case)
    clock = case.deadlines.get(cycle=2, kind="emergency")
    assert again.emergency_started_at == again.reopened_at == clock.started_at
    assert clock.due_at == again.counted_from + timedelta(hours=4)


def test_D4_a_fault_that_returns_before_the_case_is_closed_keeps_the_clocks_that_run(desk: World) -> None:
    case = restored(desk, desk.register(severity="critical"))
    solution = case.deadlines.get(kind="solution")
    again = reopen(desk, case)
    assert again.restored_at is None
    assert clocks(case) == {"restoration": "running", "emergency": "running"}
    assert case.deadlines.get(kind="solution") == solution
    actions.restore(case=case, actor=desk.agent, text="再次恢复")
    actions.resolve(case=case, actor=desk.agent, outcome="更换光缆")
    assert not case.deadlines.filter(state="running").exists()


def test_D4_service_that_runs_starts_no_emergency_again(desk: World) -> None:
    case = closed(desk, desk.register(severity="critical"))
    again = reopen(desk, case, fault_returned=False)
    assert (again.emergency_is_running, clocks(case)) == (False, {"solution": "running"})
    actions.resolve(case=again, actor=desk.agent, outcome="补充报告")


def test_D4_an_emergency_that_an_observation_started_goes_on_too(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    actions.observe(case=case, actor=desk.agent, text="扩大", level="critical", start_process=True)
    closed(desk, actions.restore(case=case, actor=desk.agent, text="已恢复"))
    assert reopen(desk, case).emergency_is_running
    shift_time(case, hours=1)
    closed(desk, actions.restore(case=case, actor=desk.agent, text="已恢复"))
    shift_time(case, hours=30)
    assert reopen(desk, case).emergency_started_at is None


def test_D4_a_case_is_reopened_with_a_reason_by_the_desk_and_by_nobody_else(desk: World) -> None:
    case = closed(desk, desk.register(severity="minor"))
    with pytest.raises(Invalid) as caught:
        actions.reopen(case=case, actor=desk.agent, text="  ")
    assert caught.value.errors[0].field == "text"
    with pytest.raises(NotAllowed):
        reopen(desk, case, desk.inspector)
    assert reopen(desk, case, staff("hotline2")).state == "in_progress"
    assert set(Notice.objects.filter(kind="case_reopened").values_list("recipient__username", flat=True)) == {"agent"}


def test_D4_a_cancelled_case_is_not_reopened_and_a_limit_is_kept(desk: World, settings: Any) -> None:
    cancelled = desk.register()
    actions.cancel(case=cancelled, actor=desk.agent, text="重复")
    with pytest.raises(Conflict, match="Cancelled"):
        reopen(desk, cancelled)
    case = closed(desk, desk.register(severity="minor"))
    shift_time(case, days=8)
    settings.REOPEN_WITHIN_DAYS = 7
    with pytest.raises(Conflict, match="more than 7 days"):
        reopen(desk, case)
    settings.REOPEN_WITHIN_DAYS = 0
    assert reopen(desk, case).cycle == 2


def test_D4_a_resolved_or_answered_case_is_reopened_too(desk: World) -> None:
    case = resolved(desk, desk.register(severity="major"))
    assert reopen(desk, case).state == "in_progress"
    assert clocks(case) == {"restoration": "running", "solution": "running"}


def test_D4_the_cycle_and_its_beginning_belong_together_in_the_database(desk: World) -> None:
    case = desk.register()
    with pytest.raises(IntegrityError, match="case_reopened_has_time"), transaction.atomic(), connection.cursor() as c:
        c.execute("UPDATE cases_case SET cycle = 2 WHERE id = %s", [case.pk])


def test_D4_the_auditor_misses_no_clock_of_a_reopened_case(desk: World) -> None:
    case = restored(desk, desk.register(severity="critical"))
    reopen(desk, case)
    closed(desk, other := desk.register(severity="major"))
    reopen(desk, other)
    assert _cases_without_clocks() == []
    Case.objects.get(pk=other.pk).deadlines.filter(cycle=2, kind="solution").update(cycle=9)
    connection.cursor().execute(
        "UPDATE cases_casedeadline SET state = 'met', ended_at = now(), next_at = NULL WHERE cycle = 9"
    )
    assert _cases_without_clocks() == [other.pk]


def test_reopening_through_the_screen_and_through_rest(desk: World) -> None:
    case = closed(desk, desk.register(severity="minor"))
    client = browser(desk.agent)
    assert "The fault has returned" in client.get(f"/cases/{case.number}/do/reopen/").content.decode()
    assert post(client, case, "reopen", text="").status_code == 422
    assert post(client, case, "reopen", text="客户说没有修好", fault_returned="on").status_code == 302
    assert Case.objects.get(pk=case.pk).cycle == 2
    case.refresh_from_db()
    closed(desk, case)
    api = session(desk.agent)
    for bad in (
        {},
        {"text": "好", "fault_returned": "maybe"},
        {"text": "a\x00b"},
        {"text": ["好"]},
        {"text": "长" * 2001},
    ):
        assert move(api, case.number, "reopen", **bad).status_code == 400
    answer = move(api, case.number, "reopen", text="又坏了", fault_returned=False)
    assert (answer.status_code, answer.json()["state"]) == (200, "in_progress")
