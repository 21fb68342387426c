"""C11: a promise has a time and a clock that never pauses; it is kept or moved in time, otherwise broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from service_desk.cases import actions
from service_desk.cases.models import Case, Promise
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def promised(desk: World, hours: float = 2, **fields: Any) -> tuple[Case, Promise]:
    case = desk.register(severity="major", **fields)
    due = now() + timedelta(hours=hours)
    actions.promise(case=case, actor=desk.agent, text="回电告知备件到货时间", due_at=due)
    return case, Promise.objects.get(case=case)


@pytest.mark.parametrize(("due", "code"), [(None, "required"), (-1, "past"), (24 * 400, "too_far")])
def test_C11_a_promise_without_a_sensible_time_is_not_accepted(desk: World, due: float | None, code: str) -> None:
    case = desk.register()
    at = None if due is None else now() + timedelta(hours=due)
    with pytest.raises(Invalid) as caught:
        actions.promise(case=case, actor=desk.agent, text="我会给您回电", due_at=at)
    assert (caught.value.errors[0].field, caught.value.errors[0].code) == ("due_at", code)
    assert not Promise.objects.exists()


def test_C11_the_clock_is_due_when_promised_and_warns_promiser_before(desk: World) -> None:
    case, promise = promised(desk)
    clock = case.deadlines.get(kind="promise")
    assert abs(clock.due_at - promise.due_at) <= timedelta(seconds=1)
    shift_time(case, minutes=91)
    sweep(Door.SENTINEL)
    assert Notice.objects.get(chain__startswith=f"case_deadline:{clock.pk}:").recipient == desk.agent


def test_C11_kept_in_time_is_kept_and_the_case_owes_nothing(desk: World) -> None:
    case, promise = promised(desk)
    assert Case.objects.get(pk=case.pk).open_promises == 1
    done = actions.keep(case=case, actor=desk.agent, promise=promise.pk, text="已回电")
    assert (done.open_promises, done.next_promise_at) == (0, None)
    promise.refresh_from_db()
    assert (promise.state, promise.broken_at) == ("kept", None)
    assert case.deadlines.get(kind="promise").state == "met"
    with pytest.raises(Conflict):
        actions.keep(case=case, actor=desk.agent, promise=promise.pk, text="再次")


def test_C11_moved_before_due_with_reason_starts_a_new_promise_and_breaks_none(desk: World) -> None:
    case, promise = promised(desk)
    later = now() + timedelta(hours=30)
    actions.postpone(
        case=case, actor=desk.agent, promise=promise.pk, due_at=later, text="备件航班延误", channel="phone"
    )
    promise.refresh_from_db()
    newer = Promise.objects.get(follows=promise)
    assert (promise.state, newer.state, newer.due_at) == ("moved", "open", later)
    assert Case.objects.get(pk=case.pk).next_promise_at == later
    assert sorted(case.deadlines.filter(kind="promise").values_list("state", flat=True)) == ["cancelled", "running"]


def test_C11_moving_after_the_time_is_over_does_not_mend_it(desk: World) -> None:
    case, promise = promised(desk)
    shift_time(case, hours=3)
    actions.postpone(
        case=case,
        actor=desk.agent,
        promise=promise.pk,
        due_at=now() + timedelta(hours=1),
        text="忘记了",
        channel="phone",
    )
    promise.refresh_from_db()
    assert promise.state == "broken"
    assert "breached" in case.deadlines.filter(kind="promise").values_list("state", flat=True)


def test_C11_a_promise_whose_time_passes_is_broken_by_the_engine_and_the_chief_is_told(desk: World) -> None:
    case, promise = promised(desk)
    shift_time(case, hours=3)
    sweep(Door.SENTINEL)
    promise.refresh_from_db()
    assert (promise.state, promise.settled_at) == ("broken", None)
    clock = case.deadlines.get(kind="promise")
    assert desk.chief.pk in Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:").values_list(
        "recipient", flat=True
    )
    actions.keep(case=case, actor=desk.agent, promise=promise.pk, text="迟到的回电")
    promise.refresh_from_db()
    assert promise.state == "broken"


def test_D3_a_pause_never_moves_a_promise(desk: World) -> None:
    case, _promise = promised(desk)
    actions.start(case=case, actor=desk.agent)
    before = case.deadlines.get(kind="promise").due_at
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    clock = case.deadlines.get(kind="promise")
    assert (clock.state, clock.due_at) == ("running", before)


def test_C11_no_case_closes_over_an_open_promise_whatever_the_door(desk: World) -> None:
    case, _promise = promised(desk)
    actions.start(case=case, actor=desk.agent)
    actions.resolve(case=case, actor=desk.agent, outcome="已更换")
    actions.reply(case=case, actor=desk.agent, reply="已处理", channel="phone")
    with pytest.raises(Conflict, match="promise to the customer is still open"):
        actions.close(case=case, actor=desk.agent)
    with pytest.raises(IntegrityError, match="case_ended_owes_nothing"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed", ended_at=now())


def test_C11_a_broken_promise_is_never_written_kept(desk: World) -> None:
    _case, promise = promised(desk)
    with pytest.raises(IntegrityError, match="promise_kept_in_time"), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(state="kept", settled_at=now(), broken_at=now())


def test_a_promise_of_another_case_is_refused_beside_its_field(desk: World) -> None:
    _case, promise = promised(desk)
    other, _own = promised(desk, fault="另一故障")
    with pytest.raises(Invalid) as caught:
        actions.keep(case=other, actor=desk.agent, promise=promise.pk, text="x")
    assert caught.value.errors[0].field == "promise"
