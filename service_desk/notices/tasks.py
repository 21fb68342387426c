"""Celery's door to the outbox: a further drain beside the dispatcher, for what that has left lying."""

from __future__ import annotations

from celery import shared_task
from django.db import connection

from service_desk.audit.context import acting
from service_desk.notices import guarding
from service_desk.notices.actions import escalate_failures, open_next_channel, repeat_due
from service_desk.notices.outbox import deliver_due as drain

# Deliveries this young are the dispatcher's; taking them would only make two processes wait for one slow server.
_LEFT_LYING_SECONDS = 5.0
_LOCK = 7_201_001  # one worker at most waits for slow servers, the others stay free


@shared_task(name="service_desk.notices.tasks.deliver_due")
def deliver_due() -> None:
    """Write due repeats and failures, then send what the dispatcher has not taken."""
    with acting(door="worker", label="celery"):
        repeat_due("celery")
        open_next_channel()
        escalate_failures()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return
            try:
                drain("celery", 8, older_than=_LEFT_LYING_SECONDS)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@shared_task(name="service_desk.notices.tasks.remind_of_requests")
def remind_of_requests() -> None:
    """Requests of customers about their data whose answer is due soon, or late."""
    with acting(door="worker", label="celery"):
        guarding.remind_of_requests()
