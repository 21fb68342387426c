"""Whom a complaint's notices go to: the circle alone, and nothing of the matter in their words (P4, P6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change
from service_desk.cases.models import Case, CircleWhy, admit, barred_from
from service_desk.complaints.models import Complaint
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import hidden
from service_desk.notices.rules import REPEAT_SECONDS, Level
from service_desk.people.directory import Directory
from service_desk.people.rules import DutyRole


def tell(
    case: Case, kind: str, recipients: Iterable[int | None], key: str, *, grave: bool = False, **facts: Any
) -> None:
    """One notice to each who is in the circle; a grave one must be acknowledged, like that of an emergency."""
    case.circle_changed()  # who came in with this change is told too
    send_many(
        [
            NewNotice(
                dedup_key=f"case:{case.pk}:{kind}:{key}:{recipient}",
                chain=f"case:{case.pk}:{kind}:{key}:{recipient}",
                kind=kind,
                level=Level.EMERGENCY if grave else Level.WARNING,
                recipient_id=recipient,
                facts=hidden({"number": case.number}) | facts,
                about=f"case:{case.pk}",
                link=case.get_absolute_url(),
                needs_ack=grave,
                repeat_seconds=REPEAT_SECONDS if grave else None,
                private=True,
            )
            for recipient in dict.fromkeys(recipients)
            if recipient is not None and recipient in case.inner_circle
        ]
    )


def tell_major(change: Change, complaint: Complaint) -> None:
    """P4: the department head of who handles it, at once; where that one is barred or away, the duty manager."""
    case = change.case
    manager = responsible_for(case)
    if manager is None:
        record(verb="complaint.nobody_to_tell", thing=f"case:{complaint.pk}", actor=change.actor)
        return
    join(case, manager, CircleWhy.LADDER, actor=change.actor)
    tell(case, "complaint_major", [manager], "major", grave=True)


def responsible_for(case: Case) -> int | None:
    """The department head of the handler, present and not barred; else the duty manager; else the next leader up."""
    directory = Directory.load()
    line = [directory.department_head(case.handler_id), directory.duty.get(DutyRole.DUTY_MANAGER)]
    line += directory.superiors(case.handler_id)
    present = [pk for pk in map(directory.present, line) if pk is not None]
    out = barred_from(case.pk, present)
    return next((pk for pk in present if pk not in out and pk != case.handler_id), None)


def join(case: Case, staff_id: int, why: CircleWhy, *, actor: Any, reason: str = "") -> bool:
    """Let somebody into the circle, with its line in the trail; False when they were in already."""
    fresh = admit(case.pk, [staff_id], why, by=None if actor is None else actor.pk, reason=reason)
    if fresh:
        case.circle_changed()
        record(
            verb="complaint.joined", thing=f"case:{case.pk}", actor=actor, detail={"staff": staff_id, "why": str(why)}
        )
    return bool(fresh)
