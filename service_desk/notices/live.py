"""Pokes open pages through Redis: best effort, because every page catches up from PostgreSQL without it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

EVERYBODY = "desk:all"
_SECONDS = 0.5  # a poke never holds its caller up longer
_SINGLY = 20
_REST_SECONDS = 5.0  # after a failure nobody else waits for a while


def topic_of(staff_id: int) -> str:
    """The channel of one member of staff."""
    return f"desk:staff:{staff_id}"


@dataclass
class _Line:
    """The connection to Redis, and until when it is left alone after a failure."""

    silent_until: float = 0.0
    redis: Redis = field(
        default_factory=lambda: Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    )


@cache
def _line() -> _Line:
    return _Line()


def poke_many(messages: Iterable[tuple[str, str, Mapping[str, Any]]]) -> bool:
    """Publish `(topic, event, data)` each, in one round trip; whether Redis took them."""
    line = _line()
    if time.monotonic() < line.silent_until:
        return False
    try:
        with line.redis.pipeline(transaction=False) as pipe:
            for topic, event, data in messages:
                pipe.publish(topic, json.dumps({"event": event, "data": data}))
            pipe.execute()
    except (RedisError, OSError) as error:
        line.silent_until = time.monotonic() + _REST_SECONDS
        log.debug("No poke: %s", error)
        return False
    return True


def poke(topic: str, event: str, data: Mapping[str, Any]) -> bool:
    """Publish one event now; whether Redis took it. `data` must not hold anything that is not for all of `topic`."""
    return poke_many([(topic, event, data)])


def told(abouts: Iterable[str]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Messages to every page about these things: who was told, how far it came or who answered has changed.

    More than a few at once become one for all pages, so that a storm costs the same as a shower.
    """
    distinct = {about for about in abouts if about}
    if len(distinct) > _SINGLY:
        return [(EVERYBODY, "told", {})]
    return [(EVERYBODY, "told", {"about": about}) for about in sorted(distinct)]


def poke_case(number: str, only: Iterable[int] | None = None) -> None:
    """Tell all open pages, once the present transaction is committed, that a case has changed: its number only.

    Of a confidential case the pages of `only` these people: a number tells that there is something (P6).
    """
    topics = [EVERYBODY] if only is None else [topic_of(staff_id) for staff_id in sorted(only)]
    messages: list[tuple[str, str, Mapping[str, Any]]] = [(topic, "case", {"case": number}) for topic in topics]
    transaction.on_commit(lambda: poke_many(messages), robust=True)
