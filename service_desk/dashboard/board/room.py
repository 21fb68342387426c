"""One drawer a web process for all boards that are open there: a change is read once, drawn once, and told to all.

Two hundred boards that each ask for themselves would keep the desk from answering anybody else (bench/push.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from django.db import Error, close_old_connections, connections
from django.utils import translation

from service_desk.dashboard.board import sharing
from service_desk.dashboard.board.parts import Parts, parts_of
from service_desk.notices.hub import Ear, Poke
from service_desk.people.access import can
from service_desk.people.models import Staff

log = logging.getLogger(__name__)

#: Between two looks while nothing is heard.
EVERY_SECONDS = 5.0
#: What is heard is drawn at once, but for so long after the drawing before: a storm costs the same as a shower.
PAUSE_SECONDS = 0.8
#: What the room puts into the ear of each board when something new is drawn.
DRAWN = Poke("drawn")


@dataclass(frozen=True, slots=True)
class View:
    """What a board is drawn for: who looks at which page in which language."""

    staff_id: int
    page: str
    language: str


@dataclass
class Room:
    """The boards that are open in this process, and what was drawn last for each kind of them."""

    viewers: dict[Ear, View] = field(default_factory=dict)
    drawn: dict[View, Parts | None] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def enter(self, ear: Ear, view: View) -> None:
        """A board is open: it is drawn at once, unless one like it was drawn just now."""
        self.viewers[ear] = view
        if view in self.drawn:
            ear.put_nowait(DRAWN)
            self._begin()
        else:
            self.look()

    def leave(self, ear: Ear) -> None:
        """A board was closed; with the last one the drawer rests."""
        view = self.viewers.pop(ear, None)
        if view not in self.viewers.values():
            self.drawn.pop(view, None)  # type: ignore[arg-type]  # None is no key of it
        if not self.viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    def look(self) -> None:
        """Something has happened, or nothing was drawn for long: a drawer that has failed begins again."""
        self._wake.set()
        self._begin()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        last = float("-inf")
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), EVERY_SECONDS)
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(max(0.0, last + PAUSE_SECONDS - clock()))
                last = clock()
            self._wake.clear()  # what is heard from here on may not be in what is read now
            await self._draw()

    async def _draw(self) -> None:
        views = set(self.viewers.values())
        try:
            found = await asyncio.get_running_loop().run_in_executor(DRAWER.pool, draw, views, time.monotonic())
        except Error as error:  # the database is away; boards grow old and say so
            log.warning("The boards cannot be drawn: %s", str(error).partition("\n")[0])
            return
        self.drawn = {view: parts for view, parts in found.items() if view in set(self.viewers.values())}
        for ear, view in self.viewers.items():
            if view in found and not ear.full():
                ear.put_nowait(DRAWN)


def draw(views: Iterable[View], since: float) -> dict[View, Parts | None]:
    """What each of these shows, read after `since`; None: this person may not look any more."""
    close_old_connections()
    wanted = list(views)
    people = Staff.objects.select_related("unit").in_bulk({view.staff_id for view in wanted})
    may = {key: person for key, person in people.items() if person.is_active and can(person, "board.view")}
    found: dict[View, Parts | None] = dict.fromkeys(wanted)
    for language in {view.language for view in wanted}:
        with translation.override(language):
            views = [view for view in wanted if view.language == language and view.staff_id in may]
            boards = sharing.boards_of([may[key] for key in {view.staff_id for view in views}], since)
            for view in views:
                found[view] = parts = parts_of(may[view.staff_id], boards[view.staff_id], view.page)
                for name in parts.marks:  # in this language, in this thread
                    parts.html(name)
    return found


class Drawer:
    """One thread and so one connection a web process."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The thread, made on first use (after a fork, not before)."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="board-drawer")
        return self._pool

    def close(self) -> None:
        """End the thread and its connection; for tests, which drop their database."""
        if self._pool is not None:
            self._pool.submit(connections.close_all).result()
            self._pool.shutdown()
            self._pool = None


DRAWER = Drawer()
_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, Room] = WeakKeyDictionary()


def room() -> Room:
    """The room of the running loop."""
    return _rooms.setdefault(asyncio.get_running_loop(), Room())
