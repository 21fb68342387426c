"""Every row of the contract's table of errors, by the name that clients branch on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError, connections
from psycopg2 import connect

from service_desk.telephony import limiter
from service_desk.telephony.actions import receiving, rotate_credentials, switch_integration
from service_desk.telephony.models import Call, Integration, RefusedDelivery
from service_desk.telephony.rules import sign
from tests.telephony.senders import EVENTS, RECORDS, Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db


def refused(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem, checked for its form."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{kind}", status)
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/requests/")
    return body


def pointers(body: dict[str, Any]) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in body["errors"]}


@pytest.fixture
def phone() -> Pbx:
    return pbx()


@pytest.fixture
def ringing() -> dict[str, Any]:
    return Script().event("ringing", 0)


def test_400_invalid_json(phone: Pbx) -> None:
    for body in (b"", b"{", b"\xff\xfe", b'{"id": NaN}', b"[" * 100_000):
        refused(phone.post(body), 400, "invalid-json")


def test_401_key_invalid(phone: Pbx, ringing: dict[str, Any]) -> None:
    wrong = phone.key[:-4] + "0000"
    for text in (
        "",
        "Bearer",
        "Bearer nonsense",
        f"Bearer {wrong}",
        "Bearer sdk_abc",
        "Basic !!!",
        f"Token {phone.key}",
    ):
        answer = phone.post(ringing, Authorization=text)
        refused(answer, 401, "key-invalid")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not Call.objects.exists()


def test_401_key_invalid_from_an_address_that_is_not_listed(ringing: dict[str, Any]) -> None:
    refused(pbx(networks=["192.0.2.0/24"]).post(ringing), 401, "key-invalid")
    assert pbx(networks=["192.0.2.0/24", "127.0.0.1"]).post(ringing).status_code == 202


def test_401_key_invalid_where_one_that_must_sign_comes_with_its_key_in_the_address(
    phone: Pbx, ringing: dict[str, Any]
) -> None:
    path = f"/api/v1/call-events/from/{phone.key}"
    refused(phone.post(ringing, path), 401, "key-invalid")
    open_one = pbx(auth_mode="key_only", networks=["127.0.0.1"])
    assert open_one.post(ringing, f"/api/v1/call-events/from/{open_one.key}").status_code == 202


@pytest.mark.parametrize("header", ["webhook_signature", "webhook-id", "webhook-timestamp"])
def test_401_signature_missing(phone: Pbx, ringing: dict[str, Any], header: str) -> None:
    sent = {"webhook_signature": {"webhook_signature": ""}}.get(header, {header: ""})
    refused(phone.post(ringing, **sent), 401, "signature-missing")


def test_401_signature_invalid_when_one_byte_differs(phone: Pbx, ringing: dict[str, Any]) -> None:
    raw, stamp = json.dumps(ringing).encode(), str(int(time.time()))
    good = sign(phone.secret, "evt_1", stamp, raw)
    one = {"webhook_id": "evt_1", "webhook_timestamp": stamp}
    refused(phone.post(raw + b" ", **one, webhook_signature=good), 401, "signature-invalid")
    refused(
        phone.post(raw, webhook_id="evt_2", webhook_timestamp=stamp, webhook_signature=good), 401, "signature-invalid"
    )
    for nonsense in ("v1,", "v1,AAAA", "v2," + good[3:], "nonsense", "v1a," + good[3:], "v1,ü"):
        refused(phone.post(raw, **one, webhook_signature=nonsense), 401, "signature-invalid")
    assert phone.post(raw, **one, webhook_signature=f"v1,AAAA {good}").status_code == 202


def test_the_signature_is_over_the_raw_bytes_not_over_json_written_again(phone: Pbx, ringing: dict[str, Any]) -> None:
    raw = json.dumps(ringing, ensure_ascii=False, indent=3).replace("call.ringing", "call\\u002eringing").encode()
    assert phone.post(raw).status_code == 202


def test_an_idempotency_key_is_accepted_instead_of_the_webhook_id(phone: Pbx, ringing: dict[str, Any]) -> None:
    raw, stamp = json.dumps(ringing).encode(), str(int(time.time()))
    headers = {"webhook-id": "", "Idempotency-Key": "evt_9", "webhook-timestamp": stamp}
    assert (
        phone.post(raw, **headers, **{"webhook-signature": sign(phone.secret, "evt_9", stamp, raw)}).status_code == 202
    )


@pytest.mark.parametrize("seconds", [-310, 310])
def test_401_timestamp_out_of_range_tells_the_desks_time(phone: Pbx, ringing: dict[str, Any], seconds: int) -> None:
    body = refused(
        phone.post(ringing, webhook_timestamp=str(int(time.time()) + seconds)), 401, "timestamp-out-of-range"
    )
    assert body["server_time"].endswith("Z")
    for nonsense in ("abc", "-5", "1e9", "9" * 30, "１７９５２８５５８１"):
        refused(phone.post(ringing, webhook_timestamp=nonsense), 401, "timestamp-out-of-range")


def test_a_delivery_that_was_overheard_is_of_no_use_later(phone: Pbx, ringing: dict[str, Any]) -> None:
    """A replay within the five minutes is the same event: answered, and nothing happens; afterwards it is refused."""
    raw, stamp = json.dumps(ringing).encode(), str(int(time.time()))
    good = {"webhook_id": "evt_1", "webhook_signature": sign(phone.secret, "evt_1", stamp, raw)}
    assert phone.post(raw, **good, webhook_timestamp=stamp).status_code == 202
    assert phone.post(raw, **good, webhook_timestamp=stamp).json()["status"] == "duplicate"
    refused(phone.post(raw, **good, webhook_timestamp=str(int(stamp) + 1)), 401, "signature-invalid")


def test_two_secrets_and_keys_are_good_during_a_rotation(phone: Pbx) -> None:
    script = Script()
    new = rotate_credentials(actor=administrator(), integration=phone.integration)
    fresh = Pbx(phone.integration, new.key, new.secret)
    mixed = Pbx(phone.integration, phone.key, new.secret)
    for number, sender in enumerate((phone, fresh, mixed)):
        assert sender.post(script.event("ringing", number)).status_code == 202
    newer = rotate_credentials(actor=administrator(), integration=phone.integration)
    refused(phone.post(script.event("ringing", 9)), 401, "key-invalid")
    refused(Pbx(phone.integration, newer.key, phone.secret).post(script.event("ringing", 9)), 401, "signature-invalid")


def test_403_scope_missing(ringing: dict[str, Any]) -> None:
    phone = pbx(scopes=["calls:read"])
    refused(phone.post(ringing), 403, "scope-missing")
    assert phone.get("/api/v1/calls").status_code == 200
    refused(pbx(scopes=["calls:write"]).get("/api/v1/calls"), 403, "scope-missing")


def test_403_integration_disabled(phone: Pbx, ringing: dict[str, Any]) -> None:
    switch_integration(actor=administrator(), integration=phone.integration, on=False)
    refused(phone.post(ringing), 403, "integration-disabled")
    switch_integration(actor=administrator(), integration=phone.integration, on=True)
    assert phone.post(ringing).status_code == 202


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """A second connection to the same database."""
    settings = connections["default"].get_connection_params()
    other = connect(**{k: v for k, v in settings.items() if k in ("host", "port", "user", "password", "dbname")})
    yield other
    other.close()


def test_409_in_progress_when_the_same_event_comes_twice_at_once(
    phone: Pbx, ringing: dict[str, Any], elsewhere: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "PATIENCE", timedelta(milliseconds=20))
    with elsewhere.cursor() as cursor:
        number = receiving._lock_number(phone.integration.pk, f"event {ringing['id']}")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
    answer = phone.post(ringing)
    refused(answer, 409, "in-progress")
    assert answer.headers["Retry-After"] == "1"
    elsewhere.rollback()
    assert phone.post(ringing).status_code == 202


def test_413_too_large(phone: Pbx, ringing: dict[str, Any]) -> None:
    refused(phone.post({**ringing, "more": "x" * (1024 * 1024)}), 413, "too-large")
    for path in (EVENTS, RECORDS):
        refused(pbx(auth_mode="key_only", networks=["127.0.0.1"]).post(b" " * 1_100_000, path), 413, "too-large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_415_unsupported_media_type(phone: Pbx, ringing: dict[str, Any], media_type: str) -> None:
    refused(phone.post(ringing, content_type=media_type or "nonsense"), 415, "unsupported-media-type")


def test_422_invalid_event_names_each_field(phone: Pbx) -> None:
    event = Script().event("ended", 0)
    del event["data"]["ended_by"]
    body = refused(phone.post(event), 422, "invalid-event")
    assert pointers(body) == {"/data/ended_by": "required"}
    assert body["detail"] == "1 field failed"
    event["data"]["cause"], event["timestamp"] = "boredom", "2026-11-22 02:28"
    body = refused(phone.post(event), 422, "invalid-event")
    assert pointers(body) == {
        "/data/ended_by": "required",
        "/data/cause": "not_allowed",
        "/timestamp": "wrong_format",
    }


def test_422_is_told_in_the_callers_language(phone: Pbx) -> None:
    event = Script().event("ended", 0)
    del event["data"]["cause"]
    detail = phone.post(event, **{"Accept-Language": "zh-CN"}).json()["errors"][0]["detail"]
    assert detail != "This field is required."


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id": ""}, "/id"),
        ({"id": 5}, "/id"),
        ({"id": "x" * 251}, "/id"),
        ({"id": "a\0b"}, "/id"),
        ({"id": "\ud800"}, "/id"),
        ({"type": 5}, "/type"),
        ({"type": None}, "/type"),
        ({"timestamp": "2026-11-22T02:28:48"}, "/timestamp"),
        ({"timestamp": "2026-02-30T02:28:48Z"}, "/timestamp"),
        ({"timestamp": "9999-12-31T23:59:59-23:59"}, "/timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+23:59"}, "/timestamp"),
        ({"timestamp": "2026-11-22T02:28:48+99:99"}, "/timestamp"),
        ({"timestamp": 1795285581}, "/timestamp"),
        ({"data": None}, "/data"),
        ({"data": []}, "/data"),
        ({"data.call_id": ""}, "/data/call_id"),
        ({"data.call_id": "\0"}, "/data/call_id"),
        ({"data.seq": -1}, "/data/seq"),
        ({"data.seq": True}, "/data/seq"),
        ({"data.seq": 10**30}, "/data/seq"),
        ({"data.ring_seconds": -0.1}, "/data/ring_seconds"),
        ({"data.ring_seconds": 1e300}, "/data/ring_seconds"),
        ({"data.ring_count": 10**40}, "/data/ring_count"),
        ({"data.direction": "sideways"}, "/data/direction"),
        ({"data.customer_number": "1" * 41}, "/data/customer_number"),
        ({"data.extension": "8" * 33}, "/data/extension"),
        ({"data.sip_status": 99}, "/data/sip_status"),
        ({"data.recording_url": "nonsense"}, "/data/recording_url"),
        ({"data.attributes": "x"}, "/data/attributes"),
        ({"data.attributes": {"x": "报" * 2000}}, "/data/attributes"),
        ({"data.attributes": {"x": "\0"}}, "/data/attributes/x"),
        ({"more": "\ud800"}, "/more"),
    ],
)
def test_422_invalid_event_whatever_is_wrong(phone: Pbx, change: dict[str, Any], pointer: str) -> None:
    event = Script().event("ringing", 0)
    for place, value in change.items():
        name = place.removeprefix("data.")
        (event["data"] if place.startswith("data.") else event)[name] = value
    assert pointer in pointers(refused(phone.post(event), 422, "invalid-event"))
    assert not Call.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 5, None, {}, {"events": []}, {"events": {}}, {"events": None}])
def test_422_invalid_event_for_what_is_no_event_at_all(phone: Pbx, body: Any) -> None:
    refused(phone.post(body), 422, "invalid-event")


def test_422_invalid_event_beyond_a_hundred_items_or_with_strange_neighbours(phone: Pbx) -> None:
    script = Script()
    events = [script.event("ringing", number) for number in range(101)]
    assert pointers(refused(phone.post({"events": events}), 422, "invalid-event")) == {"/events": "out_of_range"}
    body = refused(phone.post({"events": events[:1], "extra": 1}), 422, "invalid-event")
    assert pointers(body) == {"/extra": "unknown_field"}
    assert phone.post({"events": events[:100]}).status_code == 200
    assert pointers(refused(phone.post({"records": [{}] * 501}, RECORDS), 422, "invalid-event")) == {
        "/records": "out_of_range"
    }


def test_422_id_reused(phone: Pbx, ringing: dict[str, Any]) -> None:
    assert phone.post(ringing).status_code == 202
    refused(phone.post({**ringing, "type": "call.answered"}), 422, "id-reused")
    assert pbx().post({**ringing, "type": "call.answered"}).status_code == 202, "ids are each system's own"


def test_429_rate_limited_does_not_slow_another(ringing: dict[str, Any]) -> None:
    slow, other = pbx(events_per_second=1), pbx()
    script = Script()
    answers = [slow.post(script.event("ringing", number)) for number in range(6)]
    limited = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers][:3] == [202, 202, 202]
    assert limited
    refused(limited[0], 429, "rate-limited")
    assert 1 <= int(limited[0].headers["Retry-After"]) <= 3
    assert other.post(ringing).status_code == 202
    logged = RefusedDelivery.objects.filter(integration=slow.integration)
    assert sum(logged.values_list("times", flat=True)) == len(limited), "counted, not a row each"


def test_429_without_redis_every_call_is_let_through(ringing: dict[str, Any]) -> None:
    limiter._line.cache_clear()
    with patch("service_desk.redis_line.Redis.from_url") as made:
        made.return_value.eval.side_effect = ConnectionError
        assert limiter.wait_for(1, 1) == 0.0
        assert limiter.wait_for(1, 1) == 0.0
        assert made.return_value.eval.call_count == 1, "a Redis that is away is left alone for a while"
    limiter._line.cache_clear()


def test_503_unavailable(phone: Pbx, ringing: dict[str, Any]) -> None:
    with patch("service_desk.telephony.api.delivering.receive_event", side_effect=OperationalError("gone")):
        answer = phone.post(ringing)
    refused(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert phone.post(ringing).status_code == 202, "the same id again"


def test_unknown_query_parameters_are_refused(phone: Pbx, ringing: dict[str, Any]) -> None:
    for answer in (
        phone.post(ringing, EVENTS + "?a=b"),
        phone.get("/api/v1/calls", page="2"),
        phone.get("/api/v1/call-events/checkpoint", x="1"),
        phone.get("/api/v1/extensions", x="1"),
        phone.get("/api/v1/calls", limit="0"),
        phone.get("/api/v1/calls", state="asleep"),
        phone.get("/api/v1/calls", changed_after="made up"),
    ):
        refused(answer, 400, "invalid-parameter")


def test_every_refusal_is_in_the_systems_log(phone: Pbx, ringing: dict[str, Any]) -> None:
    phone.post(b"{")
    phone.post(ringing, webhook_signature="v1,AAAA", webhook_id="evt_1")
    phone.post({"events": [ringing, {"id": "bad\0"}]})
    log = RefusedDelivery.objects.filter(integration=phone.integration)
    assert set(log.values_list("problem", "status")) == {
        ("invalid-json", 400),
        ("signature-invalid", 401),
        ("invalid-event", 422),
    }
    assert log.get(problem="signature-invalid").message_id == "evt_1"
    pbx().post(ringing, Authorization="Bearer ck_live_nobody")
    assert RefusedDelivery.objects.filter(integration=None).count() == 1


def test_secrets_are_stored_encrypted_and_keys_as_digests(phone: Pbx) -> None:
    row = Integration.objects.get(pk=phone.integration.pk)
    stored = " ".join(str(value) for value in row.__dict__.values())
    assert phone.secret not in stored
    assert phone.secret.removeprefix("whsec_") not in stored
    assert phone.key.rpartition("_")[2] not in stored
