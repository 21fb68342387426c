"""C12: progress is told to the customer at the agreed interval for as long as the case is open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.cases import actions
from service_desk.cases.models import Case, CaseDeadline
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid
from tests.cases.callers import fields, move, session
from tests.cases.lives import closed, progress_policy, reopen, resolved
from tests.cases.pages import browser, post, text_of
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    made = world()
    progress_policy(made)
    return made


def progress(case: Case) -> list[tuple[int, str]]:
    found = CaseDeadline.objects.filter(case=case, kind="progress").order_by("id")
    return [(clock.part, clock.state) for clock in found]


def tell(desk: World, case: Case) -> Case:
    return actions.tell(case=case, actor=desk.agent, text="仍在排查", channel="phone")


def test_C12_a_case_of_that_severity_owes_progress_from_acceptance_and_others_do_not(desk: World) -> None:
    case = desk.register(severity="major")
    clock = case.deadlines.get(kind="progress")
    assert (clock.started_at, clock.due_at) == (case.accepted_at, case.accepted_at + timedelta(hours=1))
    assert progress(desk.register(severity="minor")) == []
    fresh = desk.register()
    actions.grade(case=fresh, actor=desk.agent, severity="major")
    assert progress(fresh) == [(0, "running")]


def test_C12_telling_meets_it_and_the_next_interval_begins(desk: World) -> None:
    case = desk.register(severity="major")
    shift_time(case, minutes=50)
    told = tell(desk, case)
    assert progress(case) == [(0, "met"), (1, "running")]
    at = told.events.get(type="told").at
    assert case.deadlines.get(kind="progress", part=1).due_at == at + timedelta(hours=1)
    shift_time(case, minutes=61)
    sweep(Door.SENTINEL)
    tell(desk, case)
    assert progress(case) == [(0, "met"), (1, "breached"), (2, "running")]


def test_C12_it_is_warned_at_three_quarters_and_the_chief_is_told_when_it_is_over(desk: World) -> None:
    case = desk.register(severity="major")
    shift_time(case, minutes=46)
    sweep(Door.SENTINEL)
    clock = case.deadlines.get(kind="progress")
    of_clock = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:")
    assert set(of_clock.values_list("kind", "recipient__username")) == {("clock_warning", "agent")}
    shift_time(case, minutes=15)
    sweep(Door.SENTINEL)
    assert ("clock_breach", "chief") in set(of_clock.values_list("kind", "recipient__username"))


def test_C12_D3_waiting_does_not_hold_it_even_if_a_policy_says_so(desk: World) -> None:
    policy = progress_policy(desk, severity="minor")
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    type(policy).objects.filter(pk=policy.pk).update(retired_at=policy.created_at)
    generous = type(policy)(
        service_line=desk.line, severity="minor", kind="progress", target_seconds=3600, may_pause=True, version=2
    )
    generous.save()
    tell(desk, case)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    assert progress(case)[-1] == (1, "running")
    shift_time(case, hours=2)
    sweep(Door.SENTINEL)
    assert case.deadlines.get(kind="progress", part=1).breached_at is not None


def test_C12_it_goes_on_after_resolving_and_ends_with_the_case(desk: World) -> None:
    case = resolved(desk, desk.register(severity="major"))
    assert progress(case) == [(0, "running")]
    actions.reply(case=case, actor=desk.agent, reply="已处理", channel="phone")
    assert progress(case) == [(0, "met"), (1, "running")]
    actions.close(case=case, actor=desk.agent)
    assert progress(case) == [(0, "met"), (1, "met")]


def test_C12_it_never_ends_in_silence(desk: World) -> None:
    late, cancelled = desk.register(severity="major"), desk.register(severity="major")
    shift_time(late, hours=2)
    closed(desk, late)
    actions.cancel(case=cancelled, actor=desk.agent, text="重复")
    assert progress(late)[0] == (0, "breached")
    assert progress(cancelled) == [(0, "cancelled")]
    reopen(desk, late)
    assert CaseDeadline.objects.get(case=late, kind="progress", cycle=2).state == "running"


def test_C12_an_interval_of_its_own_is_agreed_and_kept_by_each_that_follows(desk: World) -> None:
    case = desk.register(severity="minor")
    agreed = actions.interval(case=case, actor=desk.agent, minutes=20, text="与王主任约定")
    clock = case.deadlines.get(kind="progress")
    assert clock.due_at - clock.started_at == timedelta(minutes=20)
    assert agreed.progress_seconds == 1200
    assert clock.explain(clock.started_at).due_at == clock.due_at
    tell(desk, case)
    again = case.deadlines.get(kind="progress", part=1)
    assert again.due_at - again.started_at == timedelta(minutes=20)
    assert case.events.get(type="interval").data == {"minutes": 20}


def test_C12_no_progress_is_owed_once_the_customer_wishes_none_but_what_was_late_stays_late(desk: World) -> None:
    case = desk.register(severity="major")
    shift_time(case, minutes=70)
    actions.interval(case=case, actor=desk.agent, minutes=0, text="客户说不必")
    assert progress(case) == [(0, "breached")]
    tell(desk, case)
    assert progress(case) == [(0, "breached")]
    closed(desk, case)
    reopen(desk, case)
    assert progress(case) == [(0, "breached")]


@pytest.mark.parametrize("minutes", [1, 4, -1, 30 * 24 * 60 + 1])
def test_C12_an_interval_that_nobody_keeps_is_refused(desk: World, minutes: int) -> None:
    with pytest.raises(Invalid) as caught:
        actions.interval(case=desk.register(), actor=desk.agent, minutes=minutes, text="约定")
    assert caught.value.errors[0].field == "minutes"


def test_C12_without_any_policy_nobody_would_be_warned_so_it_is_refused(db: None) -> None:
    bare = world()
    with pytest.raises(Conflict, match="administrator"):
        actions.interval(case=bare.register(), actor=bare.agent, minutes=30, text="约定")


def test_C12_it_stands_on_the_case_and_on_the_desk_and_is_agreed_through_both_doors(desk: World) -> None:
    case = desk.register(severity="major")
    client, api = browser(desk.agent), session(desk.agent)
    assert "Progress told to the customer" in text_of(client.get(f"/cases/{case.number}/"))
    wrong: list[dict[str, Any]] = [
        {"minutes": "", "text": "x"},
        {"minutes": "9" * 40, "text": "x"},
        {"minutes": "-5", "text": "x"},
        {"minutes": "30", "text": ""},
    ]
    for bad in wrong:
        assert post(client, case, "interval", **bad).status_code == 422
    assert post(client, case, "interval", minutes="30", text="与客户约定").status_code == 302
    wrong = [
        {"minutes": "x", "text": "a"},
        {"minutes": 10**40, "text": "a"},
        {"minutes": True, "text": "a"},
        {"text": "a"},
    ]
    for bad in wrong:
        answer = move(api, case.number, "interval", **bad)
        assert (answer.status_code, "minutes" in fields(answer)) == (400, True)
    answer = move(api, case.number, "interval", minutes=45, text="改为 45 分钟")
    assert (answer.status_code, answer.json()["progress_minutes"]) == (200, 45)
