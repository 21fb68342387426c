"""What a receiver must know of each case at a shift change, written down beforehand from its timeline (C5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseEvent, Promise
from service_desk.cases.rules import CaseState, EventType

#: The last words that tell what was done.
_DONE = (
    EventType.NOTE,
    EventType.TOLD,
    EventType.ARRIVED,
    EventType.RESTORED,
    EventType.RESOLVED,
    EventType.REPLIED,
    EventType.REOPENED,
    EventType.ANSWERED,
    EventType.WAITING,
)
_LINES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """A suggestion for the three texts; whoever hands over reads and mends it."""

    case: Case
    done: str
    remaining: str
    promised: str


def mine(user: Any, limit: int) -> list[Case]:
    """The open cases that this person holds and that are offered to nobody yet, oldest first."""
    own = Case.objects.visible_to(user).open().filter(handler=user, hand_over_pending=False)
    return list(own.for_page().order_by("id")[:limit])


def facts_of(cases: Sequence[Case]) -> list[Facts]:
    """The facts of each case; two queries however many there are."""
    said: dict[int, list[str]] = {}
    newest = Window(RowNumber(), partition_by=F("case_id"), order_by=[F("at").desc(), F("id").desc()])
    events = CaseEvent.objects.filter(case__in=cases, type__in=_DONE).exclude(text="").annotate(place=newest)
    for event in events.filter(place__lte=_LINES).order_by("case_id", "at", "id"):
        said.setdefault(event.case_id, []).append(f"{timezone.localtime(event.at):%m-%d %H:%M} {event.text[:600]}")
    promised: dict[int, list[str]] = {}
    for promise in Promise.objects.filter(case__in=cases, settled_at=None).order_by("due_at"):
        until = timezone.localtime(promise.due_at).strftime("%Y-%m-%d %H:%M")
        promised.setdefault(promise.case_id, []).append(
            _("%(text)s (until %(due)s)") % {"text": promise.text, "due": until}
        )
    nothing_done, nothing_promised = _("Nothing has been recorded yet."), _("Nothing was promised.")
    return [
        Facts(
            case=case,
            done="\n".join(said.get(case.pk, [])) or nothing_done,
            remaining=_remaining(case),
            promised="\n".join(promised.get(case.pk, [])) or nothing_promised,
        )
        for case in cases
    ]


def _remaining(case: Case) -> str:
    if case.state == CaseState.WAITING:
        return _("It waits for %(what)s; go on when that has come.") % {"what": case.get_waiting_for_display()}
    if case.emergency_is_running:
        return _("The emergency process is running: restore the service.")
    return {
        CaseState.REGISTERED: _("Nobody has started: call the customer and begin."),
        CaseState.IN_PROGRESS: _("Find the cause and resolve it."),
        CaseState.RESTORED: _("Service runs; find and remove the cause."),
        CaseState.RESOLVED: _("Resolved: reply to the customer."),
        CaseState.REPLIED: _("Replied: close it."),
    }.get(CaseState(case.state), case.get_state_display())
