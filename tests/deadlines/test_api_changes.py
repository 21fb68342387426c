"""D8 by REST: a program lists what would move and applies exactly that list, with the rights of its person."""

from __future__ import annotations

from typing import Any

import pytest

from service_desk.cases.models import Case
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.models import Policy
from tests.cases.callers import fields, key, session
from tests.factories import World, world

URL = "/api/v1/clock-changes/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def newer(desk: World) -> Policy:
    policy = Policy.objects.get(severity="minor", kind="solution")
    return edit_policy(policy=policy, changes={"target_seconds": 3600}, actor=desk.admin)


def running(desk: World) -> Case:
    """A case whose clock has begun by the first version."""
    case = desk.register(severity="minor")
    case.deadlines.filter(kind="solution").update(
        policy=Policy.objects.get(severity="minor", kind="solution", version=1)
    )
    return case


def test_D8_listed_then_applied_with_the_token_of_the_list(desk: World, newer: Policy) -> None:
    case, secret = running(desk), running(desk)
    Case.objects.filter(pk=secret.pk).update(confidential=True)
    client = key(desk.admin)
    listed = client.post(URL, {"policy": newer.pk})
    assert listed.status_code == 201, listed.content
    body = listed.json()
    assert (body["state"], body["clocks"], body["moves"]) == ("ready", 2, 0)
    assert [line["case"] for line in body["lines"]] == [case.number]
    assert client.post(f"{URL}{body['id']}/apply/", {"token": "0" * 64}).status_code == 412
    for _twice in range(2):
        done = client.post(f"{URL}{body['id']}/apply/", {"token": body["token"]})
        assert (done.status_code, done.json()["state"]) == (200, "done")
    assert case.deadlines.get(kind="solution").policy == newer
    assert client.get(f"{URL}{body['id']}/").json()["state"] == "done"


def test_only_administrators_list_and_apply(desk: World, newer: Policy) -> None:
    made = key(desk.admin).post(URL, {"policy": newer.pk}).json()
    for person in (desk.agent, desk.chief, desk.auditor):
        assert session(person).post(URL, {"policy": newer.pk}).status_code == 403
        assert session(person).post(f"{URL}{made['id']}/apply/", {"token": made["token"]}).status_code == 403
    assert session(desk.auditor).get(f"{URL}{made['id']}/").status_code == 200
    assert session(desk.agent).get(f"{URL}{made['id']}/").status_code == 403
    assert key(desk.admin, "deadlines:read").post(URL, {"policy": newer.pk}).status_code == 403


@pytest.mark.parametrize("value", [None, "", "x", -1, 0, 10**30, [], {}, True, "\u0000", 1.5])
def test_a_wrong_policy_is_named(desk: World, value: Any) -> None:
    answer = key(desk.admin).post(URL, {"policy": value})
    assert answer.status_code in (400, 404), answer.content
    if answer.status_code == 400:
        assert "policy" in fields(answer)


@pytest.mark.parametrize("token", [None, "", "\u0000", "x" * 500, [], {}, 5])
def test_a_wrong_token_is_an_answer(desk: World, newer: Policy, token: Any) -> None:
    made = key(desk.admin).post(URL, {"policy": newer.pk}).json()
    assert key(desk.admin).post(f"{URL}{made['id']}/apply/", {"token": token}).status_code in (400, 412)


def test_what_is_not_there_is_404_and_a_retired_version_409(desk: World, newer: Policy) -> None:
    client = key(desk.admin)
    assert client.get(f"{URL}999999/").status_code == 404
    assert client.post(f"{URL}999999/apply/", {"token": "x"}).status_code == 404
    assert client.post(URL, {"policy": 999999}).json()["errors"][0]["code"] == "does_not_exist"
    old = Policy.objects.get(severity="minor", kind="solution", version=1)
    assert client.post(URL, {"policy": old.pk}).status_code == 409
