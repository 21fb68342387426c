"""Registering a case through REST: what is written, what is refused, and by which name."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.factories import World, world

URL = "/api/v1/cases/"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def agent(desk: World) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(desk.agent)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def body(desk: World, **more: Any) -> dict[str, Any]:
    return {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "整站断站", **more}


def test_a_case_is_registered(desk: World, agent: APIClient) -> None:
    answer = agent.post(URL, body(desk, severity="critical"))
    assert answer.status_code == 201, answer.content.decode()
    assert [line["number"] for line in agent.get(URL).json()["results"]] == [answer.json()["number"]]
    assert agent.get(f"{URL}{answer.json()['number']}/").json() == answer.json()
    agent.post(f"{URL}{answer.json()['number']}/start/", headers={"If-Match": '"1"'})
    lines = agent.get(f"{URL}{answer.json()['number']}/timeline/").json()["results"]
    assert [line["type"] for line in lines] == ["registered", "graded", "emergency", "started"]
