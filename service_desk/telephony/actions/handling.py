"""What people do with a call beside the phone system: claim it, and say what goes with a transfer (T6)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Conflict, Invalid
from service_desk.telephony.actions.refolding import refold
from service_desk.telephony.models import Call, TransferNote


@transaction.atomic
def claim_call(*, actor: Staff, call: Call) -> Call:
    """Take a call that was answered by a phone that is nobody's; claiming one's own again changes nothing."""
    row = _locked(call)
    if row.claimed_by_id == actor.pk:
        return row
    require(actor, "call.claim", row)
    if row.answered_at is None:
        raise Conflict(_("Nobody has answered this call."), code="not_answered")
    row.claimed_by = actor
    row.save(update_fields=["claimed_by"])
    record(verb="call.claim", thing=f"call:{row.pk}", actor=actor)
    refold(row, before=row.state, cause="claim", is_live=row.ended_at is None)
    return row


@transaction.atomic
def note_transfer(*, actor: Staff, call: Call, name: str, matter: str) -> Call:
    """Note the caller's name and matter for the colleague who takes over; the first time counts for T6."""
    row = _locked(call)
    require(actor, "call.note_transfer", row)
    name, matter = " ".join(name.split()), matter.strip()
    if not 1 <= len(name) <= 80 or not is_clean(name):
        raise Invalid(_("The caller's name has 1 to 80 characters."), field="name")
    if not 1 <= len(matter) <= 500 or not is_clean(matter):
        raise Invalid(_("The matter has 1 to 500 characters."), field="matter")
    values: dict[str, Any] = {"name": name, "matter": matter, "noted_by": actor}
    TransferNote.objects.update_or_create(call=row, defaults=values)
    record(verb="call.note_transfer", thing=f"call:{row.pk}", actor=actor)
    refold(row, before=row.state, cause="transfer_note", is_live=row.ended_at is None)
    return row


def _locked(call: Call) -> Call:
    return (
        Call.objects.select_for_update(no_key=True, of=("self",))
        .select_related("integration", "agent", "claimed_by")
        .get(pk=call.pk)
    )
