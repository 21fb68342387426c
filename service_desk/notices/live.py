"""Pokes open pages through Redis: best effort, because every page catches up from PostgreSQL without it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.db import transaction

from service_desk.redis_line import RedisLine, Silent

log = logging.getLogger(__name__)

EVERYBODY = "desk:all"
_SECONDS = 0.5  # a poke never holds its caller up longer
_SINGLY = 20


def topic_of(staff_id: int) -> str:
    """The channel of one member of staff."""
    return f"desk:staff:{staff_id}"


@cache
def _line() -> RedisLine:
    return RedisLine(seconds=_SECONDS)


def poke_many(messages: Iterable[tuple[str, str, Mapping[str, Any]]]) -> bool:
    """Publish `(topic, event, data)` each, in one round trip; whether Redis took them."""

    def publish(redis: Any) -> None:
        with redis.pipeline(transaction=False) as pipe:
            for topic, event, data in messages:
                pipe.publish(topic, json.dumps({"event": event, "data": data}))
            pipe.execute()

    try:
        _line().ask(publish)
    except Silent as silence:
        log.debug("No poke: %s", silence)
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
