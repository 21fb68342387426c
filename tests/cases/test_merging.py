"""D5: merged clocks end as merged; the survivor keeps its severity, the earliest acceptance, the nearest deadline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from service_desk.cases import actions
from service_desk.cases.clockwork import _cases_without_clocks
from service_desk.cases.models import Case, Promise
from service_desk.customers.models import Customer
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.models import Incident
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Notice
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.cases.callers import fields, move, session
from tests.cases.lives import clocks, progress_policy, resolved, restored
from tests.cases.pages import browser, post
from tests.factories import World, shift_time, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def merge(desk: World, case: Case, into: Case, actor: Any = None) -> Case:
    merged = actions.merge(case=case, actor=actor or desk.agent, into=into.number, text="同一故障重复报修")
    into.refresh_from_db()
    return merged


def test_D5_clocks_of_the_merged_end_as_merged_neither_met_nor_breached(desk: World) -> None:
    survivor, case = desk.register(severity="major"), desk.register(severity="major")
    merged = merge(desk, case, survivor)
    assert (merged.state, merged.merged_into, merged.ended_at is not None) == ("merged", survivor, True)
    assert set(clocks(case).values()) == {"merged"}
    assert not case.deadlines.exclude(breached_at=None).exists()
    assert set(clocks(survivor).values()) == {"running"}


def test_D5_the_survivor_keeps_its_severity_and_takes_the_earliest_acceptance(desk: World) -> None:
    early = desk.register(severity="critical", accepted_at=now() - timedelta(hours=30))
    actions.start(case=early, actor=desk.agent)
    actions.restore(case=early, actor=desk.agent, text="已恢复")
    survivor = desk.register(severity="minor")
    accepted = survivor.accepted_at
    merge(desk, early, survivor)
    assert (survivor.severity, survivor.earliest_accepted_at) == ("minor", early.accepted_at)
    assert (survivor.accepted_at, survivor.late_registration) == (accepted, False)  # C3: its own call was on time
    assert survivor.counted_from == early.accepted_at


def test_D5_each_clock_of_the_survivor_is_due_when_the_nearer_of_the_two_was(desk: World) -> None:
    survivor = desk.register(severity="minor")
    case = desk.register(severity="major", accepted_at=now() - timedelta(hours=2))
    nearest = {clock.kind: clock.due_at for clock in case.deadlines.all()}
    merge(desk, case, survivor)
    assert {clock.kind: clock.due_at for clock in survivor.deadlines.all()} == nearest
    assert survivor.deadlines.get(kind="solution").policy.severity == "major"


def test_D5_a_later_deadline_moves_nothing(desk: World) -> None:
    survivor = desk.register(severity="major", accepted_at=now() - timedelta(hours=2))
    before = {clock.kind: clock.due_at for clock in survivor.deadlines.all()}
    merge(desk, desk.register(severity="major"), survivor)
    assert {clock.kind: clock.due_at for clock in survivor.deadlines.all()} == before
    assert survivor.earliest_accepted_at is None


def test_D5_pauses_of_each_case_count_for_its_own_time_alone(desk: World) -> None:
    """The merged case waited two hours, the survivor one; the nearer clock keeps its own wait alone."""
    survivor, case = desk.register(severity="minor"), desk.register(severity="major")
    for one, hours in ((survivor, 1), (case, 2)):
        actions.start(case=one, actor=desk.agent)
        actions.wait(case=one, actor=desk.agent, waiting_for="customer", text="等")
        shift_time(one, hours=hours)
        actions.resume(case=one, actor=desk.agent)
    due = case.deadlines.get(kind="solution").due_at
    merge(desk, case, survivor)
    taken = survivor.deadlines.get(kind="solution")
    assert taken.due_at == due == taken.explain(now()).due_at
    actions.wait(case=survivor, actor=desk.agent, waiting_for="part", text="等备件")
    assert survivor.deadlines.get(kind="solution").state == "paused"
    shift_time(survivor, hours=3)
    actions.resume(case=survivor, actor=desk.agent)
    later = survivor.deadlines.get(kind="solution")
    assert timedelta(0) <= later.due_at - (due - timedelta(hours=3) + timedelta(hours=3)) < timedelta(minutes=1)
    Auditor().run()
    assert not Incident.objects.filter(kind__in=["clock_moved", "clock_missing"]).exists()


def test_D5_into_a_case_that_waits_the_nearer_clock_stands_still_too(desk: World) -> None:
    survivor, case = desk.register(severity="minor"), desk.register(severity="major")
    actions.start(case=survivor, actor=desk.agent)
    actions.wait(case=survivor, actor=desk.agent, waiting_for="customer", text="等")
    merge(desk, case, survivor)
    assert clocks(survivor) == {"first_response": "met", "solution": "paused", "restoration": "paused"}
    actions.resume(case=survivor, actor=desk.agent)
    assert clocks(survivor) == {"first_response": "met", "solution": "running", "restoration": "running"}
    assert _cases_without_clocks() == []


def test_D5_lateness_is_not_washed_away_by_merging(desk: World) -> None:
    survivor, case = desk.register(severity="major"), desk.register(severity="major")
    shift_time(case, hours=9)
    sweep(Door.SENTINEL)
    merge(desk, case, survivor)
    sweep(Door.SENTINEL)
    assert survivor.deadlines.get(kind="restoration").breached_at is not None
    assert case.deadlines.get(kind="restoration").state == "merged"


def test_D5_a_promise_goes_on_with_its_clock_in_the_survivor(desk: World) -> None:
    survivor, case = desk.register(severity="minor"), desk.register(severity="minor")
    due = now() + timedelta(hours=1)
    actions.promise(case=case, actor=desk.agent, text="一小时内回电", due_at=due)
    clock = case.deadlines.get(kind="promise")
    merge(desk, case, survivor)
    assert (survivor.open_promises, survivor.next_promise_at) == (1, due)
    moved = survivor.deadlines.get(kind="promise")
    assert (moved.pk, moved.state, moved.due_at) == (clock.pk, "running", clock.due_at)
    actions.keep(case=survivor, actor=desk.agent, promise=Promise.objects.get().pk, text="已回电")
    assert survivor.deadlines.get(kind="promise").state == "met"


def test_D5_what_is_pending_with_somebody_is_settled_first(desk: World) -> None:
    survivor, case = desk.register(severity="minor"), desk.register()
    words: dict[str, Any] = {"done": "无", "remaining": "无", "promised": "无"}
    actions.hand_over(case=case, actor=desk.agent, receiver=desk.colleague, **words)
    with pytest.raises(Conflict, match="hand-over is waiting"):
        merge(desk, case, survivor)
    actions.withdraw(case=case, actor=desk.agent)
    actions.ask(case=case, actor=desk.agent, expert=desk.engineer, text="怎么定级？")
    with pytest.raises(Conflict, match="still to come"):
        merge(desk, case, survivor)


def test_D5_an_emergency_is_not_hidden_in_a_quiet_case_and_two_keep_the_earlier_start(desk: World) -> None:
    quiet, fire = desk.register(severity="minor"), desk.register(severity="critical")
    with pytest.raises(Conflict, match="emergency process is running"):
        merge(desk, fire, quiet)
    older = desk.register(severity="critical", accepted_at=now() - timedelta(hours=1))
    merge(desk, older, fire)
    clock = fire.deadlines.get(kind="emergency")
    assert fire.emergency_started_at == older.accepted_at == clock.started_at
    assert clock.due_at == older.accepted_at + timedelta(hours=4)


def test_D5_a_confidential_and_an_ordinary_case_do_not_merge_through_any_door(desk: World) -> None:
    survivor, case = desk.register(), desk.register()
    Case.objects.filter(pk=survivor.pk).update(confidential=True)
    with pytest.raises(Conflict, match="confidential"):
        merge(desk, case, survivor)
    with pytest.raises(IntegrityError, match="D5"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="merged", merged_into=survivor, ended_at=now())


def test_D5_what_does_not_belong_together_is_refused_in_plain_words(desk: World) -> None:
    case = desk.register(severity="minor")
    other = desk.register(severity="minor")
    done = resolved(desk, desk.register(severity="minor"))
    desk.customer = Customer.objects.create(name="招商银行深圳分行")
    strange = desk.register(severity="minor")
    for into, code in (("CALL-1", "unknown"), (case.number, "itself"), (strange.number, "other_customer")):
        with pytest.raises(Invalid) as caught:
            actions.merge(case=case, actor=desk.agent, into=into, text="重复")
        assert (caught.value.errors[0].field, caught.value.errors[0].code) == ("into", code)
    with pytest.raises(Conflict, match="must be at work"):
        merge(desk, case, done)
    with pytest.raises(NotAllowed):
        merge(desk, case, other, actor=desk.inspector)
    with pytest.raises(Invalid):
        actions.merge(case=case, actor=desk.agent, into=other.number, text="")
    assert not Case.objects.exclude(merged_into=None).exists()


def test_D5_loops_are_refused_by_the_verb_and_by_the_database(desk: World) -> None:
    a, b, c = desk.register(), desk.register(), desk.register()
    merge(desk, a, b)
    with pytest.raises(Invalid) as caught:
        merge(desk, b, a)
    assert caught.value.errors[0].code == "itself"  # a stands for b
    merge(desk, b, c)
    for one, two in ((c, a), (c, c)):
        with pytest.raises(IntegrityError, match="no loop"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE cases_case SET merged_into_id = %s, state = 'merged', ended_at = now() WHERE id = %s",
                [two.pk, one.pk],
            )
    with pytest.raises(IntegrityError, match="merged once"), transaction.atomic():
        Case.objects.filter(pk=a.pk).update(merged_into=None, state="registered", ended_at=None)


@pytest.mark.parametrize("value", ["accepted_at - interval '1 hour'", "accepted_at + interval '1 hour'", "now()"])
def test_C3_no_acceptance_is_made_earlier_by_hand(desk: World, value: str) -> None:
    case = desk.register()
    with pytest.raises(IntegrityError, match="C3, D5"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_case SET earliest_accepted_at = {value} WHERE id = %s", [case.pk])


def test_D5_later_words_and_calls_follow_the_chain(desk: World) -> None:
    a, b, c = desk.register(), desk.register(), desk.register(severity="minor")
    merge(desk, a, b)
    merge(desk, b, c)
    a.refresh_from_db()
    assert actions.note(case=a, actor=desk.agent, text="客户又来电").pk == c.pk
    with pytest.raises(Conflict) as caught:
        actions.note(case=a, actor=desk.agent, text="旧版本", version=a.version)
    assert (caught.value.code, c.number in str(caught.value.remedy)) == ("merged", True)
    client = browser(desk.agent)
    assert client.get(f"/cases/{a.number}/").headers["Location"] == f"/cases/{c.number}/"
    assert client.get(f"/cases/{a.number}/?own=1").status_code == 200
    assert client.get(f"/cases/{a.number}/print/").status_code == 200
    assert client.get(f"/cases/{a.number}/do/note/").headers["Location"] == f"/cases/{c.number}/do/note/"
    typed = post(client, a, "note", text="打了一半的话")
    assert (typed.status_code, "打了一半的话" in typed.content.decode()) == (409, True)
    assert f"/cases/{c.number}/do/note/" in typed.content.decode()


def test_D5_both_handlers_are_told_once_and_nothing_about_the_merged_is_repeated(desk: World) -> None:
    survivor, case = desk.register(actor=desk.engineer), desk.register(severity="minor")
    merge(desk, case, survivor, actor=desk.chief)
    assert sorted(Notice.objects.filter(kind="case_merged").values_list("recipient__username", flat=True)) == [
        "agent", "engineer",
    ]  # fmt: skip
    assert list(case.events.filter(type="merged").values_list("data__number", flat=True)) == [survivor.number]
    assert list(survivor.events.filter(type="took_over").values_list("data__number", flat=True)) == [case.number]


def test_D5_the_survivor_grades_from_the_earliest_acceptance(desk: World) -> None:
    early = desk.register(accepted_at=now() - timedelta(hours=3))
    survivor = desk.register()
    merge(desk, early, survivor)
    actions.grade(case=survivor, actor=desk.agent, severity="major")
    assert survivor.deadlines.get(kind="solution").started_at == early.accepted_at


def test_D5_progress_owed_in_the_merged_case_is_owed_in_the_survivor(desk: World) -> None:
    progress_policy(desk)
    survivor, case = desk.register(severity="minor"), desk.register(severity="major")
    due = case.deadlines.get(kind="progress").due_at
    merge(desk, case, survivor)
    assert survivor.deadlines.get(kind="progress").due_at == due


def test_D5_a_restored_survivor_owes_no_restoration_again(desk: World) -> None:
    survivor = restored(desk, desk.register(severity="major"))
    merge(desk, desk.register(severity="major"), survivor)
    assert clocks(survivor) == {"first_response": "met", "restoration": "met", "solution": "running"}


def test_merging_through_the_screen_and_through_rest(desk: World) -> None:
    survivor, case, third = desk.register(severity="minor"), desk.register(), desk.register()
    client = browser(desk.agent)
    page = client.get(f"/cases/{case.number}/do/merge/").content.decode()
    assert survivor.number in page
    wrong = post(client, case, "merge", into="CALL-20200101-0001", text="重复")
    assert (wrong.status_code, "There is no such case" in wrong.content.decode()) == (422, True)
    assert post(client, case, "merge", into=survivor.number.lower(), text="重复").status_code == 302
    api = session(desk.agent)
    for bad, field in (
        ({"text": "重复"}, "into"),
        ({"into": "a\x00", "text": "重复"}, "into"),
        ({"into": "长" * 41, "text": "重"}, "into"),
    ):
        answer = move(api, third.number, "merge", **bad)
        assert (answer.status_code, field in fields(answer)) == (400, True)
    answer = move(api, third.number, "merge", into=survivor.number, text="重复")
    assert (answer.status_code, answer.json()["state"], answer.json()["merged_into"]) == (
        200,
        "merged",
        survivor.number,
    )
