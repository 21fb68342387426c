"""Celery's doors to the desk."""

from celery import shared_task

from service_desk.cases import scanning
from service_desk.cases.actions import filing
from service_desk.cases.actions.drafting import sweep_drafts
from service_desk.cases.actions.scanning import scan_waiting


@shared_task
def sweep_register_drafts() -> None:
    """Remove drafts of registrations that nobody came back to."""
    sweep_drafts()


@shared_task
def sweep_files() -> None:
    """Remove contents of files whose row was never written."""
    filing.sweep()


@shared_task
def scan_files() -> None:
    """Have the virus scanner look through what has come in, where there is one."""
    if scanning.is_on():
        scan_waiting()
