"""The door under stress: a flood, large bodies, and numbers and names as phone systems truly write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service_desk.telephony import limiter
from service_desk.telephony.models import Call, CallEvent, RefusedDelivery
from tests.telephony.senders import EVENTS, RECORDS, Script, pbx

pytestmark = pytest.mark.django_db


def test_a_flood_of_one_system_costs_another_nothing() -> None:
    """No clock is asked: while one floods and is put off, every single delivery of the other is taken."""
    flooding, other = pbx(events_per_second=1), pbx()
    flood, script = Script(call_id="flood"), Script(call_id="other")
    put_off: list[Any] = []
    for number in range(60):
        answer = flooding.post(flood.event("ringing", number))
        put_off += [answer] if answer.status_code == 429 else []
        assert answer.status_code in (202, 429)
        assert other.post(script.event("ringing", number)).status_code == 202
    assert len(put_off) >= 50
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in put_off)
    assert all(answer.json()["type"] == "/problems/rate-limited" for answer in put_off)
    assert CallEvent.objects.filter(call__call_id="other").count() == 60
    assert CallEvent.objects.filter(call__call_id="flood").count() == 60 - len(put_off)
    assert RefusedDelivery.objects.count() <= 2, "counted by the minute, so that a flood cannot fill the log"


def test_what_was_put_off_is_taken_later_under_the_same_id() -> None:
    phone, script = pbx(events_per_second=1), Script()
    answers = [phone.post(script.event("ringing", number)) for number in range(6)]
    refused = next(number for number, answer in enumerate(answers) if answer.status_code == 429)
    event = script.event("ringing", refused)
    assert not CallEvent.objects.filter(event_id=event["id"]).exists()
    limiter._line().redis.delete(limiter._key(phone.integration.pk))  # time passes
    assert phone.post(event).status_code == 202


@pytest.mark.parametrize("path", [EVENTS, RECORDS])
def test_a_megabyte_is_the_limit_and_just_under_it_is_read(path: str) -> None:
    phone = pbx()
    name = "events" if path == EVENTS else "records"
    item = Script().event("ringing", 0)
    body = {name: [item]} if path == EVENTS else {name: [{"call_id": "1"}]}
    small = json.dumps(body).encode()
    fits = small + b" " * (1024 * 1024 - len(small))
    assert phone.post(fits, path).status_code == 200
    answer = phone.post(fits + b" ", path)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    ("raw", "matched"),
    [
        ("+8613865479012", "+8613865479012"),
        ("008613865479012", "+8613865479012"),
        ("0755/2677-2892", "+8675526772892"),
        ("+86 (0)755/2677 2892", "+8675526772892"),
        ('"BEGIN:VCARD" <sip:013865479012@10.0.0.1>'[:40], "+8613865479012"),
        ("王小明 <013865479012>", "+8613865479012"),
        ("anonymous", None),
        ("", None),
        ("１３８６５４７９０１２", "+8613865479012"),
        ("<script>alert(1)</script>", None),
        ("'; DROP TABLE calls; --", None),
    ],
)
def test_numbers_come_in_as_written_and_match_as_customers_do(raw: str, matched: str | None) -> None:
    phone, script = pbx(), Script(number=raw)
    assert phone.post(script.event("ringing", 0)).status_code == 202
    call = Call.objects.get()
    assert (call.customer_number, call.customer_e164) == (raw, matched)


def test_a_batch_of_a_hundred_is_judged_item_by_item() -> None:
    phone, script = pbx(), Script()
    events: list[Any] = [script.event("ringing", number) for number in range(97)]
    events += [{}, "nonsense", {**script.event("ringing", 99), "data": None}]
    answer = phone.post({"events": events})
    assert answer.status_code == 200
    states = [result["status"] for result in answer.json()["results"]]
    assert states == ["accepted"] * 97 + ["rejected"] * 3
    assert CallEvent.objects.count() == 97
