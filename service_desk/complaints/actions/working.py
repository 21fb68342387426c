"""The working sheet of a complaint: the five clears, its level, whom it concerns (P2, P4, P7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import chosen, said
from service_desk.cases.actions.moving import arm_missing
from service_desk.cases.models import BarredWhy, CaseBarred, CircleWhy
from service_desk.cases.rules import EventType
from service_desk.complaints.actions.changing import Complaining, complaining
from service_desk.complaints.actions.replanning import replan
from service_desk.complaints.circle import barred_by, hearer_of, someone_to_handle
from service_desk.complaints.models import Clear, Complaint
from service_desk.complaints.rules import ComplaintLevel, FiveClear, is_raised
from service_desk.complaints.telling import join, tell_major
from service_desk.deadlines.clock import SKEW
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid


def write_clear(
    *,
    complaint: Complaint,
    actor: Any,
    clear: str,
    text: str,
    at: datetime | None = None,
    version: int | None = None,
) -> Complaint:
    """Write what was done for one of the five clears, and when; now, when that is left out."""
    with complaining(
        complaint=complaint, actor=actor, verb="clear", version=version, detail={"clear": clear}
    ) as change:
        which = FiveClear(chosen(clear, FiveClear, "clear"))
        if at is not None and at > change.now + SKEW:
            raise Invalid(_("It cannot have happened in the future."), field="at", code="future")
        words = said(text, "text", limit=4000)
        Clear.objects.create(
            complaint=change.complaint,
            clear=which,
            text=words,
            at=min(at or change.now, change.now),
            written_at=change.now,
            by=actor,
        )
        change.say(EventType.CLEAR, words, clear=which)
    return change.complaint


def raise_level(*, complaint: Complaint, actor: Any, level: str, text: str, version: int | None = None) -> Complaint:
    """It is graver than it seemed: raised, never lowered; a major one is reported at once (P4).

    The clocks that run get the targets of the new level from the same start; what is past with that fires at once.
    """
    with complaining(
        complaint=complaint, actor=actor, verb="raise_level", version=version, detail={"level": level}
    ) as change:
        wanted = chosen(level, ComplaintLevel, "level")
        if not is_raised(change.case.level, wanted):
            raise Invalid(_("A level is only raised: a lower one would take time from nobody but the complainant."),
                          field="level", code="not_raised")  # fmt: skip
        words = said(text, "text", limit=2000)
        change.case.level = wanted
        change.say(EventType.LEVEL, words, level=wanted)
        replan(change, change.complaint, why="level")
        arm_missing(change)
        if wanted == ComplaintLevel.MAJOR:
            tell_major(change, change.complaint)
    return change.complaint


def concern(*, complaint: Complaint, actor: Any, staff: Staff, text: str, version: int | None = None) -> Complaint:
    """It turns out to be about this person too: with their reporting line they leave the circle at once (P7)."""
    with complaining(
        complaint=complaint, actor=actor, verb="concern", version=version, detail={"staff": staff.pk}
    ) as change:
        words = said(text, "text", limit=2000)
        if change.case.barred.filter(staff=staff, why=BarredWhy.CONCERNED).exists():
            raise Conflict(_("This is known already."), code="known")
        line = barred_by(staff.pk)
        if change.case.barred.filter(staff=staff).exists():
            line -= {staff.pk}  # barred already, in the line of somebody else
        if actor.pk in line:
            raise Invalid(
                _("You stand in this person's reporting line: somebody else of the circle must say so."),
                field="staff",
                code="own_line",
            )
        _bar(change, line, staff.pk)
        if change.complaint.about_staff_id is None:
            change.complaint.about_staff = staff
        change.say(EventType.CONCERNS, words, person=str(staff))
        change.case.circle_changed()
    return change.complaint


def _bar(change: Complaining, line: frozenset[int], concerned: int) -> None:
    """Bar a line; what one of it held goes to somebody free, so that the complaint is never without a handler."""
    case = change.case
    known = set(case.barred.values_list("staff_id", flat=True))
    if case.handler_id in line:
        raise Conflict(
            _("The handler stands in this person's reporting line: hand the complaint over first."), code="handler"
        )
    instance = change.open_instance()
    CaseBarred.objects.bulk_create(
        [
            CaseBarred(
                case=case,
                staff_id=pk,
                why=BarredWhy.CONCERNED if pk == concerned else BarredWhy.LINE,
                by=change.actor,
            )
            for pk in sorted(line - known)
        ]
    )
    if instance is not None and instance.owner_id in line:
        free = hearer_of(change.complaint, instance.kind) or someone_to_handle(line | known)
        if free is None:
            raise Conflict(_("Nobody is left who may decide it."), code="nobody")
        instance.owner_id = free
        instance.save(update_fields=["owner"])
        join(case, free, CircleWhy.HEARS, actor=change.actor)
