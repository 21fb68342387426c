"""What the rooms tell other programs: cases, promises, emergencies, calls, violations; and what they never tell."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from service_desk.calls.actions import settle_as_case, settle_as_exception
from service_desk.cases import actions
from service_desk.cases.models import Case, Promise
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.rules import Door
from service_desk.quality.actions import Found, dismiss, suspect, verify, withdraw
from service_desk.quality.rules import Offence
from service_desk.webhooks import kinds
from service_desk.webhooks.models import Event
from tests.calls.test_registration import let_pass, phone_of, talk
from tests.factories import World, shift_time, staff, world
from tests.telephony.senders import Script, pbx
from tests.webhooks.conftest import Setup

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(endpoint: Setup) -> None:
    """Somebody wants every type there is."""
    endpoint(*kinds.known())


@pytest.fixture
def desk(everything: None) -> World:
    return world()


def told(prefix: str = "") -> list[str]:
    return list(Event.objects.filter(type__startswith=prefix).order_by("id").values_list("type", flat=True))


def newest(type: str) -> dict[str, Any]:  # noqa: A002 - the contract's word
    found = Event.objects.filter(type=type).order_by("-id").first()
    assert found is not None
    data: dict[str, Any] = found.data
    return data


def test_the_life_of_a_case_is_told_a_verb_an_event(desk: World) -> None:
    case = desk.register(actor=desk.agent, severity="minor")
    assert told() == ["case.registered"]
    registered = newest("case.registered")
    assert registered["case"]["number"] == case.number
    assert registered["case"]["url"].endswith(f"/api/v1/cases/{case.number}/")
    assert registered["changed"] == ["registered", "graded"]
    case = actions.start(case=case, actor=desk.agent)
    case = actions.note(case=case, actor=desk.agent, text="密码是一二三四五六")
    case = actions.resolve(case=case, actor=desk.agent, outcome="主控板故障")
    case = actions.reply(case=case, actor=desk.agent, reply="已恢复", channel="phone")
    case = actions.close(case=case, actor=desk.agent)
    state, changed = "case.state_changed", "case.changed"
    assert told() == ["case.registered", state, changed, state, state, "case.closed"]
    closed = newest("case.closed")
    assert (closed["case"]["state"], closed["by"]) == ("closed", desk.agent.pk)
    assert closed["case"]["version"] == case.version
    actions.reopen(case=case, actor=desk.agent, text="又断了")
    assert told()[-1] == "case.reopened"
    everything_told = json.dumps(list(Event.objects.values_list("data", flat=True)), ensure_ascii=False)
    for words in ("密码", "主控板", "已恢复", "又断了", desk.customer.name):
        assert words not in everything_told  # ids and what changed, never words


def test_a_merging_is_told_of_both(desk: World) -> None:
    goes, stays = desk.register(actor=desk.agent), desk.register(actor=desk.agent)
    for case in (goes, stays):
        actions.start(case=case, actor=desk.agent)
    actions.merge(case=Case.objects.get(pk=goes.pk), actor=desk.agent, into=stays.number, text="同一处断站")
    assert newest("case.merged")["into"] == stays.pk
    assert newest("case.changed")["case"]["id"] == stays.pk


def test_promises_are_told_when_made_kept_moved_and_broken(desk: World) -> None:
    case = desk.register(actor=desk.agent)
    later = now() + timedelta(hours=2)
    for _number in range(3):
        case = actions.promise(case=case, actor=desk.agent, text="两点回电", due_at=later)
    kept, moved, broken = Promise.objects.order_by("id")
    case = actions.keep(case=case, actor=desk.agent, promise=kept.pk, text="已回电")
    case = actions.postpone(
        case=case,
        actor=desk.agent,
        promise=moved.pk,
        due_at=later + timedelta(hours=1),
        text="备件未到",
        channel="phone",
    )
    assert told("promise.") == ["promise.made"] * 3 + ["promise.kept", "promise.moved", "promise.made"]
    assert newest("promise.made")["promise"]["follows"] == moved.pk
    assert newest("promise.kept")["promise"]["id"] == kept.pk
    shift_time(case, hours=2, minutes=30)
    sweep(Door.SENTINEL)
    assert newest("promise.broken")["promise"]["id"] == broken.pk


def test_the_steps_of_an_emergency_are_told(desk: World) -> None:
    case = desk.register(actor=desk.agent, severity="critical")
    assert told() == ["case.registered", "emergency.started"]
    sweep(Door.SENTINEL)
    step = newest("emergency.step")
    assert step["case"]["number"] == case.number
    assert step["step"]["kind"] == "start"
    case = actions.start(case=case, actor=desk.agent)
    actions.restore(case=case, actor=desk.agent, text="更换主控板")
    assert told("emergency.")[-1] == "emergency.ended"


def test_P6_nothing_of_a_confidential_case_is_told(desk: World) -> None:
    case = desk.register(actor=desk.agent)
    Event.objects.all().delete()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    case = actions.start(case=Case.objects.get(pk=case.pk), actor=desk.agent)
    case = actions.promise(case=case, actor=desk.agent, text="回电", due_at=now() + timedelta(hours=2))
    shift_time(case, hours=3)
    sweep(Door.SENTINEL)
    assert Promise.objects.get().state == "broken"
    assert told() == []


def found(offence: str, source: str) -> Any:
    return suspect(Found(Offence(offence), source, staff().pk, now(), "客户张三投诉"))


def test_violations_are_told_by_ids(desk: World) -> None:
    for number, settle in enumerate((verify, dismiss)):
        settle(violation=found("missed_registration", f"call:{number}"), actor=desk.manager, reason="查实")
    withdraw(violation=found("missed_registration", "call:9"), reason="已登记")
    assert told("violation.") == [
        "violation.suspected",
        "violation.verified",
        "violation.suspected",
        "violation.dismissed",
        "violation.suspected",
        "violation.withdrawn",
    ]
    assert "张三" not in json.dumps(newest("violation.suspected"), ensure_ascii=False)


def test_P6_a_complaint_is_not_told_as_a_violation_either(desk: World) -> None:
    verify(violation=found("substantiated_complaint", "case:1"), actor=desk.manager, reason="属实")
    assert told("violation.") == []


def test_a_call_is_told_step_by_step_without_its_number(everything: None) -> None:
    phone, script = pbx(), Script()
    phone.post(script.event("started", 0))
    phone.post(script.event("ringing", 1))
    phone.post(script.event("ringing", 1))
    phone.post(script.event("answered", 9))
    phone.post(script.event("held", 20))
    phone.post(script.event("ended", 60, ended_by="customer", cause="normal"))
    assert told() == ["call.started", "call.ringing", "call.answered", "call.ended"]
    ended = newest("call.ended")
    assert (ended["call"]["state"], ended["ended_by"], ended["cause"]) == ("ended", "customer", "normal")
    assert script.number not in json.dumps(ended)


def test_a_missed_call_and_one_whose_answer_was_lost(everything: None) -> None:
    phone, missed, odd = pbx(), Script("1"), Script("2")
    phone.post(missed.event("ringing", 0))
    phone.post(missed.event("ended", 9, ended_by="customer", cause="abandoned"))
    assert told() == ["call.started", "call.ringing", "call.missed"]
    phone.post(missed.event("answered", 5))  # late: it had been answered after all
    assert told()[3:] == ["call.answered", "call.ended"]
    phone.post(odd.event("ended", 60))
    assert told()[5:] == ["call.started", "call.missed"]


def test_every_type_has_its_example_and_a_name_of_the_contract_leads_to_it() -> None:
    for kind in kinds.known().values():
        assert kind.example
        assert str(kind.label)
    contract = {
        "call.answered",
        "call.unregistered",
        "call.ended",
        "ticket.created",
        "ticket.updated",
        "ticket.status_changed",
        "ticket.closed",
        "violation.created",
        "violation.withdrawn",
    }
    assert contract <= kinds.subscribable().keys()


def test_a_call_is_told_when_registered_and_when_left_unregistered(desk: World) -> None:
    phone = phone_of(desk)
    settle_as_exception(actor=desk.agent, call=talk(phone), reason="wrong_number", words="打错")
    assert newest("call.settled")["settled"] == {"as": "exception", "case": None, "reason": "wrong_number"}
    forgotten = talk(phone, call_id="forgotten")
    let_pass(forgotten, timedelta(hours=25))
    left = newest("call.unregistered")
    assert (left["call"]["id"], left["agent"]) == (forgotten.ref, desk.agent.pk)
    assert left["due_at"]


def test_P6_a_call_that_led_to_a_confidential_case_is_not_told_as_registered(desk: World) -> None:
    phone, case = phone_of(desk), desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    settle_as_case(actor=desk.agent, call=talk(phone), case=case)
    assert told("call.settled") == []
