"""Events and records from the door to the row: repeats, batches, any order, transfers, extensions, numbers unknown."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import TestCase

from service_desk.deadlines.clock import now
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from service_desk.telephony.actions import add_extension, claim_call, end_extension, note_transfer, purge_old
from service_desk.telephony.actions.refolding import REFUTED, refold_parents_of
from service_desk.telephony.announcing import CallChange, listen, stop_listening
from service_desk.telephony.models import Call, CallEvent, CallFact, CallLink, CallRecord, Extension, SeenEvent
from tests.factories import staff
from tests.telephony.senders import EVENTS, RECORDS, Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone() -> Pbx:
    return pbx()


def whole_call(script: Script) -> list[dict[str, Any]]:
    """A call with everything in it; the agent hangs up."""
    return [
        script.event("started", 0),
        script.event("queued", 1, queue="售后"),
        script.event("ringing", 2, extension="8006"),
        script.event("ringing", 2, extension="8010"),
        script.event("answered", 23, extension="8006"),
        script.event("held", 24),
        script.event("resumed", 44),
        script.event("ended", 50, ended_by="agent"),
    ]


def row_of(call: Call) -> dict[str, Any]:
    """What the events decide of a row."""
    own = ("id", "ref", "integration", "call_id", "heard_at", "last_heard_at", "change_no", "changed_at")
    return {f.name: getattr(call, f.attname) for f in Call._meta.concrete_fields if f.name not in own}


def facts_of(call: Call) -> dict[str, Any]:
    return {fact.rule: (fact.verdict, fact.detail) for fact in call.facts.standing()}


def test_T7_any_order_with_repeats_ends_in_the_same_row_and_the_same_facts(phone: Pbx) -> None:
    """The pure fold is proved in test_folding; here the door, the locks and the table keep its word."""
    script = Script()
    for event in whole_call(script):
        phone.post(event)
    truth = Call.objects.get()
    assert facts_of(truth).keys() == {"T1", "T2", "T4", "T5"}
    luck = random.Random(4)
    for _number in range(12):
        other, events = pbx(), whole_call(script)
        delivered = [*events, *luck.sample(events, 3)]
        luck.shuffle(delivered)
        statuses = [other.post(event).status_code for event in delivered]
        assert sorted(statuses) == [200] * 3 + [202] * 8
        call = Call.objects.get(integration=other.integration)
        assert row_of(call) == row_of(truth)
        assert facts_of(call) == facts_of(truth)


def test_every_permutation_of_the_smallest_client(phone: Pbx) -> None:
    script = Script()
    events = [script.event("ringing", 0), script.event("answered", 6), script.event("ended", 20)]
    rows = []
    for order in itertools.permutations(events):
        other = pbx()
        for event in order:
            other.post(event)
        call = Call.objects.get(integration=other.integration)
        rows.append((row_of(call), facts_of(call)))
    assert all(row == rows[0] for row in rows)


def test_a_repeat_is_a_duplicate_and_changes_nothing(phone: Pbx) -> None:
    event = Script().event("ringing", 0)
    first, second = phone.post(event), phone.post(event)
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["status"] == "duplicate"
    assert second.json()["call"]["id"] == first.json()["call"]["id"]
    assert (CallEvent.objects.count(), Call.objects.count()) == (1, 1)


def test_the_same_happening_under_a_new_id_is_a_duplicate(phone: Pbx) -> None:
    event = Script().event("ringing", 0, extension="8006")
    phone.post(event)
    again = phone.post({**event, "id": "quite another"})
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert phone.post({**event, "id": "quite another"}).json()["status"] == "duplicate"
    assert CallEvent.objects.count() == 1


def test_after_thirty_days_an_id_is_forgotten_but_the_happening_is_not(phone: Pbx) -> None:
    event = Script().event("ringing", 0)
    phone.post(event)
    SeenEvent.objects.update(received_at=now() - timedelta(days=31))
    assert purge_old() == 1
    assert phone.post(event).json()["status"] == "duplicate"
    assert phone.post(Script(call_id="other").event("ringing", 3) | {"id": "new"}).status_code == 202


def test_a_batch_is_taken_item_by_item(phone: Pbx) -> None:
    script = Script()
    good, bad = script.event("ringing", 0), script.event("ended", 9)
    del bad["data"]["cause"]
    answer = phone.post({"events": [good, bad, good, "nonsense", script.event("answered", 4)]})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["accepted", "rejected", "duplicate", "rejected", "accepted"]
    assert results[1]["id"] == bad["id"]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/events/1/data/cause"
    assert results[3]["id"] is None
    assert Call.objects.get().state == "answered"


def test_unknown_fields_are_kept_aside_and_unknown_types_accepted_with_a_warning(phone: Pbx) -> None:
    event = Script().event("ringing", 0, mood="cheerful")
    assert phone.post({**event, "tenant": 5}).status_code == 202
    assert CallEvent.objects.get().data["mood"] == "cheerful"
    strange = {**Script().event("queued", 1), "type": "call.whispered"}
    answer = phone.post(strange)
    assert (answer.status_code, answer.json()["warnings"]) == (202, ["type-unknown"])
    assert phone.post(strange).json()["status"] == "duplicate"
    assert CallEvent.objects.count() == 1


def test_a_clock_that_is_ahead_is_no_error(phone: Pbx) -> None:
    before = now()
    answer = phone.post(Script(start=now() + timedelta(hours=8)).event("ringing", 0))
    assert (answer.status_code, answer.json()["warnings"]) == (202, ["clock-ahead"])
    ringing_at = Call.objects.get().ringing_at
    assert ringing_at is not None
    assert before <= ringing_at <= now()
    near = phone.post(Script(call_id="near", start=now() + timedelta(seconds=60)).event("ringing", 0))
    assert near.json()["warnings"] == []


@pytest.mark.parametrize("number", ["", "anonymous", "王小明", "8006", "1" * 40, "BEGIN:VCARD FN:王小明 TEL:138", "+"])
def test_an_unknown_or_withheld_number_is_no_error(phone: Pbx, number: str) -> None:
    assert phone.post(Script(number=number).event("ringing", 0)).status_code == 202
    assert Call.objects.get().customer_e164 is None


def test_an_unknown_extension_is_a_warning_and_the_call_waits_to_be_claimed(phone: Pbx) -> None:
    answer = phone.post(Script().event("answered", 0, extension="9999"))
    assert (answer.status_code, answer.json()["warnings"]) == (202, ["extension-unknown"])
    call, agent, colleague = Call.objects.unclaimed().get(), staff(), staff()
    claim_call(actor=agent, call=call)
    assert claim_call(actor=agent, call=call).responsible == agent
    with pytest.raises(NotAllowed):
        claim_call(actor=colleague, call=call)
    assert not Call.objects.unclaimed().exists()
    assert list(Call.objects.of(agent)) == [call]
    phone.post(Script().event("ended", 9))
    call.refresh_from_db()
    assert (call.claimed_by, call.state) == (agent, "ended")


def test_a_phone_that_rings_and_is_nobodys_is_a_warning(phone: Pbx) -> None:
    add_extension(
        actor=administrator(),
        integration=phone.integration,
        extension="8006",
        staff=staff(),
        valid_from=now() - timedelta(hours=1),
    )
    script = Script()
    assert phone.post(script.event("ringing", 0, extension="8006")).json()["warnings"] == []
    assert phone.post(script.event("ringing", 1, extension="8007")).json()["warnings"] == ["extension-unknown"]
    assert phone.post(script.event("answered", 5, extension="8006")).json()["warnings"] == []


def test_a_call_that_nobody_answered_cannot_be_claimed(phone: Pbx) -> None:
    phone.post(Script().event("ringing", 0))
    with pytest.raises(Conflict):
        claim_call(actor=staff(), call=Call.objects.get())


def test_hot_desks_the_extension_is_read_at_the_time_of_the_event(phone: Pbx) -> None:
    morning, evening, admin, start = staff(), staff(), administrator(), now() - timedelta(hours=9)
    hour = timedelta(hours=1)
    base: dict[str, Any] = {"actor": admin, "integration": phone.integration, "extension": "8006"}
    add_extension(**base, staff=morning, valid_from=start, valid_to=start + 4 * hour)
    add_extension(**base, staff=evening, valid_from=start + 4 * hour)
    for name, shift in (("a", 1), ("b", 4), ("c", 8)):
        phone.post(Script(call_id=name, start=start + shift * hour).event("answered", 0, extension="8006"))
    answered_by = dict(Call.objects.values_list("call_id", "agent"))
    assert answered_by == {"a": morning.pk, "b": evening.pk, "c": evening.pk}


def test_the_agents_code_goes_before_the_extension(phone: Pbx) -> None:
    one, other, admin, start = staff(), staff(), administrator(), now() - timedelta(hours=1)
    for extension, person, code in (("8006", one, "A017"), ("8010", other, "A018")):
        add_extension(
            actor=admin,
            integration=phone.integration,
            extension=extension,
            staff=person,
            agent_code=code,
            valid_from=start,
        )
    phone.post(Script().event("answered", 0, extension="8006", agent_code="A018"))
    assert Call.objects.get().agent == other


def test_two_people_cannot_have_one_extension_at_once_through_any_door(phone: Pbx) -> None:
    admin, start = administrator(), now()
    row = add_extension(actor=admin, integration=phone.integration, extension="8006", staff=staff(), valid_from=start)
    with pytest.raises(Conflict):
        add_extension(actor=admin, integration=phone.integration, extension="8006", staff=staff())
    with pytest.raises(IntegrityError), transaction.atomic():
        Extension.objects.create(integration=phone.integration, extension="8006", staff=staff(), valid_from=start)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telephony_extension (integration_id, extension, staff_id, agent_code, valid_from)"
            " VALUES (%s, '8006', %s, '', now())",
            [phone.integration.pk, staff().pk],
        )
    end_extension(actor=admin, extension=row, at=start + timedelta(hours=1))
    add_extension(
        actor=admin,
        integration=phone.integration,
        extension="8006",
        staff=staff(),
        valid_from=start + timedelta(hours=1),
    )
    assert Extension.objects.count() == 2
    assert add_extension(actor=admin, integration=pbx().integration, extension="8006", staff=staff()).pk


def test_events_are_append_only_in_the_database(phone: Pbx) -> None:
    phone.post(Script().event("ringing", 0))
    for statement in ("UPDATE telephony_callevent SET type = 'call.ended'", "DELETE FROM telephony_callevent"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_one_call_one_fact_a_rule_in_the_database(phone: Pbx) -> None:
    phone.post(Script().event("ringing", 0))
    call = Call.objects.get()
    CallFact.objects.create(call=call, rule="T1", verdict="kept")
    for change in (
        {"rule": "T1", "verdict": "kept"},
        {"rule": "T9", "verdict": "kept"},
        {"rule": "T2", "verdict": "?"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            CallFact.objects.create(call=call, **change)
    for values in ({"state": "ended"}, {"state": "asleep"}, {"cause": "boredom"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(**values)


def test_a_breach_that_later_events_refute_is_withdrawn_with_a_note(phone: Pbx) -> None:
    script = Script()
    phone.post(script.event("ringing", 0))
    phone.post(script.event("answered", 3))
    phone.post(script.event("ended", 20, ended_by="agent"))
    fact = CallFact.objects.get(rule="T5")
    assert (fact.verdict, fact.note) == ("breached", "")
    phone.post(script.event("ended", 19, ended_by="customer"))
    fact.refresh_from_db()
    assert (fact.verdict, fact.note, fact.withdrawn_at) == ("kept", REFUTED, None)
    phone.post(script.event("transferred", 15, transfer_to="8010"))
    fact.refresh_from_db()
    assert fact.withdrawn_at is not None
    assert not CallFact.objects.breached().exists()


def test_records_fill_what_was_lost_and_overrule_and_are_taken_again_only_if_changed(phone: Pbx) -> None:
    script = Script()
    assert script.start is not None
    phone.post(script.event("ringing", 0))
    record = {
        "call_id": script.call_id,
        "direction": "inbound",
        "customer_number": script.number,
        "started_at": script.start.isoformat(),
        "answered_at": (script.start + timedelta(seconds=7)).isoformat(),
        "ended_at": (script.start + timedelta(seconds=60)).isoformat(),
        "ended_by": "customer",
        "cause": "normal",
        "hold_seconds": [40.0],
    }
    answer = phone.post({"records": [record, {"call_id": "x"}, record]}, RECORDS)
    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["accepted", "rejected", "duplicate"]
    assert results[0]["call_id"] == script.call_id
    assert results[1]["problem"]["errors"][0]["pointer"].startswith("/records/1/")
    call = Call.objects.get()
    assert (call.state, call.ring_count, call.hold_seconds) == ("ended", 2, [40.0])
    assert (
        phone.post({"records": [{**record, "ended_by": "agent"}]}, RECORDS).json()["results"][0]["status"] == "accepted"
    )
    call.refresh_from_db()
    assert (call.ended_by, CallRecord.objects.get().versions) == ("agent", 2)
    phone.post(script.event("ended", 60))
    call.refresh_from_db()
    assert call.ended_by == "agent"
    assert ["ended_by", "customer", "agent"] in call.differences


def test_a_record_may_be_the_first_word_of_a_call(phone: Pbx) -> None:
    start = now()
    record = {"call_id": "只有话单", "direction": "outbound", "customer_number": "4008001234"}
    times = {"started_at": start.isoformat(), "ended_at": (start + timedelta(seconds=9)).isoformat()}
    phone.post({"records": [{**record, **times}]}, RECORDS)
    assert Call.objects.get().state == "missed"


def transfer(phone: Pbx, **child: Any) -> tuple[Call, Call]:
    """An answered call is passed on to 8010, and answered there."""
    script = Script(call_id="first")
    after = Script(call_id="second", start=script.start)
    for event in (
        script.event("ringing", 0),
        script.event("answered", 4),
        script.event("transferred", 10, transfer_to="8010", new_call_id=child.pop("new_call_id", "")),
        after.event("ringing", child.pop("second", 12), extension="8010", **child),
    ):
        if not event["data"].get("new_call_id", "x"):
            del event["data"]["new_call_id"]
        assert phone.post(event).status_code == 202
    return Call.objects.get(call_id="first"), Call.objects.get(call_id="second")


@pytest.mark.parametrize("word", [{"parent_call_id": "first"}, {"new_call_id": "second"}, {}])
def test_a_transferred_call_is_linked_by_word_or_by_number_target_and_time(phone: Pbx, word: dict[str, Any]) -> None:
    first, second = transfer(phone, **word)
    link = CallLink.objects.get()
    assert (link.parent, link.child, link.by_guess) == (first, second, not word)


def test_calls_that_are_too_far_apart_are_not_joined(phone: Pbx) -> None:
    transfer(phone, second=75)
    assert not CallLink.objects.exists()


def test_a_link_is_found_whichever_call_comes_first(phone: Pbx) -> None:
    phone.post(Script(call_id="second").event("ringing", 12, parent_call_id="first"))
    assert not CallLink.objects.exists()
    phone.post(Script(call_id="first").event("ringing", 0))
    assert CallLink.objects.get().parent.call_id == "first"


def test_loops_of_calls_are_refused(phone: Pbx) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")):
        assert phone.post(Script(call_id=one).event("ringing", 0, parent_call_id=other)).status_code == 202
    assert CallLink.objects.count() == 2


def test_T6_the_word_that_goes_with_a_transfer(phone: Pbx) -> None:
    first, second = transfer(phone, parent_call_id="first")
    assert first.facts.get(rule="T6").verdict == "due"
    with pytest.raises(Invalid):
        note_transfer(actor=staff(), call=first, name="", matter="断站")
    with pytest.raises(Invalid):
        note_transfer(actor=staff(), call=first, name="王小明", matter="a\0b")
    with TestCase.captureOnCommitCallbacks(execute=True):
        phone.post(Script(call_id="second").event("answered", 14, extension="8010"))
    assert first.facts.get(rule="T6").verdict == "breached"
    other, third = Script(call_id="third"), pbx()
    third.post(other.event("answered", 0))
    third.post(other.event("transferred", 5, transfer_to="8010"))
    noted = note_transfer(actor=staff(), call=Call.objects.get(call_id="third"), name="王小明", matter="基站断站")
    refold_parents_of(second.pk)
    assert noted.facts.get(rule="T6").verdict == "kept"


def test_T6_in_whatever_order_two_linked_calls_are_told() -> None:
    luck = random.Random(6)
    for _number in range(15):
        phone, first = pbx(), Script(call_id="first")
        second = Script(call_id="second", start=first.start)
        events = [
            first.event("ringing", 0),
            first.event("answered", 4),
            first.event("transferred", 10, transfer_to="8010"),
            second.event("ringing", 12, extension="8010"),
            second.event("answered", 14, extension="8010"),
        ]
        luck.shuffle(events)
        for event in events:
            with TestCase.captureOnCommitCallbacks(execute=True):
                phone.post(event)
        fact = CallFact.objects.get(call__integration=phone.integration, rule="T6")
        order = [event["id"] for event in events]
        assert (fact.verdict, fact.call.call_id) == ("breached", "first"), order
        assert CallLink.objects.filter(parent__integration=phone.integration).count() == 1, order


def test_others_hear_of_a_change_inside_its_transaction(phone: Pbx) -> None:
    heard: list[CallChange] = []
    listener = listen(heard.append)
    try:
        phone.post(Script().event("ringing", 0))
        phone.post(Script().event("ringing", 0))
        phone.post(Script(start=now() - timedelta(hours=2)).event("ended", 9, ended_by="agent"))
    finally:
        stop_listening(listener)
    assert [(one.before, one.cause, one.is_live) for one in heard] == [
        ("", "call.ringing", True),
        ("ringing", "call.ended", False),
    ]
    assert heard[0].call == Call.objects.get()


def test_a_listener_that_fails_takes_the_event_back(phone: Pbx) -> None:
    def fail(_change: CallChange) -> None:
        raise Conflict("no")

    listen(fail)
    try:
        assert phone.post(Script().event("ringing", 0)).status_code == 409
    finally:
        stop_listening(fail)
    assert not CallEvent.objects.exists()
    assert phone.post(Script().event("ringing", 0)).status_code == 202


def test_the_checkpoint_tells_where_to_go_on(phone: Pbx) -> None:
    empty = phone.get(EVENTS + "/checkpoint").json()
    assert empty == {"last_timestamp": None, "last_id": None, "open_calls": []}
    script = Script()
    phone.post(script.event("ringing", 0))
    phone.post(Script(call_id="over").event("ended", 0))
    pbx().post(Script(call_id="someone else's").event("ringing", 0))
    found = phone.get(EVENTS + "/checkpoint").json()
    assert found["open_calls"] == [script.call_id]
    assert found["last_id"].startswith("over:ended")
    assert found["last_timestamp"].endswith("Z")
