"""The two signatures of a shift sheet, each audited; the second is another person's."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.dashboard.models import ShiftSheet
from service_desk.dashboard.shift.drawing import draw
from service_desk.deadlines import clock
from service_desk.people.access import require
from service_desk.rest.errors import Conflict, Invalid

SHORTEST, LONGEST = 1, 24


@transaction.atomic
def give(*, actor: Any, hours: int, notes: str, token: uuid.UUID) -> ShiftSheet:
    """Draw up the sheet for the next `hours` and sign it; the same form sent twice gives the same sheet."""
    require(actor, "shift.sheet")
    if not SHORTEST <= hours <= LONGEST:
        raise Invalid(_("A shift lasts from 1 to 24 hours."), field="hours", code="out_of_range")
    if len(notes) > 4000 or "\x00" in notes:
        raise Invalid(_("Please shorten the notes to 4000 characters."), field="notes", code="too_long")
    until = clock.now() + timedelta(hours=hours)
    sheet, fresh = ShiftSheet.objects.get_or_create(
        token=token, defaults={"facts": draw(actor, until), "notes": notes, "until": until, "given_by": actor}
    )
    if fresh:
        record(verb="shift.give", thing=f"shiftsheet:{sheet.pk}", actor=actor, detail={"hours": hours})
    return sheet


@transaction.atomic
def take(*, actor: Any, sheet: ShiftSheet) -> ShiftSheet:
    """Countersign: the next shift knows what stands there."""
    require(actor, "shift.sheet", sheet)
    locked = ShiftSheet.objects.select_for_update().get(pk=sheet.pk)
    if locked.taken_by_id == actor.pk:
        return locked
    if locked.taken_at is not None:
        raise Conflict(_("This sheet has been signed by both already."), code="signed")
    if locked.given_by_id == actor.pk:
        raise Conflict(_("The second signature must be another supervisor's."), code="same_person")
    ShiftSheet.objects.filter(pk=locked.pk).update(taken_by=actor, taken_at=Now())
    record(verb="shift.take", thing=f"shiftsheet:{locked.pk}", actor=actor)
    locked.refresh_from_db()
    return locked
