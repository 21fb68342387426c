"""Celery's doors to the knowledge room."""

from celery import shared_task

from service_desk.knowledge.actions.articles_telling import sweep


@shared_task
def sweep_articles() -> None:
    """Tell of review dates that are near or over."""
    sweep()
