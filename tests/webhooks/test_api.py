"""REST: webhook endpoints and their deliveries, for administrators and keys with the scope alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from service_desk.deadlines.clock import now
from service_desk.rest.actions import issue_key
from service_desk.webhooks import kinds
from service_desk.webhooks.documentation import describe
from service_desk.webhooks.models import Endpoint, Post
from service_desk.webhooks.sending import deliver_due
from tests.factories import staff
from tests.notices.sinks import WebSink
from tests.webhooks.conftest import Setup, administrator, done

pytestmark = pytest.mark.django_db
ENDPOINTS, DELIVERIES = "/api/v1/webhook-endpoints/", "/api/v1/webhook-deliveries/"
HUB = "/api/v1/hub"


def caller(person: Any = None, *scopes: str) -> Any:
    owner = person or administrator()
    _key, text = issue_key(
        actor=administrator(),
        owner=owner,
        name="hooks",
        scopes=scopes or ["webhooks:read", "webhooks:write"],
        expires_at=now() + timedelta(days=1),
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}", HTTP_ACCEPT_LANGUAGE="en")
    return client


def new(web_sink: WebSink, **change: Any) -> dict[str, Any]:
    return {"name": "客户系统", "url": f"{web_sink.url}/hook", "types": ["thing.done"], **change}


def test_an_endpoint_from_setting_up_to_taking_away(db: None, web_sink: WebSink) -> None:
    api = caller()
    made = api.post(ENDPOINTS, new(web_sink))
    assert made.status_code == 201
    assert made["Location"].endswith(f"{ENDPOINTS}{made.data['id']}/")
    assert made.data["secret"].startswith("whsec_")
    one = f"{ENDPOINTS}{made.data['id']}/"
    shown = api.get(one).data
    assert "secret" not in shown
    assert (shown["is_active"], shown["two_secrets"]) == (True, False)
    rotated = api.post(f"{one}rotate-secret/")
    assert rotated.data["secret"] != made.data["secret"]
    assert api.get(one).data["two_secrets"] is True
    assert api.post(f"{one}retire-secret/").data["two_secrets"] is False
    assert api.patch(one, {"name": "新名", "is_active": False}).data["pause_reason"] == "by_hand"
    assert api.post(f"{one}test/").json()["code"] == "switched_off"
    assert api.patch(one, {"is_active": True}).data["is_active"] is True
    assert api.post(f"{one}test/").status_code == 202
    assert [row["name"] for row in api.get(ENDPOINTS).data["results"]] == ["新名"]
    assert api.delete(one).status_code == 204
    assert not Endpoint.objects.exists()


def test_the_log_and_delivering_again(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (400, {}, b"what?")
    row, api = endpoint().endpoint, caller()
    event = done()
    assert event is not None
    deliver_due()
    [shown] = api.get(DELIVERIES, {"endpoint": row.pk, "state": "pending"}).data["results"]
    assert (shown["event"], shown["tries"][0]["status"], shown["tries"][0]["answer"]) == (event.key, 400, "what?")
    assert shown["data"] == {"thing": {"id": 7}}
    assert api.get(DELIVERIES, {"state": "dead"}).data["results"] == []
    Post.objects.update(state="dead")
    assert api.post(f"{DELIVERIES}{shown['id']}/redeliver/").data["state"] == "pending"
    Post.objects.update(state="dead")
    since = (now() - timedelta(hours=1)).isoformat()
    assert api.post(f"{ENDPOINTS}{row.pk}/redeliver/", {"since": since}).data == {"count": 1}


def test_what_can_be_subscribed_to_is_listed_with_examples(db: None) -> None:
    found = {row["type"]: row for row in caller().get(f"{ENDPOINTS}types/").data}
    assert found["case.registered"]["also"] == ["ticket.created"]
    assert found["call.answered"]["example"]["call"]["state"] == "answered"


def test_only_administrators_and_only_with_the_scope(endpoint: Setup, web_sink: WebSink) -> None:
    one = f"{ENDPOINTS}{endpoint().endpoint.pk}/"
    agent, reader = caller(staff()), caller(None, "webhooks:read")
    for address in (ENDPOINTS, one, DELIVERIES, f"{ENDPOINTS}types/"):
        assert agent.get(address).status_code == 403
        assert reader.get(address).status_code == 200
        assert APIClient().get(address).status_code == 401
    for deed in ("rotate-secret", "retire-secret", "test", "redeliver"):
        assert reader.post(f"{one}{deed}/").status_code == 403
        assert agent.post(f"{one}{deed}/").status_code == 403
    assert reader.post(ENDPOINTS, new(web_sink)).status_code == 403
    assert reader.patch(one, {"name": "x"}).status_code == 403
    assert reader.delete(one).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": 7.5e300}, "url"),
        ({"url": "http://127.0.0.1:1/x y"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://user:pass@example.com/"}, "url"),
        ({"url": ["https://example.com/"]}, "url"),
        ({"types": []}, "types"),
        ({"types": ["nobody.knows"]}, "types"),
        ({"types": "case.registered"}, "types"),
        ({"types": [{"a": 1}]}, "types"),
        ({"secret": "whsec_mine"}, "secret"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_is_named(db: None, web_sink: WebSink, change: dict[str, Any], field: str) -> None:
    if "name" in change and not isinstance(change["name"], str):
        change = {**change, "url": "nonsense"}
    answer = caller().post(ENDPOINTS, new(web_sink, **change))
    assert answer.status_code == 400
    assert field in {error["field"].split("/")[0] for error in answer.json()["errors"]}
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_listener_of_TMF621_is_an_endpoint_like_any_other(db: None, web_sink: WebSink, slash: str) -> None:
    api, callback = caller(), f"{web_sink.url}/tmf"
    made = api.post(HUB + slash, {"callback": callback, "query": "eventType=thing.done, ticket.created"})
    assert (made.status_code, made.data["query"]) == (201, "eventType=thing.done,ticket.created")
    assert made.data["secret"].startswith("whsec_")
    assert api.get(f"{ENDPOINTS}{made.data['id']}/").data["url"] == callback
    everything = api.post(HUB + slash, {"callback": callback})
    types = set(Endpoint.objects.get(pk=everything.data["id"]).types)
    assert {"call.ended", "case.closed", "promise.broken", "violation.suspected", "emergency.step"} <= types
    assert "webhook.test" not in types
    assert api.delete(f"{HUB}/{made.data['id']}{slash}").status_code == 204
    assert [str(row.pk) for row in Endpoint.objects.all()] == [everything.data["id"]]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "callback"),
        ({"callback": "https://[::1"}, "callback"),
        ({"callback": "javascript:alert(1)"}, "callback"),
        ({"callback": 7}, "callback"),
        ({"callback": "https://hooks.example.com/", "query": "eventType=nobody.knows"}, "query"),
        ({"callback": "https://hooks.example.com/", "query": "state=closed"}, "query"),
        ({"callback": "https://hooks.example.com/", "query": ["eventType=call.ended"]}, "query"),
        ({"callback": "https://hooks.example.com/", "id": 5}, "id"),
    ],
)
def test_bad_input_of_a_listener_is_named(db: None, given: dict[str, Any], field: str) -> None:
    answer = caller().post(HUB, given)
    assert answer.status_code == 400
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not Endpoint.objects.exists()


def test_a_listener_is_the_administrators_matter(endpoint: Setup) -> None:
    one, given = endpoint().endpoint.pk, {"callback": "https://hooks.example.com/"}
    for who in (caller(staff()), caller(None, "webhooks:read")):
        assert who.post(HUB, given).status_code == 403
        assert who.delete(f"{HUB}/{one}").status_code == 403
    assert caller().delete(f"{HUB}/{'9' * 18}").status_code == 404
    assert Endpoint.objects.count() == 1


def test_what_the_desk_sends_stands_in_its_description(db: None) -> None:
    told = describe({}, None, None, True)["x-webhooks"]
    assert told["call.answered"]["post"]["requestBody"]["content"]["application/json"]["example"]["data"]["ring_count"]
    assert set(told) == set(kinds.known())


@pytest.mark.parametrize("raw", [b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b"{", b"[]", b"\xff"])
def test_unclean_bodies_are_refused(db: None, raw: bytes) -> None:
    assert caller().generic("POST", ENDPOINTS, raw, "application/json").status_code == 400


def test_strange_addresses_and_filters_are_refused(endpoint: Setup) -> None:
    api, row = caller(), endpoint().endpoint
    assert api.get(f"{ENDPOINTS}999999999999999999/").status_code == 404
    assert api.get(f"{DELIVERIES}999999999999999999/").status_code == 404
    for query in ({"state": "lost"}, {"endpoint": "x"}, {"endpoint": "9" * 30}, {"color": "red"}, {"after": "zz"}):
        assert api.get(DELIVERIES, query).status_code == 400
    for body in ({}, {"since": "neulich"}, {"since": "2099-01-01T00:00:00Z"}, {"since": "2026-01-01T00:00:00"}):
        assert api.post(f"{ENDPOINTS}{row.pk}/redeliver/", body).status_code == 400
