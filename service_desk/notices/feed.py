"""What the stream and the poll read from PostgreSQL: somebody's new notices, and whether their session still holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from threading import Barrier
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from service_desk.notices.kinds import render
from service_desk.notices.models import Notice
from service_desk.people.middleware import IDLE_SECONDS
from service_desk.people.models import Staff

BATCH = 100
_THREADS = 2
# Numbers are given when a row is written, not when it is committed: a row may appear after one with a higher number.
# So the last seconds are read again; whoever reads knows a notice by its number.
_OVERLAP = timedelta(seconds=10)


@dataclass(frozen=True)
class Told:
    """One notice as the browser gets it."""

    id: int
    data: dict[str, Any]


def newest(staff_id: int) -> int:
    """The number of somebody's newest notice; 0 if there is none."""
    found: int | None = Notice.objects.filter(recipient_id=staff_id).aggregate(last=Max("id"))["last"]
    return found or 0


def unread_after(staff_id: int, after: int, language: str) -> list[Told]:
    """Unread notices after a number (and those of the last seconds), oldest first, at most 100."""
    rows = (
        Notice.objects.filter(recipient_id=staff_id)
        .unread()
        .filter(Q(id__gt=after) | Q(created_at__gt=Now() - _OVERLAP))
        .order_by("id")[:BATCH]
    )
    return [_told(row, language) for row in rows]


def _told(notice: Notice, language: str) -> Told:
    return Told(
        notice.pk,
        {
            "id": notice.pk,
            "key": str(notice.key),
            "kind": notice.kind,
            "level": notice.level,
            "subject": render(notice.kind, notice.facts, language).subject,
            "link": notice.link,
            "needs_ack": notice.needs_ack,
            "created_at": notice.created_at.isoformat(),
        },
    )


def session_holds(session_key: str, staff_id: int) -> bool:
    """Whether the session is still that of an active `staff_id` with the same password, and not idle too long."""
    data = import_module(settings.SESSION_ENGINE).SessionStore(session_key).load()
    if data.get(SESSION_KEY) != str(staff_id) or BACKEND_SESSION_KEY not in data:
        return False
    staff = Staff.objects.filter(pk=staff_id, is_active=True).first()
    if staff is None or not constant_time_compare(data.get(HASH_SESSION_KEY, ""), staff.get_session_auth_hash()):
        return False
    now = int(timezone.now().timestamp())
    return now - int(data.get("seen", now)) <= IDLE_SECONDS


class Readers:
    """Two threads and so two connections per web process, however many streams are open."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads, made on first use (after a fork, not before)."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stream-reader")
        return self._pool

    def close(self) -> None:
        """End the threads and their connections; for tests, which drop their database."""
        if self._pool is None:
            return
        together = Barrier(_THREADS)  # so that each thread closes its own

        def leave() -> None:
            together.wait(5)
            connection.close()

        for left in [self._pool.submit(leave) for _thread in range(_THREADS)]:
            left.result()
        self._pool.shutdown()
        self._pool = None


READERS = Readers()
