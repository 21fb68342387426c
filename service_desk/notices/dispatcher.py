"""The dispatcher: drains the outbox of notices; once a second it repeats, opens next channels and shows its life."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from django.db import connection

from service_desk.carrier import Carrier
from service_desk.notices.actions import escalate_failures, open_next_channel, repeat_due
from service_desk.notices.outbox import Dispatch
from service_desk.notices.went_back import bring_near

log = logging.getLogger(__name__)

_AT_ONCE = 100
_BEAT = """
INSERT INTO notices_dispatcherbeat (name, beat_at, detail)
SELECT %(name)s, statement_timestamp(), jsonb_build_object(
    'in_flight', %(flights)s, 'open', count(*),
    'oldest_seconds', COALESCE(floor(extract(epoch FROM statement_timestamp() - min(created_at))), 0))
FROM (
    (SELECT created_at FROM notices_delivery WHERE state IN ('pending', 'sending') LIMIT 10000)
    UNION ALL SELECT created_at FROM notices_unaddressed, unnest(notice_ids)) waiting
ON CONFLICT (name) DO UPDATE SET beat_at = EXCLUDED.beat_at, detail = EXCLUDED.detail
RETURNING beat_at
"""


class Dispatcher(Carrier):
    """One process that drains the outbox."""

    channel: ClassVar[str] = "notices"

    def __init__(self, name: str, *, stopping: Callable[[], bool]) -> None:
        self.dispatch = Dispatch(name)
        super().__init__(name, self.dispatch, stopping=stopping)

    def land(self) -> None:
        """Write down how letters ended."""
        landed = self.dispatch.land()
        if landed.given_up or landed.retried or landed.overtaken:
            log.info("%s: %s", self.name, landed)

    def carry(self) -> bool:
        """Send what is due; after a storm, write its letters batch by batch in between."""
        addressed = self.dispatch.address()
        return self.dispatch.launch(_AT_ONCE) > 0 or addressed

    def each_second(self) -> datetime:
        """Repeats, next channels, failures and the sign of life."""
        with connection.cursor() as cursor:
            cursor.execute(_BEAT, {"name": self.name, "flights": len(self.dispatch)})
            wall: datetime = cursor.fetchall()[0][0]
        repeat_due(self.name)
        open_next_channel()
        escalate_failures()
        return wall

    def bring_near(self) -> int:
        """Letters and repeats."""
        return bring_near()
