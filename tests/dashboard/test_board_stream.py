"""The stream of a board in the real ASGI application: what changes comes by itself, drawn once for all of one kind."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient

from service_desk.cases.models import Case, CircleWhy, admit
from service_desk.dashboard.board import now as board
from service_desk.dashboard.board import parts, room, sharing
from service_desk.dashboard.board.room import DRAWER
from service_desk.notices import live
from service_desk.notices.feed import READERS
from service_desk.people.models import Staff
from tests.factories import World, world

SECONDS = 30


@pytest.fixture
def desk(transactional_db: None) -> Iterator[World]:
    live._line.cache_clear()
    sharing.forget()
    parts.forget()
    yield world()
    READERS.close()
    DRAWER.close()
    live._line.cache_clear()


class Watcher:
    """Reads a board's stream event by event."""

    def __init__(self, response: Any) -> None:
        self.chunks: AsyncIterator[bytes] = aiter(response.streaming_content)

    async def event(self) -> dict[str, Any]:
        while True:
            chunk = (await asyncio.wait_for(anext(self.chunks), SECONDS)).decode()
            if not chunk.startswith(":"):
                lines = dict(line.split(": ", 1) for line in chunk.strip().split("\n"))
                found: dict[str, Any] = json.loads(lines["data"])
                return found

    async def until(self, words: str) -> dict[str, Any]:
        """The first event in which these words stand."""
        while True:
            found = await self.event()
            if words in json.dumps(found, ensure_ascii=False):
                return found


def run(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        try:
            await scenario()
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(whole())


async def opened(staff: Staff, query: str = "") -> Watcher:
    client = AsyncClient()
    await sync_to_async(client.force_login)(staff)
    response: Any = await client.get(f"/events/stream/board/{query}", headers={"Accept-Language": "en"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/event-stream")
    return Watcher(response)


def marks_of(event: dict[str, Any]) -> str:
    return ",".join(f"{name}:{part[0]}" for name, part in event["parts"].items())


def test_the_stream_is_for_those_who_may_look_at_the_board(desk: World) -> None:
    async def scenario() -> None:
        client = AsyncClient()
        assert (await client.get("/events/stream/board/")).status_code == 401
        await sync_to_async(client.force_login)(desk.agent)
        assert (await client.get("/events/stream/board/")).status_code == 403
        assert (await client.post("/events/stream/board/")).status_code in (403, 405)

    run(scenario)


def test_a_change_comes_by_itself_and_only_the_parts_that_look_different(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "REDRAWN_SECONDS", 10**9)
    readings: list[Any] = []
    read = board.read_all

    def counted(*given: Any, **named: Any) -> Any:
        readings.append(given)
        return read(*given, **named)

    monkeypatch.setattr(board, "read_all", counted)

    async def scenario() -> None:
        first = await opened(desk.chief, "?page=board")
        whole = await first.event()
        assert set(whole["parts"]) == set(parts.NAMES["board"])
        second = await opened(desk.auditor, "?page=board")
        await second.event()
        before = len(readings)
        case = await sync_to_async(desk.register)(severity="critical")
        for watcher in (first, second):
            change = await watcher.until(case.number)
            assert "urgent" in change["parts"]
            assert "gaps" not in change["parts"]
        assert len(readings) - before <= 8  # pokes of one registration, not one reading a board
        again = await opened(desk.chief, f"?page=board&has={marks_of(whole)}")
        late = await again.event()
        assert "urgent" in late["parts"]
        assert "gaps" not in late["parts"]  # it shows just that

    run(scenario)


def test_P6_a_confidential_case_comes_to_the_boards_of_its_circle_alone(desk: World) -> None:
    case = desk.register(severity="critical", fault="隐情")
    Case.objects.filter(pk=case.pk).update(confidential=True)
    admit(case.pk, [desk.chief.pk], CircleWhy.OFFERED, by=None, reason="x")

    async def scenario() -> None:
        of_circle, other = await opened(desk.chief), await opened(desk.auditor)
        assert "隐情" in json.dumps(await of_circle.event(), ensure_ascii=False)
        plain = await sync_to_async(desk.register)(severity="critical", fault="平常")
        seen = json.dumps([await other.event(), await other.until(plain.number)], ensure_ascii=False)
        assert "平常" in seen
        assert case.number not in seen
        assert "隐情" not in seen

    run(scenario)


def test_who_may_no_longer_look_is_shown_nothing_more(desk: World) -> None:
    async def scenario() -> None:
        watcher = await opened(desk.chief)
        await watcher.event()
        await Staff.objects.filter(pk=desk.chief.pk).aupdate(is_active=False)
        await sync_to_async(desk.register)(severity="critical")
        with pytest.raises(StopAsyncIteration):
            await watcher.until("no words that ever come")

    run(scenario)


@pytest.mark.parametrize("query", ["?page=%00&has=%00", "?has=" + "x" * 3000, "?at=9" + "9" * 400, "?at=-1&page=wall"])
def test_whatever_is_asked_for_a_board_comes(desk: World, query: str) -> None:
    async def scenario() -> None:
        assert (await (await opened(desk.chief, query)).event())["parts"]

    run(scenario)


def test_a_storm_is_drawn_now_and_then_and_the_first_of_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PAUSE_SECONDS", 0.05)
    drawn: list[float] = []

    class Stormy(room.Room):
        async def _draw(self) -> None:
            drawn.append(asyncio.get_running_loop().time())
            self.look()  # something is heard all the time
            if len(drawn) == 5:
                raise asyncio.CancelledError

    async def scenario() -> None:
        stormy = Stormy()
        stormy.look()
        assert stormy._task is not None
        await asyncio.wait([stormy._task], timeout=SECONDS)

    run(scenario)
    assert len(drawn) == 5
    assert min(later - before for before, later in itertools.pairwise(drawn)) >= 0.05
