"""A supervisor calls in a deputy for somebody who does not answer: told the same, in the same chain (C7, D10)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.notices.actions.sending import NewNotice, send_many
from service_desk.notices.models import Notice
from service_desk.notices.within import first_who_may
from service_desk.people.access import require
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid


def deputy_of(notice: Notice) -> int | None:
    """Who stands in by the roster for whom the notice was meant, if they are away; else their next one up."""
    directory = Directory.load()
    meant = notice.instead_of_id or notice.recipient_id
    stands_in = directory.present(meant)
    if stands_in is not None and stands_in not in (meant, notice.recipient_id):
        return stands_in
    return directory.present(directory.superior(meant))


@transaction.atomic
def call_in(*, notice: Notice, deputy: Staff, actor: Staff) -> int:
    """Tell `deputy` what `notice` says, in place of its recipient; the number of the new notice.

    It belongs to the same chain: whoever answers first has answered for both, and what repeats goes on as it was.
    """
    require(actor, "notice.call_in", notice)
    row = Notice.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=notice.pk)
    if row.acked_at is not None or row.stopped_at is not None or not row.needs_ack:
        raise Conflict(_("This has been answered, or is over."), code="not_waiting")
    directory = Directory.load()
    if directory.present(deputy.pk) != deputy.pk:
        raise Invalid(_("This person is away or has left: choose somebody who is here."), field="deputy", code="away")
    if deputy.pk == row.recipient_id:
        raise Invalid(_("This person is the one who was told."), field="deputy", code="same_person")
    if row.private and first_who_may(row.about, [deputy.pk]) != deputy.pk:
        raise Invalid(_("This person may not be told of it."), field="deputy", code="not_in_circle")
    told = send_many([_same_for(row, deputy, actor)])
    if not told:
        raise Conflict(_("This person has been told already."), code="told_already")
    record(
        verb="notice.call_in",
        thing=row.about or f"notice:{row.pk}",
        actor=actor,
        detail={"notice": str(row.key), "slot": row.slot, "deputy": deputy.pk, "instead_of": row.recipient_id},
    )
    return told[0]


def _same_for(row: Notice, deputy: Staff, actor: Staff) -> NewNotice:
    return NewNotice(
        dedup_key=f"{row.chain}:deputy:{deputy.pk}",
        chain=row.chain,
        kind=row.kind,
        level=row.level,
        recipient_id=deputy.pk,
        slot=row.slot,
        facts={**row.facts, "_called_in_by": str(actor)},
        about=row.about,
        link=row.link,
        needs_ack=True,
        instead_of_id=row.instead_of_id or row.recipient_id,
        repeat_no=row.repeat_no,
        private=row.private,
    )
