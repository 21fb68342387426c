"""The log of refused deliveries, and what is thrown away when it is old."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models.functions import Now

from service_desk.telephony.models import RefusedDelivery, SeenEvent
from service_desk.telephony.rules import IDS_KEPT

REFUSALS_KEPT = timedelta(days=90)
#: Of these only the count matters: a row for each would let a flood fill the log.
_COUNTED_ONLY = frozenset({"rate-limited", "key-invalid"})

_NOTE = """
INSERT INTO telephony_refuseddelivery (integration_id, minute, status, problem, detail, message_id, ip, times)
VALUES (%s, date_trunc('minute', statement_timestamp()), %s, %s, %s, %s, %s, 1)
ON CONFLICT (integration_id, minute, problem, message_id, ip)
DO UPDATE SET times = telephony_refuseddelivery.times + 1, last_at = statement_timestamp()
"""


@transaction.atomic
def note_refusal(
    *, integration_id: int | None, status: int, problem: str, detail: str, message_id: str, ip: str | None
) -> None:
    """List a refused delivery; call it after what was refused has been rolled back."""
    shown = "" if problem in _COUNTED_ONLY else _storable(message_id)[:250]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [integration_id, status, problem, _storable(detail)[:500], shown, ip])


@transaction.atomic
def purge_old() -> int:
    """Forget delivered ids after thirty days and refusals after ninety; how many rows."""
    seen, _by_table = SeenEvent.objects.filter(received_at__lt=Now() - IDS_KEPT).delete()
    refused, _by_table = RefusedDelivery.objects.filter(minute__lt=Now() - REFUSALS_KEPT).delete()
    return seen + refused


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
