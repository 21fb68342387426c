"""C4 through REST: read, verified, dismissed, objected to once, answered; by those who may, with the scope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service_desk.quality.models import LedgerEntry, Violation
from tests.cases.callers import fields, key, session
from tests.factories import World, world
from tests.quality.test_violations import suspected

pytestmark = pytest.mark.django_db
LIST = "/api/v1/violations/"


@pytest.fixture
def desk() -> World:
    return world()


def test_C4_from_suspicion_to_an_upheld_objection(desk: World) -> None:
    there = f"{LIST}{suspected(desk).pk}/"
    judge, person = session(desk.inspector), session(desk.agent)
    assert person.get(there).json()["state"] == "suspected"
    assert person.post(f"{there}verify/", {"reason": "无"}).status_code == 403
    done = judge.post(f"{there}verify/", {"reason": "录音核实"})
    assert (done.status_code, done.json()["state"], len(done.json()["entries"])) == (200, "verified", 2)
    assert judge.post(f"{there}dismiss/", {"reason": "再想"}).status_code == 409
    assert judge.post(f"{there}object/", {"reason": "代为异议"}).status_code == 403
    assert person.post(f"{there}object/", {"reason": "系统停机"}).json()["objected_at"]
    assert person.post(f"{there}object/", {"reason": "再来"}).status_code == 409
    answered = judge.post(f"{there}answer/", {"upheld": True, "reason": "属实"})
    assert (answered.json()["upheld"], sum(line.yuan for line in LedgerEntry.objects.all())) == (True, 0)


def test_C4_everybody_sees_what_concerns_them(desk: World) -> None:
    violation = suspected(desk)
    seen = {name: len(session(person).get(LIST).json()["results"]) for name, person in desk.people.items()}
    assert (seen["agent"], seen["chief"], seen["inspector"], seen["colleague"], seen["engineer"]) == (1, 1, 1, 0, 0)
    assert session(desk.colleague).get(f"{LIST}{violation.pk}/").status_code == 404
    assert session(desk.inspector).get(LIST, {"state": "verified"}).json()["results"] == []


def test_C4_keys_need_the_scope(desk: World) -> None:
    there = f"{LIST}{suspected(desk).pk}/"
    reader = key(desk.inspector, "violations:read")
    assert reader.get(there).status_code == 200
    assert reader.post(f"{there}dismiss/", {"reason": "误报"}).status_code == 403
    assert Violation.objects.get().state == "suspected"


@pytest.mark.parametrize("value", [None, "", " ", "\x00", "\ud800", 0, [], {}, "很" * 5000])
def test_bad_input_is_refused_by_name(desk: World, value: Any) -> None:
    there, judge = f"{LIST}{suspected(desk).pk}/", session(desk.inspector)
    for verb in ("verify", "dismiss", "object", "answer"):
        answer = judge.post(
            f"{there}{verb}/", json.dumps({"reason": value, "upheld": True}), content_type="application/json"
        )
        assert answer.status_code in (200, 400, 403, 409, 422), verb
    assert fields(judge.post(f"{there}dismiss/", {"why": "x"}, format="json")).keys() >= {"why"}
    for query in ({"state": "x"}, {"after": "\x00"}, {"person": "1"}):
        assert judge.get(LIST, query).status_code in (400, 422)


def test_the_list_costs_a_bounded_number_of_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        suspected(desk, f"call:{number}")
    judge = session(desk.inspector)
    judge.get(LIST)
    with django_assert_max_num_queries(8):
        judge.get(LIST)
