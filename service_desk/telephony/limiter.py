"""How many deliveries a second a phone system may make, and questions a visitor: counted in Redis, atomically."""

from __future__ import annotations

import logging
from functools import cache

from django.db import connection

from service_desk.redis_line import RedisLine, Silent

log = logging.getLogger(__name__)

BURST_SECONDS = 2.0
_SECONDS = 0.3

# A bucket that leaks (GCRA): one number, the time at which the bucket would be empty; Redis' own clock.
_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local gap = 1 / tonumber(ARGV[1])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
if full - now > tonumber(ARGV[2]) then return tostring(full - now - tonumber(ARGV[2])) end
redis.call('SET', KEYS[1], string.format('%.6f', full + gap), 'EX', math.ceil(tonumber(ARGV[2])) + 2)
return '0'
"""


@cache
def _line() -> RedisLine:
    return RedisLine(seconds=_SECONDS)


def _key(integration_id: int) -> str:
    """Two desks may share one Redis; their systems have the same numbers."""
    return f"desk:calls:{connection.settings_dict['NAME']}:{integration_id}"


def wait_for(integration_id: int, per_second: int) -> float:
    """Seconds this system has to wait; 0 when it may deliver now. Without Redis everything may: calls matter more."""
    return wait(_key(integration_id), per_second)


def key_of(kind: str, who: str) -> str:
    """The counter of somebody at some other door of this desk."""
    return f"desk:{kind}:{connection.settings_dict['NAME']}:{who}"


def wait(key: str, per_second: int) -> float:
    """Seconds until whoever this counter counts may come again; 0 when it is now, and without Redis."""
    try:
        return float(_line().ask(lambda redis: redis.eval(_TAKE, 1, key, str(per_second), str(BURST_SECONDS))))
    except Silent as silence:
        if silence.error is not None:
            log.warning("Deliveries are not counted, Redis does not answer: %s", type(silence.error).__name__)
        return 0.0
