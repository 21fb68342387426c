"""Celery's door to the complaints."""

from celery import shared_task

from service_desk.complaints.actions.web import take_in


@shared_task
def take_in_web() -> None:
    """Make complaints of what customers have sent by the web form."""
    take_in()
