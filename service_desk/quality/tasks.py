"""Celery's doors to quality: nothing in, one verb called."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.quality.finding import find_all


@shared_task(name="service_desk.quality.tasks.find_violations")
def find_violations() -> None:
    """What the facts of the last weeks demand."""
    with acting(door="worker", label="celery"):
        find_all()
