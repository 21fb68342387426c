"""Reading cases and their clocks through REST: filters, pages, explanations, and a cost that does not grow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.deadlines.clock import now
from tests.cases.callers import CASES, fields, key, move, session
from tests.factories import World, world

CLOCKS = "/api/v1/deadlines/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> APIClient:
    return session(desk.agent)


def listed(client: APIClient, **filters: Any) -> list[str]:
    answer = client.get(CASES, filters)
    assert answer.status_code == 200, answer.content.decode()
    return [line["number"] for line in answer.json()["results"]]


def test_cases_are_filtered_as_on_the_screen(desk: World, agent: APIClient) -> None:
    critical = desk.register(severity="critical", caller_phone="13800138000").number
    mine = desk.register(actor=desk.engineer).number
    move(session(desk.engineer), mine, "start")
    assert listed(agent) == [mine, critical]
    assert listed(agent, severity="critical") == listed(agent, emergency="true") == [critical]
    assert listed(agent, severity="none") == listed(agent, state="in_progress") == [mine]
    assert listed(agent, handler=desk.engineer.pk) == listed(agent, number=mine) == [mine]
    assert listed(agent, mine="true") == listed(agent, q=critical) == listed(agent, q="138 0013 8000") == [critical]
    assert listed(agent, q=desk.customer.name) == listed(agent, state="open") == [mine, critical]
    assert listed(agent, customer=desk.customer.pk + 1) == listed(agent, q="没有这样的") == []
    tomorrow = (now() + timedelta(days=1)).isoformat()
    assert listed(agent, registered_after=tomorrow) == []
    assert listed(agent, registered_before=tomorrow) == [mine, critical]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("state", "asleep", "invalid_choice"),
        ("severity", "\x00", "unclean_text"),
        ("customer", "1.5", "invalid"),
        ("customer", "9" * 40, "max_value"),
        ("handler", "three", "invalid"),
        ("registered_after", "0001-01-01T00:00:00+14:00", "overflow"),
        ("registered_before", "soon", "invalid"),
        ("q", "x" * 10_000, "max_length"),
        ("q", "\x00", "unclean_text"),
        ("serverity", "critical", "unknown_field"),
        ("limit", "0", "out_of_range"),
        ("limit", "1e9", "out_of_range"),
        ("after", "x" * 9_000, "bad_cursor"),
        ("after", "W10.abc", "bad_cursor"),
        ("before", "💥", "bad_cursor"),
        ("mine", "perhaps", "invalid"),
    ],
)
def test_a_filter_that_is_none_is_refused_by_its_name(
    desk: World, agent: APIClient, name: str, value: str, code: str
) -> None:
    answer = agent.get(CASES, {name: value})
    assert (answer.status_code, fields(answer)) == (400, {name: code})


def test_pages_follow_each_other_without_gap_or_repeat(desk: World, agent: APIClient) -> None:
    numbers = [desk.register().number for _ in range(5)]
    seen: list[str] = []
    url: str | None = f"{CASES}?limit=2"
    while url:
        told = agent.get(url).json()
        seen += [line["number"] for line in told["results"]]
        url = told["next"]
    assert seen == numbers[::-1]


def test_a_list_and_a_case_cost_the_same_however_many_there_are(
    desk: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    robot = key(desk.manager)
    number = desk.register(severity="critical", first_responder=desk.agent).number
    robot.get(CASES)
    for _ in range(2):
        with django_assert_num_queries(2):  # the key, the cases
            assert robot.get(CASES).status_code == 200
        with django_assert_num_queries(4):  # the key, the cases with their clocks, the people of each kind
            assert robot.get(f"{CASES}?sort=deadline").json()["results"][0]["handler"]["name"] == str(desk.agent)
        with django_assert_num_queries(2):  # the key, the case, which knows that it stands alone
            assert robot.get(f"{CASES}{number}/").status_code == 200
        with django_assert_num_queries(2):
            assert robot.get(CLOCKS).status_code == 200
        with django_assert_num_queries(3):
            assert robot.get(f"{CASES}{number}/timeline/").status_code == 200
        for _more in range(5):
            desk.register()


@pytest.mark.parametrize("number", ["CALL-20990101-0001", "x", "CALL-1'--", "呼", "%00", "%ff", "..%2f", "%2e%2e"])
def test_a_number_without_a_case_is_a_plain_answer(desk: World, agent: APIClient, number: str) -> None:
    answer = agent.get(f"{CASES}{number}/")
    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_D9_every_due_time_explains_itself(desk: World, agent: APIClient) -> None:
    number = desk.register(severity="critical").number
    clocks = agent.get(f"{CASES}{number}/deadlines/").json()
    assert [clock["kind"] for clock in clocks] == ["first_response", "restoration", "emergency", "solution"]
    emergency = clocks[2]
    why = agent.get(f"{CASES}{number}/deadlines/{emergency['id']}/explanation/").json()
    assert (why["target_seconds"], why["due_at"]) == (4 * 3600, emergency["due_at"])
    assert sum(segment["counted_seconds"] for segment in why["segments"]) == 4 * 3600
    other = desk.register().number
    assert agent.get(f"{CASES}{other}/deadlines/{emergency['id']}/explanation/").status_code == 404
    assert agent.get(f"{CASES}{number}/deadlines/{'9' * 19}/explanation/").status_code == 404


def test_D3_a_paused_clock_says_what_is_left(desk: World, agent: APIClient) -> None:
    number = desk.register(severity="minor").number
    move(agent, number, "start")
    move(agent, number, "wait", waiting_for="customer", text="等客户")
    solution = next(c for c in agent.get(f"{CASES}{number}/deadlines/").json() if c["kind"] == "solution")
    assert (solution["state"], solution["remaining_seconds"]) == ("paused", None)
    why = agent.get(f"{CASES}{number}/deadlines/{solution['id']}/explanation/").json()
    assert why["due_at"] is None
    assert 120 * 3600 - 60 < why["remaining_seconds"] <= 120 * 3600
    assert why["segments"][-1]["kind"] == "paused"


def test_open_clocks_come_by_nearest_due_time(desk: World, agent: APIClient) -> None:
    desk.register(severity="critical")
    desk.register(actor=desk.engineer, severity="minor")
    due = [clock["due_at"] for clock in agent.get(CLOCKS).json()["results"]]
    assert due == sorted(due)
    assert len(due) == 6
    assert len(agent.get(CLOCKS, {"handler": desk.engineer.pk}).json()["results"]) == 2
    soon = (now() + timedelta(hours=1)).isoformat()
    assert {c["kind"] for c in agent.get(CLOCKS, {"due_before": soon}).json()["results"]} == {"first_response"}
