"""Celery's doors to exports and scheduled reports."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.reports import jobs, schedules, went_back
from service_desk.reports.actions import sums

#: Binding a million rows into a workbook takes minutes, every other slice seconds.
_BINDING_SECONDS = 14 * 60


@shared_task(soft_time_limit=_BINDING_SECONDS, time_limit=_BINDING_SECONDS + 30)
def write_export(export_id: int, fence: int) -> None:
    """Write one slice, then queue again behind other work; whatever stops this worker, `tend_exports` hands it on."""
    with acting(door="worker", label="celery"):
        following = jobs.go_on(export_id, fence)
    if following is not None:
        jobs.begin(export_id, following)


@shared_task
def tend_exports() -> None:
    """Hand on exports that nobody goes on with."""
    with acting(door="worker", label="celery"):
        went_back.bring_near()
        jobs.tend()


@shared_task
def sweep_exports() -> None:
    """Take away files and rows past their time."""
    with acting(door="worker", label="celery"):
        jobs.sweep()
        sums.forget()
        went_back.set_right()


@shared_task
def compute_sums() -> None:
    """Compute one long sum, then queue again behind other work."""
    with acting(door="worker", label="celery"):
        if sums.compute_next():
            sums.poke()


@shared_task
def send_reports() -> None:
    """Send the scheduled reports that are due."""
    with acting(door="worker", label="celery"):
        sums.tend()
        schedules.send_due()
