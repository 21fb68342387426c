"""A line to Redis for what may as well be left undone: it never holds anybody up, and after a failure it rests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

REST_SECONDS = 5.0  # after a failure nobody else waits for a while

AnswerT = TypeVar("AnswerT")


class Silent(Exception):  # noqa: N818  (an outcome, not a fault of the program)
    """Redis does not answer; `error` is why, None where it was not even asked."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(str(error or "resting"))
        self.error = error


class RedisLine:
    """One connection, and until when it is left alone after a failure."""

    def __init__(self, *, seconds: float, decode: bool = False) -> None:
        self.silent_until = 0.0
        # Typed loosely: redis' own hints promise an awaitable wherever they promise a value.
        self.redis: Any = Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            decode_responses=decode,
        )

    def ask(self, question: Callable[[Any], AnswerT]) -> AnswerT:
        """What `question` is given by the client. Raises Silent: at once for a while after a failure."""
        if time.monotonic() < self.silent_until:
            raise Silent
        try:
            return question(self.redis)
        except (RedisError, OSError) as error:
            self.silent_until = time.monotonic() + REST_SECONDS
            raise Silent(error) from error
