"""When the database's clock goes back, what was put off by the time before is brought near: else it waits for as long.

The last answer of a delivery bears its time. Where that lies ahead, the clock has gone back since, and the wait begins
anew from now; a wait that an endpoint has asked for is so kept as it was.
"""

from __future__ import annotations

from django.db import connection

from service_desk.webhooks.rules import LEASE_SECONDS

#: By so much a time may lie ahead without a jump.
_AHEAD = 2.0
# One that is on its way keeps a lease, so that its sender can still say how it ended.
_BRING_NEAR = """
UPDATE webhooks_post SET next_try_at = statement_timestamp() + CASE state
    WHEN 'sending' THEN make_interval(secs => %(lease)s)
    ELSE greatest(next_try_at - coalesce((tries -> -1 ->> 'at')::timestamptz, next_try_at), interval '0') END
WHERE state IN ('pending', 'sending') AND CASE state
    WHEN 'sending' THEN next_try_at > statement_timestamp() + make_interval(secs => %(lease)s + %(ahead)s)
    ELSE coalesce((tries -> -1 ->> 'at')::timestamptz, created_at)
        BETWEEN statement_timestamp() + make_interval(secs => %(ahead)s) AND next_try_at END
"""


def bring_near() -> int:
    """Bring near what waits by a time that the clock has gone back behind; how many deliveries."""
    with connection.cursor() as cursor:
        cursor.execute(_BRING_NEAR, {"lease": LEASE_SECONDS, "ahead": _AHEAD})
        return int(cursor.rowcount)
