"""REST: calls by their changes, and extensions; for phone systems what is theirs, for staff masked numbers (P6)."""

from __future__ import annotations

import json
import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from rest_framework.test import APIClient

from service_desk.deadlines.clock import now
from service_desk.people.rules import Role
from service_desk.telephony.models import Call, Extension, settled_before
from service_desk.telephony.redaction import HideKeys
from tests.cases.callers import key, session
from tests.factories import staff
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db
CALLS, EXTENSIONS = "/api/v1/calls", "/api/v1/extensions"


@pytest.fixture
def phone() -> Pbx:
    return pbx()


def test_staff_see_calls_with_masked_numbers(phone: Pbx) -> None:
    phone.post(Script().event("answered", 0, direction="inbound", customer_number="013865479012"))
    reader = staff("", Role.QUALITY_INSPECTOR)
    for client in (session(reader), key(reader, "calls:read")):
        row = client.get(CALLS).json()["results"][0]
        assert "5479" not in row["customer_number"]
        one = client.get(row["url"]).json()
        assert (one["id"], one["facts"]) == (row["id"], [])
    assert key(reader, "cases:read").get(CALLS).status_code == 403
    assert key(reader, "calls:write").post("/api/v1/call-events", {}).status_code == 401


def test_a_system_sees_its_own_calls_alone(phone: Pbx) -> None:
    phone.post(Script().event("ringing", 0))
    other = pbx()
    assert other.get(CALLS).json()["results"] == []
    assert other.get(f"{CALLS}/{Call.objects.get().ref}").status_code == 404
    assert phone.get(f"{CALLS}/{Call.objects.get().ref}").json()["customer_number"] == "013865479012"
    assert phone.get(f"{CALLS}/nonsense").status_code == 404


def test_calls_are_found_by_the_phone_systems_own_number(phone: Pbx) -> None:
    for name in ("a/b@c", "d"):
        phone.post(Script(call_id=name).event("ringing", 0))
    assert [row["call_id"] for row in phone.get(CALLS, call_id="a/b@c").json()["results"]] == ["a/b@c"]
    assert len(phone.get(CALLS, state="ringing").json()["results"]) == 2
    assert phone.get(CALLS, call_id="a\0").status_code == 400


def test_every_change_is_met_once_by_whoever_follows_the_cursor(phone: Pbx) -> None:
    for number in range(5):
        phone.post(Script(call_id=f"call {number}").event("ringing", 0))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _page in range(4):
        page = phone.get(CALLS, limit="2", **cursor).json()
        seen += [row["call_id"] for row in page["results"]]
        cursor = {"changed_after": page["next"]}
    assert seen == [f"call {number}" for number in range(5)]
    phone.post(Script(call_id="call 1").event("answered", 3))
    changed = phone.get(CALLS, **cursor).json()["results"]
    assert [(row["call_id"], row["state"]) for row in changed] == [("call 1", "answered")]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_numbered_but_not_committed_holds_back_those_after_it() -> None:
    """Otherwise a reader who goes by number would pass over it for ever."""
    numbered, read = threading.Event(), threading.Event()

    def write_slowly() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("CREATE TEMPORARY TABLE slow ON COMMIT DROP AS SELECT pg_current_xact_id()")
                cursor.execute("SELECT nextval('telephony_call_change')")
                numbered.set()
                read.wait(10)
                cursor.execute("COMMIT")
        finally:
            connections.close_all()

    thread = threading.Thread(target=write_slowly)
    thread.start()
    numbered.wait(10)
    phone = pbx()
    phone.post(Script().event("ringing", 0))
    held_back = phone.get(CALLS).json()
    read.set()
    thread.join(10)
    assert held_back["results"] == []
    assert len(phone.get(CALLS).json()["results"]) == 1
    assert settled_before() <= now()


def test_a_slash_at_the_end_is_no_fault(phone: Pbx) -> None:
    assert phone.post(Script().event("ringing", 0), "/api/v1/call-events/").status_code == 202
    assert phone.get(f"{CALLS}/").json() == phone.get(CALLS).json()


