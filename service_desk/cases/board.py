"""What stands on a person's desk: their open cases by urgency, notices to answer, and what runs late in their unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.functional import Promise

from service_desk.cases.faces import ClockFace, faces_by_case, nearest_faces, with_what_they_need
from service_desk.cases.models import Case, CaseDeadline, CaseEvent
from service_desk.cases.rules import OPEN_STATES
from service_desk.deadlines.rules import ClockState
from service_desk.notices import kinds
from service_desk.notices.models import Notice
from service_desk.people.models import Unit

#: So many rows stand on the desk; the list has the rest.
SHOWN = 50
_UNIT_SHOWN = 25
_NOTICES = 20
#: From this share of its time on a clock is soon late (the colour of the count-down changes here too).
_SOON = 0.75


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The newest line of a case's timeline, in a word and a few."""

    label: str | Promise
    text: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Row:
    """A case as a line of a list."""

    case: Case
    clock: ClockFace | None
    last: LastEvent | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """A notice that waits for this person's acknowledgement."""

    notice: Notice
    subject: str
    body: str


def my_cases(user: Any, now: datetime) -> tuple[list[Row], bool]:
    """My open cases: emergencies first, then by the nearest open deadline; and whether there are more."""
    nearest = CaseDeadline.objects.open().filter(case=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    cases = list(
        Case.objects.visible_to(user)
        .open()
        .filter(Q(handler=user) | Q(first_responder=user))
        .for_page()
        .annotate(
            urgent=Q(emergency_started_at__isnull=False) & Q(restored_at=None),
            nearest=Subquery(nearest),
        )
        .order_by("-urgent", F("nearest").asc(nulls_last=True), "registered_at", "id")[: SHOWN + 1]
    )
    shown = cases[:SHOWN]
    return rows_of(shown, now, with_last=True), len(cases) > SHOWN


def rows_of(cases: Sequence[Case], now: datetime, *, with_last: bool = False) -> list[Row]:
    """The cases with their nearest clock and, if wanted, their last event; a fixed number of queries."""
    clocks = nearest_faces(cases, now)
    last = _last_events(cases) if with_last else {}
    return [Row(case, clocks.get(case.pk), last.get(case.pk)) for case in cases]


def _last_events(cases: Sequence[Case]) -> dict[int, LastEvent]:
    events = (
        CaseEvent.objects.filter(case__in=[case.pk for case in cases])
        .select_related("actor")
        .order_by("case_id", "-at", "-id")
        .distinct("case_id")
    )
    return {
        event.case_id: LastEvent(event.get_type_display(), event.text[:160], event.at, str(event.actor or ""))
        for event in events
    }


def units_below(user: Any) -> set[int]:
    """The units whose cases this person answers for: those they lead, else their own, with everything below."""
    tree: dict[int | None, list[int]] = {}
    mine: set[int] = set()
    for pk, parent, chief, head in Unit.objects.values_list(
        "id", "parent_id", "section_chief_id", "department_head_id"
    ):
        tree.setdefault(parent, []).append(pk)
        if user.pk in (chief, head):
            mine.add(pk)
    waiting = list(mine or ({user.unit_id} if user.unit_id else set()))
    found: set[int] = set()
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting += tree.get(unit, [])
    return found


def unit_cases(user: Any, now: datetime) -> tuple[list[Row], bool]:
    """Open cases of the person's units whose nearest clock is late or soon late, nearest first; and whether more."""
    quarter = (F("due_at") - F("started_at")) * (1 - _SOON)
    clocks = list(
        with_what_they_need(CaseDeadline.objects.filter(state=ClockState.RUNNING))
        .filter(
            case__in=Case.objects.visible_to(user).exclude(Q(handler=user) | Q(first_responder=user)),
            case__state__in=OPEN_STATES,
            case__handler__unit__in=units_below(user),
        )
        .annotate(alarm_at=ExpressionWrapper(F("due_at") - quarter, output_field=DateTimeField()))
        .filter(alarm_at__lte=Now())
        .order_by("due_at", "id")[: _UNIT_SHOWN * 8]
    )
    first: dict[int, CaseDeadline] = {}
    for clock in clocks:
        first.setdefault(clock.case_id, clock)
    ids = list(first)[:_UNIT_SHOWN]
    cases = Case.objects.for_page().in_bulk(ids)
    faces = faces_by_case([first[pk] for pk in ids], cases, now)
    return [Row(cases[pk], faces[pk]) for pk in ids], len(first) > _UNIT_SHOWN


def open_notices(user: Any) -> list[Open]:
    """What this person still has to acknowledge, newest first, each chain once however often it was repeated."""
    chains: dict[str, Notice] = {}
    for notice in Notice.objects.of(user).waiting().order_by("-id")[: _NOTICES * 5]:
        chains.setdefault(notice.chain, notice)
    out = []
    for notice in list(chains.values())[:_NOTICES]:
        shown = kinds.render(notice.kind, notice.facts)
        out.append(Open(notice, shown.subject, shown.body))
    return out
