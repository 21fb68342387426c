"""The live stream: Server-Sent Events from Redis, caught up from PostgreSQL, which stands in while Redis is away."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.notices.feed import BATCH, READERS, Told, newest, session_holds, unread_after
from service_desk.notices.hub import Ear, Poke, hub
from service_desk.notices.live import EVERYBODY, topic_of

log = logging.getLogger(__name__)

T = TypeVar("T")
BEAT_SECONDS = 15.0
LOOK_SECONDS = 2.0  # between looks into PostgreSQL while Redis is away
LONGEST_SECONDS = 3600.0
_STALE_LOOKS = 5  # while Redis is away, pages are told to refresh themselves at every fifth look
_BLANK = ("case", "engine", "call")


async def read(work: Callable[..., T], *args: Any) -> T:
    """Run a read on one of the reader threads."""

    def fresh() -> T:
        close_old_connections()
        return work(*args)

    return await asyncio.get_running_loop().run_in_executor(READERS.pool, fresh)


@dataclass
class Stream:
    """One open stream of one person."""

    staff_id: int
    session_key: str
    language: str
    last: int | None
    sent: dict[int, None] = field(default_factory=dict)

    async def events(self) -> AsyncIterator[bytes]:
        """Everything that is sent, until the session ends or an hour is over; the browser then connects again."""
        # The middleware has used a connection of this request's own thread; it is not kept for an hour.
        await sync_to_async(connections.close_all)()
        clock = asyncio.get_running_loop().time
        started = beat = clock()
        async with hub().listen(EVERYBODY, topic_of(self.staff_id)) as ear:
            yield await self._hello()
            async for chunk in self._new_ones():
                yield chunk
            looks = 0
            while clock() - started < LONGEST_SECONDS:
                pokes = await next_pokes(ear, BEAT_SECONDS if hub().healthy else LOOK_SECONDS)
                looks = 0 if hub().healthy else looks + 1
                if looks % _STALE_LOOKS == 1:
                    pokes += [Poke(event) for event in _BLANK]
                for poke in pokes:
                    if poke.event and poke.event != "notice":
                        yield _event(poke.event, poke.data)
                if not pokes or any(poke.event in ("", "notice") for poke in pokes):
                    async for chunk in self._new_ones():
                        yield chunk
                if clock() - beat >= BEAT_SECONDS:
                    beat = clock()
                    yield b": beat\n\n"
                    if not await self._may_go_on():
                        return

    async def _hello(self) -> bytes:
        """Opens the stream; without a number to catch up from it begins with the present."""
        if self.last is None:
            self.last = await careful(0, newest, self.staff_id)
        return _event("hello", "{}", self.last)

    async def _new_ones(self) -> AsyncIterator[bytes]:
        while True:
            found = await careful(_NONE, unread_after, self.staff_id, self.last or 0, self.language)
            fresh = [told for told in found if told.id not in self.sent]
            for told in fresh:
                self.sent[told.id] = None
                self.last = max(self.last or 0, told.id)
                yield _event("notice", json.dumps(told.data, ensure_ascii=False), self.last)
            while len(self.sent) > 10 * BATCH:
                del self.sent[next(iter(self.sent))]
            if len(found) < BATCH or not fresh:
                return

    async def _may_go_on(self) -> bool:
        return await careful(True, session_holds, self.session_key, self.staff_id)


_NONE: list[Told] = []


async def careful(otherwise: T, work: Callable[..., T], *args: Any) -> T:
    """A read that may fail while PostgreSQL restarts: the stream stays, and the next look finds what was missed."""
    try:
        return await read(work, *args)
    except Error as error:
        log.warning("The stream cannot read: %s", str(error).partition("\n")[0])
        return otherwise


async def next_pokes(ear: Ear, seconds: float) -> list[Poke]:
    """The pokes that have come, after waiting for the first at most `seconds`."""
    try:
        pokes = [await asyncio.wait_for(ear.get(), seconds)]
    except TimeoutError:
        return []
    while not ear.empty():
        pokes.append(ear.get_nowait())
    return pokes


def _event(event: str, data: str, number: int | None = None) -> bytes:
    line = f"id: {number}\n" if number is not None else ""
    return f"{line}event: {event}\ndata: {data}\n\n".encode()


def _number(text: str) -> int | None:
    """An event number as a browser gives it back; anything else counts as none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _who(request: HttpRequest) -> int | None:
    return request.user.pk if request.user.is_authenticated else None


@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """`/events/stream/`."""
    staff_id = await sync_to_async(_who)(request)
    if staff_id is None:
        return HttpResponse(_("Please log in first."), status=401, content_type="text/plain; charset=utf-8")
    given = [_number(request.headers.get("Last-Event-ID", "")), _number(request.GET.get("after", ""))]
    open_stream = Stream(
        staff_id=staff_id,
        session_key=request.session.session_key or "",
        language=request.LANGUAGE_CODE,
        last=max((number for number in given if number is not None), default=None),
    )
    answer = StreamingHttpResponse(open_stream.events(), content_type="text/event-stream; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


@require_GET
def poll(request: HttpRequest) -> JsonResponse:
    """`/events/poll/?after=`: the same for browsers that the stream does not reach; pages are told to refresh."""
    staff_id = _who(request)
    if staff_id is None:
        return JsonResponse({"detail": _("Please log in first.")}, status=401)
    after = _number(request.GET.get("after", ""))
    last = newest(staff_id) if after is None else after
    found = unread_after(staff_id, last, request.LANGUAGE_CODE)
    events: list[dict[str, Any]] = [{"event": "notice", "id": told.id, "data": told.data} for told in found]
    events += [{"event": event, "data": {}} for event in _BLANK]
    return JsonResponse({"last": max([last, *(told.id for told in found)]), "events": events})
