"""Who was told what about a case, whether it arrived, and who acknowledged: notices as the case's page shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.cases.models import Case
from service_desk.kept import keep
from service_desk.notices import kinds
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import DeliveryState, Level
from service_desk.people.rules import DutyRole, Role


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of the house, and how far the notice came on it."""

    channel: str
    state: str
    label: str
    at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Telling:
    """One person who was told."""

    name: str
    slot: str
    instead_of: str
    ways: list[Way]
    needs_ack: bool
    acked_at: datetime | None
    acked_by: str
    stopped: bool
    read_at: datetime | None
    ack_url: str


@dataclass(frozen=True, slots=True)
class Group:
    """One message as it went to several people at once."""

    id: int
    at: datetime
    level: str
    title: str
    body: str
    tellings: list[Telling]


def tellings_about(case: Case, limit: int, user: Any) -> list[Group]:
    """The newest notices about a case, newest first, those of one moment and one text together."""
    return list(_grouped(_newest(f"case:{case.pk}", limit=limit), user))


@keep
def _newest(about: str, *, limit: int) -> QuerySet[Notice]:
    return Notice.objects.about_thing(about).order_by("-id")[:limit]


def emergency_tellings(case: Case) -> list[Telling]:
    """Each person told of the emergency, once, with the best that is known: acknowledged, else how far it came."""
    found: dict[str, Telling] = {}
    notices = Notice.objects.about_thing(f"case:{case.pk}").filter(level=Level.EMERGENCY).order_by("id")[:200]
    for notice in notices:
        telling = _telling(notice, None)
        known = found.get(telling.name)
        if known is None or (known.acked_at is None and (telling.acked_at or telling.needs_ack)):
            found[telling.name] = telling
    return list(found.values())


def _grouped(notices: Iterable[Notice], user: Any) -> Iterable[Group]:
    group: Group | None = None
    for notice in notices:
        shown = kinds.render(notice.kind, notice.facts)
        if group is not None and (group.title, group.at) == (shown.subject, notice.created_at):
            group.tellings.insert(0, _telling(notice, user))
            continue
        if group is not None:
            yield group
        group = Group(
            id=notice.pk,
            at=notice.created_at,
            level=notice.level,
            title=shown.subject,
            body=shown.body,
            tellings=[_telling(notice, user)],
        )
    if group is not None:
        yield group


def _telling(notice: Notice, user: Any) -> Telling:
    return Telling(
        name=str(notice.recipient) if notice.recipient else _("nobody could be found"),
        slot=slot_label(notice.slot),
        instead_of=str(notice.instead_of) if notice.instead_of else "",
        ways=[_way(delivery) for delivery in notice.deliveries.all()],
        needs_ack=notice.needs_ack,
        acked_at=notice.acked_at,
        acked_by=str(notice.acked_by) if notice.acked_by_id not in (None, notice.recipient_id) else "",
        stopped=notice.stopped_at is not None,
        read_at=notice.read_at,
        ack_url=reverse("desk-acknowledge", args=[notice.key]) if _may_answer(notice, user) else "",
    )


def _may_answer(notice: Notice, user: Any) -> bool:
    """Whether the button stands here; who else may acknowledge (superiors, deputies) has a notice of their own."""
    if user is None or not notice.is_open:
        return False
    return user.pk in (notice.recipient_id, notice.instead_of_id) or user.has_role(Role.SUPERVISOR)


def _way(delivery: Delivery) -> Way:
    return Way(
        channel=str(delivery.get_channel_display()),
        state=_shape(delivery),
        label=_label(delivery),
        at=delivery.sent_at,
        error=delivery.last_error[:200] if delivery.state != DeliveryState.SENT else "",
    )


def _label(delivery: Delivery) -> str:
    words = {"retrying": _("trying again"), "pending": _("on its way")}
    return words.get(_shape(delivery)) or str(delivery.get_state_display())


def _shape(delivery: Delivery) -> str:
    """The word by which components/notice.html draws a delivery."""
    if delivery.state in (DeliveryState.PENDING, DeliveryState.SENDING):
        return "retrying" if delivery.attempts > 1 or delivery.last_error else "pending"
    return {DeliveryState.SENT: "sent", DeliveryState.CANCELLED: "cancelled"}.get(DeliveryState(delivery.state), "dead")


def slot_label(slot: str) -> str:
    """As what somebody was told: 'handler', 'section chief of the handler', a role of the roster."""
    words = {
        "handler": _("as handler"),
        "first_responder": _("as first responder"),
        "handler_chief": _("as chief of the handler"),
        "first_responder_chief": _("as chief of the first responder"),
        "handler_head": _("as department head of the handler"),
        "first_responder_head": _("as department head of the first responder"),
        "giver": _("as giver"),
        "giver_chief": _("as chief of the giver"),
        "receiver": _("as receiver"),
        "receiver_chief": _("as chief of the receiver"),
        "promiser": _("who promised"),
        "expert": _("as expert"),
        "expert_chief": _("as chief of the expert"),
        "asked_by": _("who asked"),
        "mentioned": _("mentioned in a note"),
        "watcher": _("as watcher"),
    }
    if slot in words:
        return words[slot]
    return str(DutyRole(slot).label) if slot in DutyRole.values else slot
