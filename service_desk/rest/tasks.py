"""Celery's door to the REST ground."""

from celery import shared_task

from service_desk.rest.actions import purge_answers


@shared_task
def purge_kept_answers() -> None:
    """Throw away kept answers that are too old to be asked for."""
    purge_answers()
