"""What the desk does by itself when a notice does not arrive: another channel, and word to the duty manager (D11)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from service_desk.notices.actions.sending import NewNotice, send_many
from service_desk.notices.addressing import mail_domain
from service_desk.notices.models import Delivery
from service_desk.notices.rules import FAILED_STATES, REPEAT_SECONDS, WIDEN_ATTEMPTS, WIDEN_SECONDS, Level
from service_desk.notices.within import first_who_may
from service_desk.people.directory import Directory
from service_desk.people.rules import DutyRole

_BATCH = 200

# Each delivery opens one more: the person's own channels first (switched off or not, it is an emergency), then those
# of the unit and of the desk. That one opens the next if it stalls as well.
_WIDEN = """
WITH slow AS (
    SELECT d.id, d.notice_id, n.dedup_key, n.recipient_id, n.private, staff.unit_id
    FROM notices_delivery d
    JOIN notices_notice n ON n.id = d.notice_id AND n.level = 'emergency'
    LEFT JOIN people_staff staff ON staff.id = n.recipient_id
    WHERE d.widened_at IS NULL AND (
        (d.state IN ('pending', 'sending') AND (
            d.attempts > %(tries)s OR (d.state = 'pending' AND d.attempts = %(tries)s)
            OR d.created_at <= statement_timestamp() - make_interval(secs => %(seconds)s)))
        OR (d.state IN ('dead', 'unknown') AND d.escalated_at IS NULL))
    ORDER BY d.id LIMIT %(batch)s FOR UPDATE OF d SKIP LOCKED
), marked AS (
    UPDATE notices_delivery SET widened_at = statement_timestamp() WHERE id IN (SELECT id FROM slow)
), ways AS (
    SELECT DISTINCT ON (slow.id) slow.notice_id, slow.dedup_key, a.id AS address_id, a.kind
    FROM slow JOIN notices_channeladdress a ON a.kind <> 'email' AND (
        a.staff_id = slow.recipient_id
        OR (a.enabled AND a.staff_id IS NULL AND NOT slow.private AND (a.unit_id IS NULL OR a.unit_id = slow.unit_id)))
    WHERE NOT EXISTS (
        SELECT FROM notices_delivery other WHERE other.notice_id = slow.notice_id AND other.address_id = a.id)
    ORDER BY slow.id, CASE WHEN a.staff_id IS NOT NULL THEN 0 WHEN a.unit_id IS NOT NULL THEN 1 ELSE 2 END, a.id
)
INSERT INTO notices_delivery (notice_id, channel, address_id, dedup_key, message_id, next_attempt_at)
SELECT DISTINCT notice_id, kind, address_id, dedup_key || ':' || kind || ':' || address_id,
    '<' || gen_random_uuid() || '@' || %(domain)s || '>', statement_timestamp() - interval '1 day'
FROM ways
ON CONFLICT (dedup_key) DO NOTHING
"""


@transaction.atomic
def open_next_channel() -> int:
    """Open the next channel beside each one that keeps an emergency notice waiting; how many were opened."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WIDEN,
            {
                "tries": WIDEN_ATTEMPTS,
                "seconds": WIDEN_SECONDS,
                "batch": _BATCH,
                "domain": mail_domain(settings.DEFAULT_FROM_EMAIL),
            },
        )
        opened: int = cursor.rowcount
    return opened


@transaction.atomic
def escalate_failures() -> int:
    """Tell the duty manager of each given-up delivery, once; how many were looked at.

    The report's own failure is not reported again: it stays red on the list of undelivered notices.
    """
    failed = list(
        Delivery.objects.filter(state__in=FAILED_STATES, escalated_at=None)
        .select_related("notice__recipient")
        .order_by("pk")
        .select_for_update(skip_locked=True, of=("self",))[:_BATCH]
    )
    if not failed:
        return 0
    directory = Directory.load()
    send_many([_report(row, directory) for row in failed if row.notice.kind != "delivery_failed"])
    Delivery.objects.filter(pk__in=[row.pk for row in failed]).update(escalated_at=Now())
    return len(failed)


def _report(row: Any, directory: Directory) -> NewNotice:
    notice = row.notice
    manager = directory.duty.get(DutyRole.DUTY_MANAGER)
    told = directory.present(manager)
    if told is not None and told == notice.recipient_id:  # it is their own channel that fails
        told = directory.present(directory.superior(told)) or told
    if notice.private:
        told = first_who_may(notice.about, [told, *map(directory.present, directory.superiors(notice.recipient_id))])
    urgent = notice.level == Level.EMERGENCY
    chain = f"delivery:{row.pk}:failed:{row.fence}:{DutyRole.DUTY_MANAGER}"
    return NewNotice(
        dedup_key=f"{chain}:0",
        chain=chain,
        kind="delivery_failed",
        level=notice.level if urgent else Level.WARNING,
        recipient_id=told,
        slot=DutyRole.DUTY_MANAGER,
        instead_of_id=manager if told is not None and told != manager else None,
        facts={
            "recipient": str(notice.recipient) if notice.recipient else "",
            "channel": row.channel,
            "attempts": row.attempts,
            "error": row.last_error,
            "kind": notice.kind,
            "facts": notice.facts,
        },
        about=notice.about,
        link=notice.link,
        needs_ack=urgent,
        repeat_seconds=REPEAT_SECONDS if urgent else None,
        private=notice.private,
    )
