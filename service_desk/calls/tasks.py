"""Celery's doors to calls: nothing in, one verb called."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.calls.actions import keep_all


@shared_task(name="service_desk.calls.tasks.keep_calls")
def keep_calls() -> None:
    """Registrations of calls that were passed on, and breaches of which it became known whose they were."""
    with acting(door="worker", label="celery"):
        keep_all()