def test_a_key_in_the_address_does_not_get_into_the_log(phone: Pbx) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "Bad: %s", (f"/from/{phone.key}/",), None)
    assert HideKeys().filter(record)
    assert phone.key[-20:] not in record.getMessage()
    assert phone.key[:16] in record.getMessage()
    assert "'filters': ['keys']" in str(settings.LOGGING)


def test_extensions_are_told_by_the_phone_system_itself(phone: Pbx) -> None:
    agent = staff("A017")
    made = _send(phone, "post", EXTENSIONS, {"extension": "8006", "agent_code": "A017"})
    assert made.status_code == 201, made.content
    assert (made.json()["staff"], made.json()["integration"]) == (agent.pk, phone.integration.name)
    taken = _send(phone, "post", EXTENSIONS, {"extension": "8006", "staff": staff().pk})
    assert (taken.status_code, taken.json()["code"]) == (409, "extension_taken")
    until = (now() + timedelta(hours=8)).isoformat()
    ended = _send(phone, "patch", f"{EXTENSIONS}/{made.json()['id']}", {"valid_to": until})
    assert ended.status_code == 200, ended.content
    assert Extension.objects.get().valid_to is not None
    assert [row["extension"] for row in phone.get(EXTENSIONS).json()["results"]] == ["8006"]
    other = pbx()
    assert other.get(EXTENSIONS).json()["results"] == []
    assert other.get(f"{EXTENSIONS}/{made.json()['id']}").status_code == 404
    foreign = _send(other, "post", EXTENSIONS, {"extension": "1", "agent_code": "A017", "integration": "x"})
    assert foreign.status_code == 400


def test_extensions_are_administered_through_rest_as_on_the_screen(phone: Pbx) -> None:
    agent, admin = staff(), administrator()
    body = {"integration": phone.integration.name, "extension": "8006", "staff": agent.pk}
    made = session(admin).post(EXTENSIONS, body)
    assert made.status_code == 201, made.content
    assert key(admin, "extensions:read").get(f"{EXTENSIONS}/{made.json()['id']}").json()["extension"] == "8006"
    assert key(admin, "extensions:read").post(EXTENSIONS, body).status_code == 403
    for answer in (session(agent).get(EXTENSIONS), session(agent).post(EXTENSIONS, body)):
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"extension": ""},
        {"extension": "8" * 33, "staff": 1},
        {"extension": "8\0", "staff": 1},
        {"extension": {"a": 1}, "staff": 1},
        {"extension": "8", "staff": 10**30},
        {"extension": "8", "staff": 999_999},
        {"extension": "8", "agent_code": "nobody"},
        {"extension": "8", "staff": 1, "valid_from": "2026-11-22"},
        {"extension": "8", "staff": 1, "valid_from": "9999-12-31T23:59:59-23:59"},
        {"extension": "8", "staff": 1, "colour": "red"},
    ],
)
def test_wrong_extensions_are_refused_with_a_problem(phone: Pbx, body: Any) -> None:
    answer = _send(phone, "post", EXTENSIONS, body)
    assert answer.status_code == 400, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_extension_cannot_end_before_it_begins(phone: Pbx) -> None:
    agent = staff("A018")
    made = _send(phone, "post", EXTENSIONS, {"extension": "8006", "agent_code": agent.username}).json()
    address = f"{EXTENSIONS}/{made['id']}"
    for body in ({"valid_to": "2020-01-01T00:00:00Z"}, {"valid_to": None}, {}, {"valid_to": "soon"}, {"staff": 1}):
        assert _send(phone, "patch", address, body).status_code == 400
    assert _send(phone, "patch", f"{EXTENSIONS}/999999999999999999999", {"valid_to": None}).status_code == 404


def _send(phone: Pbx, method: str, path: str, body: Any) -> Any:
    """With the system's key, unsigned systems from a listed address."""
    phone.integration.auth_mode, phone.integration.networks = "key_only", ["127.0.0.1"]
    phone.integration.save()
    client: Any = APIClient(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {phone.key}", "Accept-Language": "en"}
    return client.generic(method.upper(), path, json.dumps(body), "application/json", headers=headers)
