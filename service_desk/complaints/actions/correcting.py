"""Corrective actions: what is changed so that it does not happen again, with owner, date and clock (P10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import said
from service_desk.cases.actions.promising import checked_due
from service_desk.cases.models import CircleWhy, barred_from
from service_desk.cases.rules import EventType
from service_desk.complaints.actions.changing import complaining
from service_desk.complaints.models import Complaint, CorrectiveAction
from service_desk.complaints.telling import join, tell
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.rules import ClockKind
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid


def correct(
    *,
    complaint: Complaint,
    actor: Any,
    owner: Staff,
    text: str,
    due_at: datetime | None,
    version: int | None = None,
) -> CorrectiveAction:
    """Set a corrective action once a decision holds the complaint for true, wholly or in part."""
    with complaining(complaint=complaint, actor=actor, verb="correct", version=version, ended=True) as change:
        if not change.holds():
            raise Conflict(_("No decision has found anything to correct."), code="not_substantiated")
        words = said(text, "text", limit=2000)
        due = checked_due(change, due_at)
        if not owner.is_active or barred_from(change.case.pk, [owner.pk]):
            raise Invalid(_("This person must not know of the complaint."), field="owner", code="barred")
        join(change.case, owner.pk, CircleWhy.CALLED_IN, actor=actor, reason=words[:500])
        made = CorrectiveAction.objects.create(
            complaint=change.complaint, text=words, owner=owner, due_at=due, made_by=actor, made_at=change.now
        )
        change.arm_part(ClockKind.CORRECTIVE, made.pk, {"owner": owner.pk}, due_at=due)
        change.say(EventType.CORRECTIVE, words, owner=str(owner), due=due.isoformat())
        tell(change.case, "complaint_corrective", {owner.pk} - {actor.pk}, f"{made.pk}")
    return made


def finish_correction(
    *, complaint: Complaint, actor: Any, action: int, text: str, version: int | None = None
) -> CorrectiveAction:
    """It was done, and how."""
    with complaining(
        complaint=complaint,
        actor=actor,
        verb="finish_correction",
        version=version,
        detail={"action": action},
        ended=True,
    ) as change:
        found = change.complaint.corrective_actions.filter(pk=action).first()
        if found is None:
            raise Invalid(_("There is no such corrective action."), field="action", code="unknown")
        if found.done_at is not None:
            raise Conflict(_("This was done already."), code="done")
        found.done_text = said(text, "text", limit=2000)
        found.done_at, found.done_by = change.now, actor
        found.save()
        clocks.stop(change.clocks_of_part(ClockKind.CORRECTIVE, found.pk), now=change.now, actor=actor)
        change.say(EventType.CORRECTIVE, found.done_text, done=True)
    return found
