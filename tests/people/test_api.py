"""Staff, roster and the caller through REST: names and duties, gaps before they happen, nothing private."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.deadlines.clock import now
from service_desk.people.gaps import gaps_ahead, uncovered
from service_desk.people.models import DutyShift, Staff
from service_desk.people.rules import DutyRole
from tests.cases.callers import fields, key, session
from tests.factories import World, world

API = "/api/v1/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> APIClient:
    return session(desk.agent)


def get(client: APIClient, path: str, **filters: Any) -> Any:
    answer = client.get(f"{API}{path}", filters)
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def test_staff_are_shown_without_anything_private(desk: World, agent: APIClient) -> None:
    Staff.objects.filter(pk=desk.group.pk).update(mobile="13900001111")
    told = get(agent, f"staff/{desk.group.pk}/")
    assert told == {
        "id": desk.group.pk,
        "name": desk.group.full_name,
        "unit": {"id": desk.group.unit_id, "name": "客户服务部"},
        "roles": ["product_expert"],
        "on_duty": ["emergency_group", "product_expert"],
    }


def test_staff_are_filtered(desk: World, agent: APIClient) -> None:
    Staff.objects.filter(pk=desk.colleague.pk).update(is_active=False)
    assert [line["id"] for line in get(agent, "staff/", role="front_desk")["results"]] == [desk.agent.pk]
    assert [line["id"] for line in get(agent, "staff/", q="gm_mark")["results"]] == [desk.gm_marketing.pk]
    assert len(get(agent, "staff/", unit=desk.unit.pk)["results"]) == 3
    assert fields(agent.get(f"{API}staff/", {"email": "x"})) == {"email": "unknown_field"}
    assert agent.get(f"{API}staff/{'9' * 18}/").status_code == 404
    assert agent.get(f"{API}staff/{'9' * 30}/").headers["Content-Type"] == "application/problem+json"


def test_C18_who_is_on_duty_now(desk: World, agent: APIClient) -> None:
    DutyShift.objects.filter(role=DutyRole.HOTLINE).delete()
    duties = {line["role"]: line["staff"] for line in get(agent, "roster/now/")}
    assert set(duties) == set(DutyRole.values)
    assert duties["hotline"] is None
    assert duties["duty_manager"]["id"] == desk.manager.pk


def test_C18_a_gap_is_shown_before_it_happens(desk: World, agent: APIClient) -> None:
    assert get(agent, "roster/gaps/") == []
    shift = DutyShift.objects.get(role=DutyRole.HOTLINE)
    end, again = now() + timedelta(days=2), now() + timedelta(days=3)
    DutyShift.objects.filter(pk=shift.pk).update(ends_at=end)
    DutyShift.objects.create(
        role=DutyRole.HOTLINE, staff=desk.colleague, starts_at=again, ends_at=again + 30 * (again - end)
    )
    (gap,) = get(agent, "roster/gaps/", days=7)
    assert gap["role"] == "hotline"
    assert (datetime.fromisoformat(gap["starts_at"]), datetime.fromisoformat(gap["ends_at"])) == (end, again)
    assert [found.role for found in gaps_ahead(timedelta(days=92))].count("gm_product") == 1
    assert fields(agent.get(f"{API}roster/gaps/", {"days": 93})) == {"days": "max_value"}


def test_gaps_are_what_the_shifts_leave_open() -> None:
    start = datetime.fromisoformat("2026-11-21T00:00:00+00:00")
    hours = [start + timedelta(hours=hour) for hour in range(7)]
    found = list(uncovered([(hours[1], hours[2]), (hours[2], hours[3]), (hours[4], hours[5])], hours[0], hours[6]))
    assert found == [(hours[0], hours[1]), (hours[3], hours[4]), (hours[5], hours[6])]
    assert list(uncovered([(hours[0], hours[6])], hours[1], hours[5])) == []
    assert list(uncovered([(hours[6], hours[6])], hours[1], hours[5])) == [(hours[1], hours[5])]


def test_shifts_are_listed_by_their_beginning(desk: World, agent: APIClient) -> None:
    assert len(get(agent, "roster/shifts/")["results"]) == 7
    (shift,) = get(agent, "roster/shifts/", role="hotline")["results"]
    assert shift["staff"] == {"id": desk.agent.pk, "name": desk.agent.full_name}
    assert get(agent, "roster/shifts/", starts_before="2020-01-01T00:00:00Z")["results"] == []


def test_who_am_i(desk: World) -> None:
    told = get(session(desk.agent), "me/")
    assert (told["username"], told["on_duty"], told["key"]) == ("agent", ["hotline"], None)
    robot = get(key(desk.agent, "people:read"), "me/")["key"]
    assert (robot["name"], robot["scopes"]) == ("robot", ["people:read"])


def test_product_types_policies_and_calendars_are_read_only(desk: World, agent: APIClient) -> None:
    (product,) = get(agent, "product-types/")["results"]
    assert (product["id"], product["service_line"]) == (desk.product.pk, "telecom")
    policies = get(agent, "policies/", kind="emergency")["results"]
    assert [policy["target_seconds"] for policy in policies] == [4 * 3600]
    assert get(agent, f"policies/{policies[0]['id']}/")["steps"][0]["slots"] == ["duty_manager", "handler_chief"]
    assert get(agent, "calendars/")["results"] == []
    for path in ("product-types/", "policies/", "calendars/", "staff/"):
        answer = agent.post(f"{API}{path}", {})
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")


@pytest.mark.parametrize(
    "path", ["staff/", "roster/now/", "roster/shifts/", "roster/gaps/", "product-types/", "policies/", "calendars/"]
)
def test_only_the_desk_reads(desk: World, path: str) -> None:
    assert APIClient().get(f"{API}{path}").status_code == 401
    Staff.objects.filter(pk=desk.colleague.pk).update(roles=[])
    assert session(desk.colleague).get(f"{API}{path}").status_code == 403
    assert key(desk.agent, "cases:read").get(f"{API}{path}").json()["code"] == "scope_missing"


@pytest.mark.parametrize("path", ["", "v1", "v1/", "v1/nothing/", "v1/cases", "v2/cases/", "v1/staff/x/", "../x"])
def test_an_unknown_address_is_a_problem_and_no_page(desk: World, agent: APIClient, path: str) -> None:
    for answer in (agent.get(f"/api/{path}"), agent.post(f"/api/{path}", {})):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_the_cost_does_not_grow(desk: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    robot = key(desk.agent)
    robot.get(f"{API}staff/")
    for path, queries in (("staff/", 2), ("roster/now/", 2), ("roster/shifts/", 2), ("roster/gaps/", 3), ("me/", 2)):
        with django_assert_num_queries(queries):
            assert robot.get(f"{API}{path}").status_code == 200
