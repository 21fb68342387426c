"""When the database's clock goes back, what waits in the outbox is brought near again: else nobody is told for as long.

A letter that was put off by the time before waits for a moment that no schedule of ours reaches; so does a repeat.
"""

from __future__ import annotations

from django.db import connection

from service_desk.notices.rules import JITTER, LEASE_SECONDS, RETRY_SECONDS

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


def bring_near() -> int:
    """Bring near what waits for longer than any schedule would let it; how many letters and repeats."""
    with connection.cursor() as cursor:
        cursor.execute(_LETTERS, {"lease": LEASE_SECONDS, "farthest": _FARTHEST})
        letters = int(cursor.rowcount)
        cursor.execute(_REPEATS)
        return letters + int(cursor.rowcount)
