"""What each web process has measured, told to the others through Redis: whichever of them is asked tells of all."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable, Iterator
from threading import Event, Thread
from typing import Any

from django.conf import settings
from prometheus_client import Gauge, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from redis import Redis
from redis.exceptions import RedisError

from service_desk.dashboard.metering import REGISTRY
from service_desk.notices.hub import open_streams

log = logging.getLogger(__name__)

KEY = "desk-measured"
#: Each process tells so often; one that has not been heard of for so long has ended.
EVERY_SECONDS, ENDED_SECONDS = 5.0, 20
_PATIENCE = 0.5
STREAMS = Gauge("desk_sse_clients", "Open event streams of a web process.", registry=REGISTRY)


def name_of_process() -> str:
    """Machine and number; in each sample of what one process has measured."""
    return f"{socket.gethostname()}:{os.getpid()}"


def connected() -> Redis:
    """Redis, which is not waited for."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)


def own() -> str:
    """What this process has measured, as text."""
    STREAMS.set(open_streams())
    return generate_latest(REGISTRY).decode()


def tell() -> None:
    """Leave word for whichever process is asked; the time is Redis' own, so that machines need not agree."""
    with connected() as redis:
        redis.hset(KEY, name_of_process(), json.dumps({"at": _time(redis), "text": own()}))


def _time(redis: Any) -> int:
    return int(redis.time()[0])


def heard() -> dict[str, str]:
    """What the other processes have told lately; what has ended is forgotten. Raises when Redis does not answer."""
    others: dict[str, str] = {}
    with connected() as redis:
        moment = _time(redis)
        told: dict[Any, Any] = redis.hgetall(KEY)
        for name, text in told.items():
            process, lately = name.decode(), _lately(text, moment)
            if lately is None:
                redis.hdel(KEY, name)
            elif process != name_of_process():
                others[process] = lately
    return others


def _lately(told: bytes, moment: int) -> str | None:
    """The text, if it is of this kind and new enough; another version of the desk may have written something else."""
    try:
        found = json.loads(told)
        return str(found["text"]) if moment - int(found["at"]) <= ENDED_SECONDS else None
    except (ValueError, KeyError, TypeError):
        return None


class Measured:
    """A collector of everything that the web processes have measured, each sample with its process."""

    def collect(self) -> Iterator[Metric]:
        """This process as it is now, the others as they were a few seconds ago; without Redis this one alone."""
        try:
            others = heard()
        except (RedisError, OSError) as error:
            log.debug("Redis is away: %s", error)
            others = {}
        yield from together({name_of_process(): own(), **others}.items())


def together(texts: Iterable[tuple[str, str]]) -> Iterator[Metric]:
    """The families of all these texts, each once."""
    families: dict[str, Metric] = {}
    for process, text in texts:
        for family in text_string_to_metric_families(text):
            whole = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.samples.append(Sample(sample.name, {**sample.labels, "process": process}, sample.value))
    yield from families.values()


class _Teller(Thread):
    def __init__(self) -> None:
        super().__init__(name="measured", daemon=True)
        self.ended = Event()

    def run(self) -> None:
        while not self.ended.wait(EVERY_SECONDS):
            try:
                tell()
            except (RedisError, OSError) as error:
                log.debug("Redis is away: %s", error)


def begin() -> None:
    """Tell from now on, for as long as this process lives."""
    _Teller().start()
