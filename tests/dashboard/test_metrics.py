"""/metrics tells operators the truth, to a key with the scope alone, at the cost of few queries."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis
from redis.exceptions import ConnectionError as Gone

from service_desk.dashboard import measured
from service_desk.dashboard.measured import name_of_process
from service_desk.deadlines.engine import Sweep, beat, sweep
from service_desk.deadlines.rules import Door
from service_desk.notices.models import Delivery
from tests.cases.callers import key
from tests.cases.pages import browser
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def figures(desk: World) -> dict[str, float]:
    answer = key(desk.admin, "metrics:read").get("/metrics")
    assert answer.status_code == 200, answer.content
    lines = [line for line in answer.content.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines)}


def test_D13_the_engine_and_the_outbox_are_told(desk: World) -> None:
    beat("sentinel-1", Door.SENTINEL, Sweep())
    desk.register(severity="critical")
    sweep(Door.SENTINEL)
    found = figures(desk)
    assert found['desk_steps_fired_total{door="sentinel",process="sentinel-1"}'] == 0
    assert found['desk_door_age_seconds{door="sentinel",process="sentinel-1"}'] < 60
    assert found['desk_outbox{state="pending",what="notice"}'] == Delivery.objects.open().count() > 0
    assert found['desk_outbox{state="undelivered",what="notice"}'] == 0
    assert found["desk_steps_due"] == found["desk_clocks_broken"] == 0
    assert found[f'desk_sse_clients{{process="{name_of_process()}"}}'] == 0


def test_requests_are_measured_under_the_name_of_their_address(desk: World) -> None:
    browser(desk.chief).get("/board/")
    browser(desk.chief).get("/board/list/late/")
    browser(desk.chief).get("/no/such/address/")
    found = figures(desk)
    here = f'process="{name_of_process()}"'
    assert found[f'desk_request_seconds_count{{{here},status="2xx",view="board-list"}}'] >= 1
    assert found[f'desk_queries_total{{{here},view="board"}}'] >= 1
    assert found[f'desk_request_seconds_count{{{here},status="4xx",view="none"}}'] >= 1
    assert not any("/board/" in name for name in found)


def test_only_a_key_with_the_scope_whose_owner_may_see_the_engine_reads_them(desk: World, client: Client) -> None:
    assert client.get("/metrics").status_code == 401
    assert browser(desk.admin).get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer \x00"}).status_code == 401
    assert key(desk.admin, "cases:read").get("/metrics").status_code == 403
    assert key(desk.agent, "metrics:read").get("/metrics").status_code == 403
    assert key(desk.admin, "metrics:read").post("/metrics").status_code == 405


def test_whichever_process_is_asked_tells_of_all_and_forgets_those_that_ended(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(desk.chief).get("/board/")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(measured, "name_of_process", lambda: "there:1")
        measured.tell()
    with measured.connected() as redis:
        redis.hset(measured.KEY, "gone:2", json.dumps({"at": 1, "text": measured.own()}))
        redis.hset(measured.KEY, "older:3", "no json")
        found = figures(desk)
        boards = [name for name in found if name.startswith("desk_request_seconds_count") and 'view="board"' in name]
        assert {re.findall('process="([^"]+)"', name)[0] for name in boards} == {"there:1", name_of_process()}
        assert not any(redis.hexists(measured.KEY, ended) for ended in ("gone:2", "older:3"))
        redis.hdel(measured.KEY, "there:1")


def test_without_redis_it_says_so_and_tells_the_rest(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert figures(desk)["desk_redis_up"] == 1

    def gone(*_args: object, **_more: object) -> None:
        raise Gone

    monkeypatch.setattr(Redis, "llen", gone)
    found = figures(desk)
    assert found["desk_redis_up"] == 0
    assert "desk_steps_due" in found
    assert not any(re.match("desk_queue_depth", name) for name in found)


def test_asking_costs_few_queries(desk: World) -> None:
    program = key(desk.admin, "metrics:read")
    with CaptureQueriesContext(connection) as queries:
        program.get("/metrics")
    assert len(queries) <= 22, [query["sql"][:100] for query in queries]
