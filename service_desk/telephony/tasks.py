"""Celery's doors to telephony: nothing in, one verb called."""

from celery import shared_task

from service_desk.audit.context import acting
from service_desk.telephony.actions import give_up_stale, purge_old, tell_silence


@shared_task(name="service_desk.telephony.tasks.sweep_calls")
def sweep_calls() -> None:
    """Calls that nobody ended, and phone systems that are silent."""
    with acting(door="worker", label="celery"):
        give_up_stale()
        tell_silence()


@shared_task(name="service_desk.telephony.tasks.purge_deliveries")
def purge_deliveries() -> None:
    """Ids and refusals that are too old to be asked for."""
    with acting(door="worker", label="celery"):
        purge_old()
