"""When the database's clock goes back, what waits in the outbox is brought near again: else nobody is told for as long.

A letter that was put off by the time before waits for a moment that no schedule of ours reaches; so does a repeat.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from service_desk.notices.rules import JITTER, LEASE_SECONDS, RETRY_SECONDS

#: Seconds of difference to the machine's running time that are a jump.
_NOTED = 2.0
#: No attempt is put off by more, and no lease is longer.
_FARTHEST = RETRY_SECONDS[-1] * (1 + JITTER)

# One that is on its way keeps a lease, so that its sender can still say how it ended.
_LETTERS = """
UPDATE notices_delivery SET
    next_attempt_at = statement_timestamp()
        + CASE state WHEN 'sending' THEN make_interval(secs => %(lease)s) ELSE interval '0' END,
    lease_until = CASE state WHEN 'sending' THEN statement_timestamp() + make_interval(secs => %(lease)s) END
WHERE state IN ('pending', 'sending') AND next_attempt_at > statement_timestamp() + make_interval(secs => %(farthest)s)
"""
_REPEATS = """
UPDATE notices_notice SET next_repeat_at = statement_timestamp() + make_interval(secs => repeat_seconds)
WHERE acked_at IS NULL AND stopped_at IS NULL
    AND next_repeat_at > statement_timestamp() + make_interval(secs => repeat_seconds)
"""


@dataclass
class WallWatch:
    """One dispatcher's eye on the database's clock, fed with the time of each sign of life."""

    _last: tuple[datetime, float] | None = None

    def went_back(self, wall: datetime) -> bool:
        """Whether the clock has gone back since the last look; nobody knows that of the time before the first."""
        running = time.monotonic()
        last, self._last = self._last, (wall, running)
        return last is None or (wall - last[0]).total_seconds() - (running - last[1]) < -_NOTED


def bring_near() -> int:
    """Bring near what waits for longer than any schedule would let it; how many letters and repeats."""
    with connection.cursor() as cursor:
        cursor.execute(_LETTERS, {"lease": LEASE_SECONDS, "farthest": _FARTHEST})
        letters = int(cursor.rowcount)
        cursor.execute(_REPEATS)
        return letters + int(cursor.rowcount)
