"""Celery's doors to webhooks: nothing in, one verb called."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.webhooks import heads
from service_desk.webhooks.actions import purge_old
from service_desk.webhooks.sending import fan_out


@shared_task(name="service_desk.webhooks.tasks.tend")
def tend() -> None:
    """Hand out what the sender has left lying, and forget what is old; sending is the sender's alone."""
    with acting(door="worker", label="celery"):
        fan_out()
        purge_old()


@shared_task(name="service_desk.webhooks.tasks.send_head")
def send_head() -> None:
    """The head of the audit trail leaves the machine; asked hourly, done once a day."""
    with acting(door="worker", label="celery"):
        heads.send_head()
