"""One ear on Redis per web process, for all its open streams; when Redis is away it says so and keeps trying."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

_PATTERN = "desk:*"
_QUIET_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_AGAIN_SECONDS = 2.0
_LONGEST_QUEUE = 200


@dataclass(frozen=True)
class Poke:
    """Something happened; `event` is empty when it is only that Redis went or came back: look for yourself."""

    event: str = ""
    data: str = "{}"


Ear = asyncio.Queue[Poke]


class Hub:
    """Passes what is published on `desk:…` to the streams that listen to that topic."""

    def __init__(self) -> None:
        self._ears: dict[str, set[Ear]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self.healthy = False

    @property
    def listeners(self) -> int:
        """How many streams are open in this process."""
        return len({ear for ears in list(self._ears.values()) for ear in list(ears)})

    @asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[Ear]:
        """A queue of the pokes of `topics`, for as long as the block lasts."""
        ear: Ear = asyncio.Queue(_LONGEST_QUEUE)
        for topic in topics:
            self._ears[topic].add(ear)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield ear
        finally:
            for topic in topics:
                self._ears[topic].discard(ear)
                if not self._ears[topic]:
                    del self._ears[topic]
            if not self._ears and self._task is not None:
                self._task.cancel()
                self._task = None
                self.healthy = False

    async def _run(self) -> None:
        while True:
            try:
                await self._hear()
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("Redis is away: %s", error)
            self._turn(healthy=False)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear(self) -> None:
        redis = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_ANSWER_SECONDS)
        try:
            pubsub: Any = redis.pubsub()
            await asyncio.wait_for(pubsub.psubscribe(_PATTERN), _ANSWER_SECONDS)
            asked = True
            while True:
                message = await pubsub.get_message(timeout=_ANSWER_SECONDS if asked else _QUIET_SECONDS)
                if message is None and asked:
                    raise TimeoutError("no answer")
                if message is None:
                    await asyncio.wait_for(pubsub.ping(), _ANSWER_SECONDS)
                asked = message is None
                if message is not None:
                    self._turn(healthy=True)
                    self._pass_on(message)
        finally:
            await redis.aclose()

    def _turn(self, *, healthy: bool) -> None:
        if self.healthy != healthy:
            self.healthy = healthy
            for ear in {ear for ears in self._ears.values() for ear in ears}:
                _put(ear, Poke())

    def _pass_on(self, message: dict[str, Any]) -> None:
        if message["type"] != "pmessage":
            return
        try:
            said = json.loads(message["data"])
            poke = Poke(str(said["event"]), json.dumps(said["data"]))
        except (ValueError, KeyError, TypeError):
            log.warning("A message on %r that is none of ours", message["channel"])
            return
        for ear in self._ears.get(message["channel"].decode(), ()):
            _put(ear, poke)


def _put(ear: Ear, poke: Poke) -> None:
    """A stream that does not keep up loses pokes, not notices: it reads those from PostgreSQL."""
    if not ear.full():
        ear.put_nowait(poke)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def open_streams() -> int:
    """How many streams are open in this process, of whichever loop; asked from any thread."""
    return sum(each.listeners for each in list(_hubs.values()))
