"""Celery's door to the walk over what is older than the rule lets it be kept."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.customers import privacy


@shared_task
def erase_old() -> None:
    """Some slices of it; each is a transaction of its own, and any worker goes on where another stopped."""
    with acting(door="worker", label="celery"):
        privacy.walk()
