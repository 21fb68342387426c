"""Gives a dead letter another chance."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.notices.models import Delivery
from service_desk.notices.rules import FAILED_STATES, DeliveryState
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict


@transaction.atomic
def redrive(*, delivery: Delivery, actor: Staff) -> None:
    """Put a given-up delivery back to the start, under the same dedup key and Message-ID.

    One that had no address takes the person's present one; without any it is refused.
    """
    require(actor, "notice.redrive", delivery)
    row = (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("notice__recipient", "address")
        .get(pk=delivery.pk)
    )
    if row.state not in FAILED_STATES:
        raise Conflict(_("This delivery has not failed: it is on its way or has arrived."), code="not_failed")
    target = row.target
    if row.address is None and row.channel == "email":
        target = target or (row.notice.recipient.email if row.notice.recipient else "")
    if row.address is None and not target:
        raise Conflict(
            _("There is no address to send this to."),
            code="no_address",
            remedy=_("Enter an e-mail address for the person, or fill the role in the roster."),
        )
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.PENDING,
        target=target,
        attempts=0,
        fence=F("fence") + 1,
        next_attempt_at=Now(),
        lease_until=None,
        last_error="",
        escalated_at=None,
        repeat_possible=row.repeat_possible or row.state == DeliveryState.UNKNOWN,
    )
    record(
        verb="notice.redrive",
        thing=row.notice.about or f"notice:{row.notice_id}",
        actor=actor,
        detail={"delivery": row.pk, "channel": row.channel, "was": row.state, "error": row.last_error},
    )
