"""Service Desk: the web application on which a service company's telephone desk runs."""

from service_desk.celery import app as celery_app

__all__ = ["celery_app"]
