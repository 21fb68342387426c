"""D2, D8: what a new policy or calendar would move is listed first; only what was seen moves, ended clocks never."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case, CaseClockEvent
from service_desk.deadlines import applying, preview
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Policy, Rollout
from service_desk.deadlines.preview import lines_of
from service_desk.deadlines.rules import Door, RolloutState
from service_desk.rest.errors import NotAllowed, Stale
from tests.factories import World, shift_time, world

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(db: None) -> World:
    return world()


def shorter(desk: World, seconds: int = 24 * 3600, **changes: Any) -> Policy:
    policy = Policy.objects.in_force().get(severity="minor", kind="solution")
    return edit_policy(policy=policy, changes={"target_seconds": seconds, **changes}, actor=desk.admin)


def due(case: Case) -> Any:
    return case.deadlines.get(kind="solution").due_at


def test_D8_a_new_version_bends_no_running_clock_until_it_is_confirmed(desk: World) -> None:
    case = desk.register(severity="minor")
    before = due(case)
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    assert due(case) == before
    (line,) = lines_of(rollout)
    assert (line.before, line.after) == (before, before - 96 * HOUR)
    applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    clock = case.deadlines.get(kind="solution")
    assert clock.due_at == before - 96 * HOUR
    assert clock.policy.version == 2
    event = clock.history.get(type="recomputed")
    assert (event.actor, event.detail["why"], event.detail["version"]) == (desk.admin, "policy", 2)
    assert AuditEntry.objects.get(verb="policy.apply").detail["moved"] == 1


def test_D8_met_and_breached_clocks_are_in_no_list(desk: World) -> None:
    met, breached, overdue = (desk.register(severity="minor") for _n in range(3))
    for case in (met, breached):
        actions.start(case=case, actor=desk.agent)
    actions.resolve(case=met, actor=desk.agent, outcome="已处理")
    shift_time(breached, hours=121)
    sweep(Door.CELERY)
    shift_time(overdue, hours=121)  # its breach has not been fired yet, but its time is over
    rollout = applying.preview_policy(policy=shorter(desk, 300 * 3600), actor=desk.admin)
    assert lines_of(rollout) == []
    applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert {case.deadlines.get(kind="solution").policy.version for case in (met, breached, overdue)} == {1}


def test_D8_the_list_says_what_is_late_and_fires_at_once_and_the_engine_does_just_that(desk: World) -> None:
    case = desk.register(severity="minor")
    shift_time(case, hours=30)
    sweep(Door.CELERY)
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    (line,) = lines_of(rollout)
    assert line.late
    assert line.fires == "head"
    applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert sweep(Door.CELERY).fired == 1
    fired = CaseClockEvent.objects.get(deadline__case=case, deadline__kind="solution", type="fired")
    assert fired.code == "head"
    assert fired.detail["late_seconds"] is None, "the system was not late: the policy was changed"


def test_D3_a_paused_clock_takes_the_new_target_when_it_resumes(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    before = due(case)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    assert [line.paused for line in lines_of(rollout)] == [True]
    applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    actions.resume(case=case, actor=desk.agent)
    assert before - 96 * HOUR <= due(case) < before - 95 * HOUR


def test_D3_pauses_survive_a_policy_that_allows_none_any_more(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    shift_time(case, hours=5)
    actions.resume(case=case, actor=desk.agent)
    before = due(case)
    rollout = applying.preview_policy(policy=shorter(desk, may_pause=False), actor=desk.admin)
    assert [line.stays for line in lines_of(rollout)] == [True]
    done = applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert done.skipped == [0]
    assert due(case) == before
    assert case.deadlines.get(kind="solution").policy.version == 1


def test_D8_a_list_that_is_no_longer_true_is_not_applied(desk: World) -> None:
    case = desk.register(severity="minor")
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    with pytest.raises(Stale):
        applying.confirm(rollout=rollout, actor=desk.admin, token="0" * 64)
    actions.start(case=case, actor=desk.agent)
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    with pytest.raises(Stale):
        applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert case.deadlines.get(kind="solution").policy.version == 1
    newer = applying.list_again(rollout=rollout, actor=desk.admin)
    applying.confirm(rollout=newer, actor=desk.admin, token=newer.token)
    assert case.deadlines.get(kind="solution").policy.version == 2


def test_D8_a_clock_that_ends_meanwhile_is_left_and_the_rest_moves(desk: World) -> None:
    ends, runs = desk.register(severity="minor"), desk.register(severity="minor")
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    actions.start(case=ends, actor=desk.agent)
    actions.resolve(case=ends, actor=desk.agent, outcome="已处理")
    done = applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert (done.state, len(done.skipped)) == (RolloutState.DONE, 1)
    assert ends.deadlines.get(kind="solution").policy.version == 1
    assert runs.deadlines.get(kind="solution").policy.version == 2


def test_D8_confirmed_twice_is_applied_once(desk: World) -> None:
    case = desk.register(severity="minor")
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    for _press in range(2):
        applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert case.deadlines.get(kind="solution").history.filter(type="recomputed").count() == 1


def test_D8_a_long_list_is_a_workers(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [desk.register(severity="minor") for _n in range(5)]
    monkeypatch.setattr(applying, "AT_ONCE", 2)
    monkeypatch.setattr(applying, "CHUNK", 2)
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    assert rollout.state == RolloutState.PREPARING
    applying.work()
    rollout.refresh_from_db()
    assert (rollout.state, len(rollout.lines)) == (RolloutState.READY, 5)
    rollout = applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    assert rollout.state == RolloutState.APPLYING
    assert applying.go_on(rollout.pk)
    rollout.refresh_from_db()
    assert rollout.place == 2
    assert applying.work() == 2
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.DONE
    assert {case.deadlines.get(kind="solution").policy.version for case in cases} == {2}


def test_D8_more_clocks_than_a_list_holds_are_taken_by_the_next(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _n in range(3):
        desk.register(severity="minor")
    monkeypatch.setattr(preview, "MOST", 2)
    policy = shorter(desk)
    first = applying.preview_policy(policy=policy, actor=desk.admin)
    assert (first.more, len(first.lines)) == (True, 2)
    applying.confirm(rollout=first, actor=desk.admin, token=first.token)
    rest = applying.preview_policy(policy=policy, actor=desk.admin)
    assert (rest.more, len(rest.lines)) == (False, 1)


def test_D8_only_an_administrator_lists_and_applies(desk: World) -> None:
    policy = shorter(desk)
    rollout = applying.preview_policy(policy=policy, actor=desk.admin)
    for person in (desk.chief, desk.auditor, desk.agent):
        with pytest.raises(NotAllowed):
            applying.preview_policy(policy=policy, actor=person)
        with pytest.raises(NotAllowed):
            applying.confirm(rollout=rollout, actor=person, token=rollout.token)
        with pytest.raises(NotAllowed):
            applying.drop(rollout=rollout, actor=person)
    assert Rollout.objects.get().state == RolloutState.READY


def test_D8_of_two_administrators_the_second_is_told(desk: World) -> None:
    policy = Policy.objects.in_force().get(severity="minor", kind="solution")
    edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)
    with pytest.raises(Stale):
        edit_policy(policy=policy, changes={"target_seconds": 7200}, actor=desk.admin)
    assert Policy.objects.in_force().get(severity="minor", kind="solution").target_seconds == 3600


def test_P6_a_confidential_case_counts_without_being_named(desk: World) -> None:
    open_case, secret = desk.register(severity="minor"), desk.register(severity="minor")
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    rollout = applying.preview_policy(policy=shorter(desk), actor=desk.admin)
    lines = lines_of(rollout)
    assert len(lines) == 2
    seen = preview.visible(lines, desk.admin)
    assert [line.clock for line in seen] == [open_case.deadlines.get(kind="solution").pk]
    assert set(preview.subjects(lines, desk.admin)) == {("casedeadline", seen[0].clock)}
