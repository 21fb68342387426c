"""Celery's doors into the engine: nothing in, one verb called, nothing out."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.engine import beat, sweep
from service_desk.deadlines.rules import Door


@shared_task(name="service_desk.deadlines.tasks.fire_due")
def fire_due() -> None:
    """Fire what is due; sent every second, expires after two, so that a backlog never piles up."""
    with acting(door="worker", label="celery"):
        beat("celery", Door.CELERY, sweep(Door.CELERY))


@shared_task(name="service_desk.deadlines.tasks.audit_clocks")
def audit_clocks() -> None:
    """One pass of the auditor."""
    with acting(door="worker", label="celery"):
        Auditor().run()
