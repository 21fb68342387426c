"""The stream of a board: what has changed on it, part by part, drawn once for all who are shown the same."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.dashboard.board.parts import NAMES, Parts
from service_desk.dashboard.board.room import DRAWN, View, room
from service_desk.notices.feed import session_holds
from service_desk.notices.hub import hub
from service_desk.notices.live import EVERYBODY, topic_of
from service_desk.notices.stream import BEAT_SECONDS, LONGEST_SECONDS, careful, next_pokes
from service_desk.people.access import can

#: What is heard of that may change a board; nothing at all means that Redis went or came back.
_KINDS = frozenset({"case", "told", "engine", "call", ""})
_LONGEST_MARKS = 600
_SECONDS = re.compile(r"[0-9]{1,11}([.][0-9]{1,9})?")


@dataclass
class BoardStream:
    """One open board of one person, and the marks of the parts that it shows."""

    view: View
    session_key: str
    shows: dict[str, str] = field(default_factory=dict)
    at: float = 0.0  # of what moment the page is: what was drawn before it is no news

    async def events(self) -> AsyncIterator[bytes]:
        """Changed parts as they come, a sign of life between, until the session ends or an hour is over."""
        # The middleware has used a connection of this request's own thread; it is not kept for an hour.
        await sync_to_async(connections.close_all)()
        clock = asyncio.get_running_loop().time
        started = asked = clock()
        here = room()
        async with hub().listen(EVERYBODY, topic_of(self.view.staff_id)) as ear:
            here.enter(ear, self.view)
            try:
                yield b": open\n\n"
                while clock() - started < LONGEST_SECONDS:
                    pokes = await next_pokes(ear, BEAT_SECONDS)
                    if not pokes or any(poke is not DRAWN and poke.event in _KINDS for poke in pokes):
                        here.look()
                    if DRAWN in pokes and self.view in here.drawn:
                        parts = here.drawn[self.view]
                        if parts is None:
                            return
                        if parts.board.at.timestamp() < self.at:
                            here.look()
                        else:
                            yield self._changed(parts)
                    if clock() - asked >= BEAT_SECONDS:
                        asked = clock()
                        if not await careful(True, session_holds, self.session_key, self.view.staff_id):
                            return
            finally:
                here.leave(ear)

    def _changed(self, parts: Parts) -> bytes:
        """The parts that look different from what this board shows; nothing in it says that all is as it was."""
        new = [name for name, mark in parts.marks.items() if self.shows.get(name) != mark]
        self.shows = parts.marks
        return parts.event(tuple(new))


def _marks(text: str) -> dict[str, str]:
    """What a page says it shows, `part:mark` by commas; what is no mark differs from every mark."""
    pairs = (each.partition(":") for each in text[:_LONGEST_MARKS].split(","))
    return {name: mark for name, _colon, mark in pairs}


def _moment(text: str) -> float:
    """Seconds since 1970 as the page was given them, no later than now; anything else counts as long ago."""
    number = float(text) if _SECONDS.fullmatch(text) else 0.0
    return number if number <= time.time() else 0.0


def _viewer(request: HttpRequest) -> tuple[int | None, bool]:
    user: Any = request.user
    if not user.is_authenticated:
        return None, False
    return user.pk, bool(can(user, "board.view"))


@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """`/events/stream/board/?page=board&has=part:mark,…`."""
    staff_id, may = await sync_to_async(_viewer)(request)
    if staff_id is None or not may:
        words = _("Please log in first.") if staff_id is None else _("You may not look at the board.")
        return HttpResponse(words, status=401 if staff_id is None else 403, content_type="text/plain; charset=utf-8")
    page = request.GET.get("page", "")
    view = View(staff_id, page if page in NAMES else "board", request.LANGUAGE_CODE)
    shows, at = _marks(request.GET.get("has", "")), _moment(request.GET.get("at", ""))
    open_stream = BoardStream(view, request.session.session_key or "", shows, at)
    answer = StreamingHttpResponse(open_stream.events(), content_type="text/event-stream; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
