"""D8 among others at work: a chunk waits for nobody and forgets nobody; two who confirm at once apply once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from service_desk.cases.models import CaseClockEvent, CaseDeadline
from service_desk.deadlines import applying
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.models import Policy, Rollout
from service_desk.deadlines.rules import RolloutState
from service_desk.rest.errors import Stale
from tests.factories import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db: None) -> World:
    return world()


def listed(desk: World, cases: int) -> Rollout:
    for _n in range(cases):
        desk.register(severity="minor")
    policy = Policy.objects.in_force().get(severity="minor", kind="solution")
    newer = edit_policy(policy=policy, changes={"target_seconds": 50 * 3600}, actor=desk.admin)
    return applying.preview_policy(policy=newer, actor=desk.admin)


def in_thread(work: Callable[[], Any]) -> Any:
    """What a thread of its own, with its own connection, answers."""
    try:
        return work()
    finally:
        connection.close()


def test_D8_a_clock_that_somebody_holds_is_taken_afterwards(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "AT_ONCE", 10)
    rollout = listed(desk, 3)
    held_pk = rollout.lines[1][1]
    monkeypatch.setattr(applying, "AT_ONCE", 0)
    rollout = applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token)
    holding, let_go = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            CaseDeadline.objects.select_for_update().get(pk=held_pk)
            holding.set()
            assert let_go.wait(30)

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(in_thread, hold)
        assert holding.wait(30)
        assert applying.go_on(rollout.pk), "the chunk did not wait"
        rollout.refresh_from_db()
        assert (rollout.place, rollout.again) == (3, [1])
        let_go.set()
        holder.result(30)
    applying.work()
    rollout.refresh_from_db()
    assert (rollout.state, rollout.skipped) == (RolloutState.DONE, [])
    assert set(CaseDeadline.objects.filter(kind="solution").values_list("policy__version", flat=True)) == {2}


def test_D8_confirmed_by_many_at_once_it_is_applied_once(desk: World) -> None:
    rollout = listed(desk, 4)

    def confirm() -> str:
        try:
            return applying.confirm(rollout=rollout, actor=desk.admin, token=rollout.token).state
        except Stale:
            return "stale"

    with ThreadPoolExecutor(4) as pool:
        said = [future.result(60) for future in [pool.submit(in_thread, confirm) for _n in range(4)]]
    assert set(said) <= {RolloutState.DONE, RolloutState.APPLYING}
    applying.work()
    assert CaseClockEvent.objects.filter(type="recomputed").count() == 4
    assert Rollout.objects.get().state == RolloutState.DONE


def test_D8_of_many_who_edit_one_version_at_once_one_does(desk: World) -> None:
    policy = Policy.objects.in_force().get(severity="minor", kind="solution")

    def edit(hours: int) -> bool:
        try:
            edit_policy(policy=policy, changes={"target_seconds": hours * 3600}, actor=desk.admin)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(in_thread, lambda n=n: edit(n)) for n in range(1, 5)]  # type: ignore[misc]
        assert sorted(future.result(60) for future in futures) == [False, False, False, True]
    assert Policy.objects.in_force().get(severity="minor", kind="solution").version == 2
