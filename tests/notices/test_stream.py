"""The live stream in the real ASGI application: caught up from PostgreSQL, live from Redis, and without Redis too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import F
from django.test import AsyncClient
from django.utils import timezone

from service_desk.notices import live, stream
from service_desk.notices.feed import READERS
from service_desk.notices.hub import hub
from service_desk.notices.models import Notice
from service_desk.people.middleware import IDLE_SECONDS
from service_desk.people.models import Staff
from tests.notices.conftest import Company, build, send

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 10


@pytest.fixture
def company(db: None) -> Company:
    return build()


@pytest.fixture(autouse=True)
def _clean_up() -> Iterator[None]:
    live._line.cache_clear()
    yield
    READERS.close()
    live._line.cache_clear()


Event = tuple[str, str, dict[str, Any]]


class Listener:
    """Reads a stream event by event."""

    def __init__(self, response: Any) -> None:
        self.chunks: AsyncIterator[bytes] = aiter(response)

    async def event(self) -> Event:
        """The next event: name, id, data; comments are passed over."""
        while True:
            chunk = (await asyncio.wait_for(anext(self.chunks), SECONDS)).decode()
            if not chunk.startswith(":"):
                lines = dict(line.split(": ", 1) for line in chunk.strip().split("\n"))
                return lines["event"], lines.get("id", ""), json.loads(lines["data"])

    async def until(self, name: str) -> Event:
        async with asyncio.timeout(6 * SECONDS):  # of a stream that does not end the beats go on for ever
            while True:
                event = await self.event()
                if event[0] == name:
                    return event


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        try:
            await scenario()
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(whole())


async def opened(staff: Staff, query: str = "", **headers: str) -> tuple[AsyncClient, Listener]:
    client = AsyncClient()
    await sync_to_async(client.force_login)(staff)
    response: Any = await client.get(f"/events/stream/{query}", headers={"Accept-Language": "en", **headers})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/event-stream")
    assert response["Cache-Control"] == "no-store"
    return client, Listener(response.streaming_content)


def aged(*notices: Notice) -> None:
    """Older than the seconds that are read again."""
    Notice.objects.filter(pk__in=[n.pk for n in notices]).update(created_at=F("created_at") - timedelta(minutes=5))


def test_without_a_log_in_there_is_no_stream() -> None:
    async def scenario() -> None:
        assert (await AsyncClient().get("/events/stream/")).status_code == 401
        assert (await AsyncClient().get("/events/poll/")).status_code == 401
        assert (await AsyncClient().post("/events/stream/")).status_code in (403, 405)

    run(scenario)


def test_what_was_missed_comes_first_and_only_mine(company: Company) -> None:
    known, missed, read_since = send(company.agent), send(company.agent), send(company.agent)
    send(company.chief)
    aged(known, missed, read_since)
    Notice.objects.filter(pk=read_since.pk).update(read_at=F("created_at"))
    fresh = send(company.agent, level="emergency", needs_ack=True)

    async def scenario() -> None:
        _client, listener = await opened(company.agent, **{"Last-Event-ID": str(known.pk)})
        assert (await listener.event())[0] == "hello"
        events = [await listener.event() for _each in range(2)]
        assert [(name, number) for name, number, _data in events] == [
            ("notice", str(missed.pk)),
            ("notice", str(fresh.pk)),
        ]
        assert events[1][2]["subject"] == "Test notice"
        assert events[1][2]["needs_ack"] is True

    run(scenario)


def test_a_new_page_begins_with_the_present(company: Company) -> None:
    old = send(company.agent)
    aged(old)

    async def scenario() -> None:
        _client, listener = await opened(company.agent)
        assert await listener.event() == ("hello", str(old.pk), {})
        new = await sync_to_async(send)(company.agent)
        _name, number, data = await listener.until("notice")
        assert (number, data["key"]) == (str(new.pk), str(new.key))

    run(scenario)


def test_a_notice_arrives_live_in_well_under_the_interval_of_looking(company: Company) -> None:
    async def scenario() -> None:
        _client, listener = await opened(company.agent)
        await listener.event()
        while not hub().healthy:
            await asyncio.sleep(0)
        clock = asyncio.get_running_loop().time
        started = clock()
        await sync_to_async(send)(company.agent)
        await listener.until("notice")
        assert clock() - started < 1.5  # looking happens every 15 s while Redis is there

    run(scenario)


def test_a_change_of_a_case_reaches_everybody_by_number_alone(company: Company) -> None:
    async def scenario() -> None:
        listeners = [(await opened(staff))[1] for staff in (company.agent, company.chief)]
        for listener in listeners:
            await listener.event()
        while not hub().healthy:
            await asyncio.sleep(0)
        await sync_to_async(live.poke_case)("CALL-20261121-0001")
        for listener in listeners:
            assert (await listener.until("case"))[2] == {"case": "CALL-20261121-0001"}

    run(scenario)


def test_a_row_that_appears_below_the_last_number_is_still_sent(company: Company) -> None:
    """Numbers are given before the commit: the lower one may become visible after the higher one was sent."""
    late, early = send(company.agent), send(company.agent)

    async def scenario() -> None:
        _client, listener = await opened(company.agent, f"?after={early.pk}")
        await listener.event()
        numbers = {(await listener.until("notice"))[2]["id"] for _each in range(2)}
        assert numbers == {late.pk, early.pk}

    run(scenario)


def test_without_redis_the_stream_looks_for_itself(company: Company, settings: Any, monkeypatch: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    monkeypatch.setattr(stream, "LOOK_SECONDS", 0.1)

    async def scenario() -> None:
        _client, listener = await opened(company.agent)
        await listener.event()
        await sync_to_async(send)(company.agent)
        await listener.until("notice")
        assert (await listener.until("engine"))[2] == {}

    run(scenario)


def test_the_stream_ends_with_the_session(company: Company, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)

    async def scenario() -> None:
        client, listener = await opened(company.agent)
        await listener.event()
        await client.alogout()
        with pytest.raises(StopAsyncIteration):
            await listener.until("never")

    run(scenario)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_the_stream_ends_for_who_was_locked_out(company: Company, monkeypatch: Any, change: dict[str, Any]) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)

    async def scenario() -> None:
        _client, listener = await opened(company.agent)
        await listener.event()
        await Staff.objects.filter(pk=company.agent.pk).aupdate(**change)
        with pytest.raises(StopAsyncIteration):
            await listener.until("never")

    run(scenario)


def test_the_stream_ends_for_who_has_done_nothing_for_long(company: Company, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)

    async def scenario() -> None:
        client, listener = await opened(company.agent)
        await listener.event()
        session = await client.asession()
        await session.aset("seen", int(timezone.now().timestamp()) - IDLE_SECONDS - 5)
        await session.asave()
        with pytest.raises(StopAsyncIteration):
            await listener.until("never")

    run(scenario)


def test_the_stream_ends_after_its_hour(company: Company, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream, "LONGEST_SECONDS", 0.0)

    async def scenario() -> None:
        _client, listener = await opened(company.agent)
        with pytest.raises(StopAsyncIteration):
            await listener.until("never")

    run(scenario)


def test_asking_gives_the_same_and_refreshes_the_page(company: Company, client: Any) -> None:
    client.force_login(company.agent)
    old = send(company.agent)
    aged(old)
    first = client.get("/events/poll/").json()
    assert first == {
        "last": old.pk,
        "events": [{"event": "case", "data": {}}, {"event": "engine", "data": {}}, {"event": "call", "data": {}}],
    }
    new = send(company.agent)
    second = client.get(f"/events/poll/?after={first['last']}").json()
    assert second["last"] == new.pk
    assert [event["id"] for event in second["events"] if event["event"] == "notice"] == [new.pk]


@pytest.mark.parametrize("after", ["x", "-1", "%00", "9" * 30, "١"])
def test_a_strange_number_counts_as_none(company: Company, client: Any, after: str) -> None:
    client.force_login(company.agent)
    assert client.get(f"/events/poll/?after={after}").json()["last"] == 0


def test_a_poke_into_nothing_costs_little_and_only_once(settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert live.poke(live.EVERYBODY, "engine", {}) is False
    assert live._line().silent_until > 0
    assert live.poke(live.EVERYBODY, "engine", {}) is False
