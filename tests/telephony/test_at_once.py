"""Several deliveries of one call at the same moment, over connections of their own: nothing is lost or done twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from service_desk.telephony.actions import receiving
from service_desk.telephony.models import Call, CallEvent
from tests.telephony.senders import Pbx, Script, pbx

pytestmark = pytest.mark.django_db(transaction=True)


def until_taken(phone: Pbx, event: dict[str, Any]) -> int:
    """Send as a client does that obeys the contract: again with the same id when told 'in progress'."""
    try:
        for _try in range(200):
            status: int = phone.post(event).status_code
            if status != 409:
                return status
        return 409
    finally:
        connections.close_all()


@pytest.mark.parametrize("seed", range(3))
def test_events_of_one_call_that_come_at_once_end_in_the_row_of_those_that_come_in_order(seed: int) -> None:
    phone, script = pbx(), Script()
    events = [
        script.event("ringing", 0, extension="8006"),
        script.event("answered", 8, extension="8006"),
        script.event("held", 9),
        script.event("resumed", 29),
        script.event("ended", 40, ended_by="agent"),
    ]
    sent = [*events, *events]
    random.Random(seed).shuffle(sent)
    with ThreadPoolExecutor(max_workers=5) as several:
        statuses = list(several.map(lambda event: until_taken(phone, event), sent))
    assert sorted(statuses) == [200] * 5 + [202] * 5
    call = Call.objects.get()
    assert CallEvent.objects.count() == 5
    assert (call.state, call.ring_count, call.hold_seconds, call.ended_by) == ("ended", 2, [20.0], "agent")
    facts = dict(call.facts.standing().values_list("rule", "verdict"))
    assert facts == {"T1": "kept", "T4": "breached", "T5": "breached"}


def test_two_calls_that_name_each_other_do_not_lock_each_other_out() -> None:
    phone = pbx()
    events = [
        Script(call_id=one).event(kind, second, parent_call_id=other)
        for second, kind in enumerate(("ringing", "answered", "held", "resumed", "ended"))
        for one, other in (("a", "b"), ("b", "a"))
    ]
    with ThreadPoolExecutor(max_workers=5) as several:
        statuses = set(several.map(lambda event: until_taken(phone, event), events))
    assert statuses == {202}
    assert set(Call.objects.values_list("state", flat=True)) == {"ended"}


def test_a_repeat_waits_for_the_first_and_is_answered_with_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "PATIENCE", timedelta(minutes=1))
    phone, event = pbx(), Script().event("ringing", 0)
    assert phone.post(event).status_code == 202
    number = receiving._lock_number(phone.integration.pk, f"event {event['id']}")
    with ThreadPoolExecutor(max_workers=1) as another:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
            repeat = another.submit(until_taken, phone, event)
            waiting = 0
            while not waiting and not repeat.done():
                cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                (waiting,) = cursor.fetchone()
            assert not repeat.done()
        assert repeat.result() == 200
