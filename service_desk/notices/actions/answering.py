"""Answers to notices: acknowledged, read, or taken back because the matter is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from service_desk.audit.actions import record
from service_desk.notices import answered
from service_desk.notices.live import poke_many, told, topic_of
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import AckVia, DeliveryState
from service_desk.people.access import Decision, can, require
from service_desk.people.models import Staff


def may_acknowledge(user: object, notice: Notice) -> Decision:
    """Whether `user` may acknowledge `notice`, for screens that show or grey the button."""
    return can(user, "notice.acknowledge", notice)


@transaction.atomic
def acknowledge(*, notice: Notice, actor: Staff, via: str) -> bool:
    """Acknowledge the whole chain of `notice` and end its repeats; False when somebody had done so before."""
    require(actor, "notice.acknowledge", notice)
    chain = Notice.objects.filter(chain=notice.chain)
    open_rows = chain.filter(acked_at=None, needs_ack=True)
    _lock(open_rows)
    changed = open_rows.update(acked_at=Now(), acked_by=actor, acked_via=AckVia(via), next_repeat_at=None)
    chain.filter(recipient=actor, read_at=None).update(read_at=Now())
    if not changed:
        return False
    _cancel_repeats(chain.values("pk"))
    others = set(chain.exclude(recipient=None).values_list("recipient_id", flat=True))
    about = "" if notice.private else notice.about
    transaction.on_commit(lambda: _show_answer(about, others), robust=True)
    record(
        verb="notice.acknowledge",
        thing=notice.about or f"notice:{notice.pk}",
        actor=actor,
        detail={"notice": str(notice.key), "kind": notice.kind, "slot": notice.slot, "via": via},
        door="link" if via == AckVia.LINK else None,
    )
    answered.announce(notice, actor)
    return True


@transaction.atomic
def read(*, notice: Notice, actor: Staff) -> bool:
    """Mark a notice of one's own as read; False when it was already."""
    require(actor, "notice.read", notice)
    return bool(Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now()))


def read_everything(*, actor: Staff) -> int:
    """Mark all of one's own notices as read; how many."""
    changed: int = Notice.objects.of(actor).unread().update(read_at=Now())
    return changed


@transaction.atomic
def stop_chain(*, about: str, chains: Iterable[str] | None = None, reason: str, actor: Staff | None = None) -> int:
    """End the repeats of everything unacknowledged about a thing (or of `chains` of it); how many notices."""
    waiting = Notice.objects.filter(about=about).waiting()
    if chains is not None:
        waiting = waiting.filter(chain__in=list(chains))
    _lock(waiting)
    ids = list(waiting.values_list("pk", flat=True))
    if not ids:
        return 0
    stopped: int = Notice.objects.filter(pk__in=ids).update(stopped_at=Now(), next_repeat_at=None)
    _cancel_repeats(ids)
    record(verb="notice.stop", thing=about, actor=actor, detail={"notices": stopped, "reason": reason})
    return stopped


def _show_answer(about: str, recipients: set[int]) -> None:
    """Open pages about the thing show the answer; with those who were told too, there is nothing to answer any more."""
    poke_many([*told([about]), *((topic_of(recipient), "told", {}) for recipient in recipients)])


def _lock(rows: Any) -> None:
    """Wait for a repeat that is just being written: the statement after this one sees it."""
    list(rows.order_by("id").select_for_update().values_list("pk", flat=True))


def _cancel_repeats(ids: Any) -> None:
    """Repeats that have not left yet stay here; the first telling always goes out."""
    Delivery.objects.filter(notice__in=ids, notice__repeat_no__gt=0, state=DeliveryState.PENDING).update(
        state=DeliveryState.CANCELLED, fence=F("fence") + 1
    )
