"""C3, C14 through REST: what is to be registered, registering it, undoing that; messages; scopes and bad input."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from service_desk.calls.actions import settle_as_case
from service_desk.calls.models import CallMessage
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from tests.calls.test_registration import phone_of, talk
from tests.cases.callers import fields, key, session
from tests.cases.pages import browser
from tests.factories import World, world

pytestmark = pytest.mark.django_db
DUE, MESSAGES = "/api/v1/registrations/", "/api/v1/messages/"
JSON = "application/json"
ABSURD: list[Any] = [None, "", " ", "\x00", "\ud800", 0, -1, 10**30, [], {}, True, "很" * 5000]


@pytest.fixture
def desk() -> World:
    return world()


def test_C3_what_is_to_be_registered_is_listed_with_its_due_time(desk: World) -> None:
    call = talk(phone_of(desk))
    rows = session(desk.agent).get(DUE).json()["results"]
    assert [row["call"] for row in rows] == [call.ref]
    assert 86_000 < rows[0]["remaining_seconds"] < 86_400
    assert call.customer_number not in str(rows)
    assert session(desk.colleague).get(DUE).json()["results"] == []
    assert len(session(desk.colleague).get(DUE, {"whose": "all"}).json()["results"]) == 1
    assert session(desk.agent).get(DUE, {"who": "me"}).status_code == 400


def test_C3_registering_and_undoing(desk: World) -> None:
    call, case, caller = talk(phone_of(desk)), desk.register(), session(desk.agent)
    done = caller.post(f"{DUE}{call.ref}/settle/", {"settled_as": "case", "case": case.number})
    assert (done.status_code, done.json()["state"], done.json()["settlement"]["case"]) == (200, "met", case.number)
    again = caller.post(f"{DUE}{call.ref}/settle/", {"settled_as": "exception", "reason": "test"})
    assert again.status_code == 409
    undone = caller.post(f"{DUE}{call.ref}/undo/", {"why": "登错"})
    assert (undone.json()["state"], undone.json()["settlement"], len(undone.json()["history"])) == ("running", None, 1)
    theirs = session(desk.colleague).post(f"{DUE}{call.ref}/settle/", {"settled_as": "exception", "reason": "test"})
    assert theirs.status_code == 403


def test_P6_a_call_registered_as_a_confidential_case_is_shown_to_who_may_see_that_case_alone(desk: World) -> None:
    call = talk(phone_of(desk))
    hidden = desk.register()
    Case.objects.filter(pk=hidden.pk).update(confidential=True)
    settle_as_case(call=call, actor=desk.agent, case=hidden)
    owner, other = key(desk.agent, "calls:read"), key(desk.engineer, "calls:read")
    assert [row["id"] for row in owner.get("/api/v1/calls").json()["results"]] == [call.ref]
    for stranger in (other, session(desk.auditor), session(desk.inspector)):
        assert stranger.get("/api/v1/calls").json()["results"] == []
        assert stranger.get("/api/v1/calls", {"call_id": call.call_id}).json()["results"] == []
        assert stranger.get(f"/api/v1/calls/{call.ref}").status_code == 404
    assert call.ref not in browser(desk.admin).get("/admin/telephony/call/").content.decode()


def test_C3_keys_need_the_scope(desk: World) -> None:
    call = talk(phone_of(desk))
    reader = key(desk.agent, "registrations:read")
    assert reader.get(f"{DUE}{call.ref}/").status_code == 200
    assert reader.post(f"{DUE}{call.ref}/undo/", {"why": "x"}).status_code == 403
    assert reader.get(MESSAGES).status_code == 403


@pytest.mark.parametrize("value", ABSURD)
def test_bad_input_is_refused_by_name_and_never_an_error(desk: World, value: Any) -> None:
    call, caller = talk(phone_of(desk)), session(desk.agent)
    for name in ("settled_as", "case", "message", "reason", "words"):
        body = {"settled_as": "exception", "reason": "other", name: value}
        assert caller.post(f"{DUE}{call.ref}/settle/", json.dumps(body), content_type=JSON).status_code in (
            200,
            400,
            409,
            422,
        ), name
    undone = caller.post(f"{DUE}{call.ref}/undo/", json.dumps({"why": value}), content_type=JSON)
    assert undone.status_code in (200, 400, 409, 422)
    good = {"for_whom": desk.engineer.pk, "from_name": "王", "matter": "回电", "from_number": "1"}
    for name in (*good, "call", "customer", "call_back_by"):
        answer = caller.post(MESSAGES, json.dumps({**good, name: value}), content_type=JSON)
        assert answer.status_code in (201, 400, 422), name
    for address in (f"{DUE}{'0' * 26}/", f"{DUE}x/", f"{MESSAGES}999999999999999999/", f"{MESSAGES}1%00/"):
        assert caller.get(address).status_code in (400, 404, 422)


def test_C14_a_message_through_REST(desk: World) -> None:
    call, taker = talk(phone_of(desk)), session(desk.agent)
    body = {
        "for_whom": desk.engineer.pk,
        "from_name": "王小明",
        "from_number": "13800138000",
        "matter": "请回电",
        "call": call.ref,
        "call_back_by": (now() + timedelta(hours=3)).isoformat(),
    }
    made = taker.post(MESSAGES, body)
    assert made.status_code == 201
    assert made.json()["from_number"] == "138****8000"
    assert taker.get(f"{DUE}{call.ref}/").json()["settlement"]["message"] == made.json()["id"]
    theirs, there = session(desk.engineer), f"{MESSAGES}{made.json()['id']}/"
    assert [row["id"] for row in theirs.get(MESSAGES).json()["results"]] == [made.json()["id"]]
    assert theirs.post(f"{there}acknowledge/").json()["state"] == "acknowledged"
    assert theirs.post(f"{there}number/").json() == {"number": "13800138000"}
    assert theirs.post(f"{there}answer/", {"outcome": "已回"}).json()["state"] == "done"
    assert theirs.get(MESSAGES).json()["results"] == []
    assert len(theirs.get(MESSAGES, {"done": "true"}).json()["results"]) == 1
    assert session(desk.colleague).get(there).status_code == 404
    assert taker.post(f"{there}number/").status_code == 403
    assert CallMessage.objects.get().done_by == desk.engineer


def test_C14_what_the_desk_sets_cannot_be_sent(desk: World) -> None:
    body = {"for_whom": desk.engineer.pk, "from_name": "王", "matter": "回电", "taken_at": now().isoformat()}
    assert fields(session(desk.agent).post(MESSAGES, body)) == {"taken_at": "read_only"}
