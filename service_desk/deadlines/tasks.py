"""Celery's doors into the engine: nothing in, one verb called, nothing out."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.deadlines import applying
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.clock_watch import ClockWatch
from service_desk.deadlines.engine import Sweep, beat, sweep
from service_desk.deadlines.rules import Door

# Of this worker process: what it knows of the clock, and how far its passes over all clocks have come.
_watch = ClockWatch("celery")
_auditor = Auditor()


@shared_task(name="service_desk.deadlines.tasks.fire_due")
def fire_due() -> None:
    """Fire what is due; sent every second, expires after two, so that a backlog never piles up."""
    with acting(door="worker", label="celery"):
        beat("celery", Door.CELERY, sweep(Door.CELERY) if _watch.may_fire() else Sweep())


@shared_task(name="service_desk.deadlines.tasks.audit_clocks")
def audit_clocks() -> None:
    """One pass of the auditor."""
    with acting(door="worker", label="celery"):
        _auditor.run()


@shared_task(name="service_desk.deadlines.tasks.apply_changes")
def apply_changes() -> None:
    """Go on with changes of running clocks that are longer than a request may be (D8)."""
    with acting(door="worker", label="celery"):
        applying.work()
