"""Who comes into the circle of a complaint and who leaves it, and looking at its numbers in full (P6)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import said
from service_desk.cases.models import Case, CircleWhy, barred_from, release
from service_desk.cases.rules import EventType
from service_desk.complaints.actions.changing import complaining
from service_desk.complaints.models import Complaint
from service_desk.complaints.telling import join, tell
from service_desk.people.access import require
from service_desk.people.actions import note_reveal
from service_desk.people.models import Staff
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound


def call_in(*, complaint: Complaint, actor: Any, staff: Staff, text: str, version: int | None = None) -> Complaint:
    """Let somebody know of it, for a reason that is recorded; nobody barred, whatever they are else (P7)."""
    with complaining(
        complaint=complaint, actor=actor, verb="join", version=version, detail={"staff": staff.pk}, ended=True
    ) as change:
        words = said(text, "text", limit=500)
        if not staff.is_active:
            raise Invalid(_("This person does not work here any more."), field="staff", code="inactive")
        if barred_from(change.case.pk, [staff.pk]):
            raise Invalid(
                _("It is about this person or their reporting line: they must not know of it."),
                field="staff",
                code="barred",
            )
        if not join(change.case, staff.pk, CircleWhy.CALLED_IN, actor=actor, reason=words):
            raise Conflict(_("This person is in the circle already."), code="joined")
        change.say(EventType.CIRCLE, words, joined=str(staff))
        tell(change.case, "complaint_circle", [staff.pk], f"{change.case.version}")
    return change.complaint


def let_go(*, complaint: Complaint, actor: Any, staff: Staff, text: str, version: int | None = None) -> Complaint:
    """End somebody's time in the circle; not that of who holds it, received it or decides it."""
    with complaining(
        complaint=complaint, actor=actor, verb="leave", version=version, detail={"staff": staff.pk}, ended=True
    ) as change:
        words = said(text, "text", limit=500)
        instance = change.open_instance()
        bound = {change.case.handler_id, change.case.first_responder_id}
        if staff.pk in bound | ({instance.owner_id} if instance else set()):
            raise Conflict(_("Who holds a complaint, received it or decides it stays in its circle."), code="bound")
        if not release(change.case.pk, staff.pk):
            raise Invalid(_("This person is not in the circle."), field="staff", code="not_in")
        change.case.circle_changed()
        change.say(EventType.CIRCLE, words, left=str(staff))
    return change.complaint


def reveal(*, complaint: Complaint, actor: Any, reason: str) -> dict[str, str]:
    """Number and address of the complainant in full, for a reason that is recorded; masked everywhere else."""
    with transaction.atomic():
        case = Case.objects.visible_to(actor).filter(pk=complaint.pk, kind="complaint").first()
        if case is None:
            raise NotFound(_("There is no such complaint."))
        found = Complaint.objects.get(pk=case.pk)
        found.case = case
        require(actor, "complaint.reveal", found)
        demand_clean({"reason": reason})
        why = said(reason, "reason", limit=200)
        note_reveal(verb="complaint.reveal", thing=f"case:{case.pk}", actor=actor, detail={"reason": why})
    return {"name": case.caller_name, "phone": case.caller_phone, "address": found.address}
