"""C5: hand-overs that the receiver accepts; the first responder stays; nobody is passed around."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from service_desk.cases import actions
from service_desk.cases.models import Case, HandOver
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.people.models import Absence
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import World, shift_time, world

FACTS: dict[str, Any] = {"done": "已重启主控板", "remaining": "等待备件到货后更换", "promised": "明早 9 点前回电"}


@pytest.fixture
def desk(db: None) -> World:
    return world()


def offer(desk: World, case: Case, receiver: Any = None, actor: Any = None) -> Case:
    return actions.hand_over(case=case, actor=actor or desk.agent, receiver=receiver or desk.colleague, **FACTS)


def test_C5_the_giver_holds_the_case_until_the_receiver_accepts_and_the_first_responder_stays(desk: World) -> None:
    case = desk.register(severity="major")
    due = {c.kind: c.due_at for c in case.deadlines.all()}
    offered = offer(desk, case)
    assert (offered.handler, offered.hand_over_pending) == (desk.agent, True)
    assert Notice.objects.get(kind="hand_over_proposed").recipient == desk.colleague
    taken = actions.accept(case=case, actor=desk.colleague)
    assert (taken.handler, taken.first_responder, taken.hand_over_pending) == (desk.colleague, desk.agent, False)
    assert HandOver.objects.get().state == "accepted"
    assert {c.kind: c.due_at for c in case.deadlines.exclude(kind="hand_over")} == due
    assert case.deadlines.get(kind="hand_over").state == "met"


@pytest.mark.parametrize("missing", ["done", "remaining", "promised"])
def test_C5_a_hand_over_says_everything_the_receiver_must_know(desk: World, missing: str) -> None:
    case = desk.register()
    with pytest.raises(Invalid) as caught:
        actions.hand_over(case=case, actor=desk.agent, receiver=desk.colleague, **(FACTS | {missing: " "}))
    assert caught.value.errors[0].field == missing
    assert not HandOver.objects.exists()


def test_C5_only_the_receiver_accepts_or_declines_and_a_second_offer_waits_its_turn(desk: World) -> None:
    case = desk.register()
    offer(desk, case)
    with pytest.raises(NotAllowed):
        actions.accept(case=case, actor=desk.engineer)
    with pytest.raises(NotAllowed):
        actions.decline(case=case, actor=desk.engineer, text="不是我的")
    with pytest.raises(Conflict, match="waiting to be accepted"):
        offer(desk, case, desk.engineer)


def test_C5_both_chiefs_are_told_after_thirty_minutes(desk: World) -> None:
    desk.engineer.unit = desk.manager.unit
    desk.engineer.save()
    case = desk.register()
    offer(desk, case, desk.engineer)
    shift_time(case, minutes=31)
    sweep(Door.SENTINEL)
    clock = case.deadlines.get(kind="hand_over")
    told = Notice.objects.filter(chain__startswith=f"case_deadline:{clock.pk}:", kind="clock_breach")
    assert set(told.values_list("recipient__username", flat=True)) == {"chief", "head"}


def test_C5_declined_as_not_mine_goes_to_the_first_responders_chief_who_alone_sends_it_on(desk: World) -> None:
    case = desk.register()
    offer(desk, case)
    back = actions.decline(case=case, actor=desk.colleague, text="不属于本科室", not_mine=True)
    assert back.handler == desk.agent
    assert Notice.objects.get(kind="hand_over_not_mine").recipient == desk.chief
    with pytest.raises(Conflict, match="chief decides"):
        offer(desk, case, desk.engineer)
    assert offer(desk, case, desk.engineer, actor=desk.chief).hand_over_pending


def test_C5_an_absent_receiver_is_refused_with_the_deputys_name(desk: World) -> None:
    moment = now()
    Absence.objects.create(
        staff=desk.colleague,
        deputy=desk.engineer,
        starts_at=moment - timedelta(hours=1),
        ends_at=moment + timedelta(days=1),
    )
    with pytest.raises(Invalid) as caught:
        offer(desk, desk.register())
    assert (caught.value.errors[0].field, str(desk.engineer) in str(caught.value.errors[0].remedy)) == (
        "receiver",
        True,
    )


def test_C5_an_offer_can_be_withdrawn_and_its_clock_is_neither_met_nor_breached(desk: World) -> None:
    case = desk.register()
    offer(desk, case)
    assert not actions.withdraw(case=case, actor=desk.agent).hand_over_pending
    assert case.deadlines.get(kind="hand_over").state == "cancelled"
    with pytest.raises(NotAllowed):
        actions.accept(case=case, actor=desk.colleague)


@pytest.mark.parametrize("door", ["update", "save", "sql"])
def test_C5_the_handler_changes_through_no_other_door(desk: World, door: str) -> None:
    case = desk.register()

    def change() -> None:
        if door == "update":
            Case.objects.filter(pk=case.pk).update(handler=desk.colleague)
        elif door == "save":
            case.handler = desk.colleague
            case.save()
        else:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE cases_case SET handler_id = %s", [desk.colleague.pk])

    with pytest.raises(IntegrityError, match="accepted hand-over"), transaction.atomic():
        change()
    assert Case.objects.get(pk=case.pk).handler == desk.agent


def test_no_case_ends_while_a_hand_over_waits(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    actions.resolve(case=case, actor=desk.agent, outcome="已更换")
    actions.reply(case=case, actor=desk.agent, reply="已处理", channel="phone")
    offer(desk, case)
    with pytest.raises(Conflict, match="waiting to be accepted"):
        actions.close(case=case, actor=desk.agent)
