"""Celery's doors to the desk."""

from celery import shared_task

from service_desk.cases.actions import filing
from service_desk.cases.actions.drafting import sweep_drafts


@shared_task
def sweep_register_drafts() -> None:
    """Remove drafts of registrations that nobody came back to."""
    sweep_drafts()


@shared_task
def sweep_files() -> None:
    """Remove contents of files whose row was never written."""
    filing.sweep()
