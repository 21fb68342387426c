"""Notices in the form that `components/notice.html` draws; used by this package's pages and by any room's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.notices.actions import may_acknowledge
from service_desk.notices.kinds import render
from service_desk.notices.letters import note_of
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import DeliveryState, error_words

_WORST_FIRST = (
    DeliveryState.DEAD,
    DeliveryState.UNKNOWN,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.CANCELLED,
)
_DRAWN_AS = {
    DeliveryState.DEAD: "dead",
    DeliveryState.UNKNOWN: "dead",
    DeliveryState.PENDING: "pending",
    DeliveryState.SENDING: "pending",
    DeliveryState.SENT: "sent",
    DeliveryState.CANCELLED: "sent",
}


def shown(notice: Notice, *, user: Any, with_deliveries: bool = True) -> dict[str, Any]:
    """What the component needs; the button only for those who may press it.

    Without deliveries, as on the list of one's own notices, the recipient is left out too.
    """
    words = render(notice.kind, notice.facts)
    note = note_of(notice)
    return {
        "id": notice.pk,
        "key": notice.key,
        "title": words.subject,
        "text": f"{words.body}\n{note}" if note else words.body,
        "level": notice.level,
        "level_label": notice.get_level_display(),
        "link": notice.link,
        "recipient": (notice.recipient or _("Nobody could be found")) if with_deliveries else "",
        "at": notice.created_at,
        "read": notice.read_at is not None,
        "needs_ack": notice.is_open,
        "acknowledged_at": notice.acked_at,
        "acknowledged_by": notice.acked_by,
        "stopped_at": notice.stopped_at,
        "ack_url": reverse("notice-acknowledge", args=[notice.key])
        if notice.is_open and may_acknowledge(user, notice)
        else "",
        **(_delivery(notice) if with_deliveries else {}),
    }


def shown_all(notices: Iterable[Notice], *, user: Any, with_deliveries: bool = True) -> list[dict[str, Any]]:
    """Several, in their order."""
    return [shown(notice, user=user, with_deliveries=with_deliveries) for notice in notices]


def _delivery(notice: Notice) -> dict[str, Any]:
    """The channels, and the state of the one that fares worst; the screen has always arrived."""
    rows: list[Delivery] = sorted(notice.deliveries.all(), key=lambda row: _WORST_FIRST.index(DeliveryState(row.state)))
    if not rows:
        return {"channel": _("Screen"), "delivery": "sent", "delivery_label": _("shown")}
    worst = rows[0]
    drawn = _DRAWN_AS[DeliveryState(worst.state)]
    return {
        "channel": ", ".join(dict.fromkeys(row.get_channel_display() for row in rows)),
        "delivery": "retrying" if drawn == "pending" and worst.attempts > 0 else drawn,
        "delivery_label": worst.get_state_display(),
        "error": str(error_words(worst.last_error)) if worst.last_error else "",
    }
