"""Names who holds up others in the database (RELIABILITY 13): a forgotten session keeps rows from every sweep.

Neither the engine nor a person can fire what somebody else has locked; but who it is stands in the server's own lists,
and those can be read whatever is locked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from django.db import connection
from django.db.models.functions import Now

from service_desk.deadlines.engine import report
from service_desk.deadlines.models import Incident

KIND = "blocker"
#: Looked for so often by each sentinel: more often than it waits for a lock (two seconds), or two sentinels that stand
#: in one queue in step would each look only at the moments at which nobody waits.
EVERY_SECONDS = 1.5
#: Others wait for it this long, or it does nothing in an open transaction this long, or it is older than this.
WAITED, IDLE, OLD = "2 seconds", "3 seconds", "10 minutes"

# Whom others wait for; who sleeps inside a transaction (its rows are passed over, nobody waits); and whose old snapshot
# keeps the vacuum from cleaning. What they have asked is left out: it may hold a customer's words.
_BLOCKERS = f"""
WITH waiting AS MATERIALIZED (
    SELECT unnest(pg_blocking_pids(pid)) AS by FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
)
SELECT a.pid, coalesce(nullif(a.application_name, ''), '?'), coalesce(a.usename, '?'), coalesce(a.state, '?'),
       coalesce(host(a.client_addr), 'local'), a.xact_start, (SELECT count(*) FROM waiting w WHERE w.by = a.pid)
  FROM pg_stat_activity a
 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
   AND ((a.pid IN (SELECT by FROM waiting) AND a.xact_start < clock_timestamp() - interval '{WAITED}')
     OR (a.state LIKE 'idle in transaction%%' AND a.state_change < clock_timestamp() - interval '{IDLE}')
     OR a.xact_start < clock_timestamp() - interval '{OLD}')
"""  # noqa: S608 - constants of ours


@dataclass
class BlockerWatch:
    """One process's eye on the other sessions."""

    _next: float = field(default=0.0)

    def look(self) -> int:
        """Write down who holds up others, and settle those who no longer do; how many there are. Seldom asked."""
        if monotonic() < self._next:
            return 0
        self._next = monotonic() + EVERY_SECONDS
        with connection.cursor() as cursor:
            cursor.execute(_BLOCKERS)
            found = cursor.fetchall()
        for pid, program, user, state, place, since, waiting in found:
            detail = f"pid {pid}, {program}, {user}@{place}, {state}, since {since:%Y-%m-%d %H:%M:%S} UTC"
            report(kind=KIND, thing=f"session {pid}", detail=f"{detail}, {waiting} waiting")
        still = [f"session {row[0]}" for row in found]
        Incident.objects.filter(kind=KIND, repaired_at=None).exclude(thing__in=still).update(repaired_at=Now())
        return len(found)
