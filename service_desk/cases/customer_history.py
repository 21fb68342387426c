"""Everything about one customer in time order, and what is open with it: of the cases alone that the reader may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, TextChoices
from django.utils.translation import gettext_lazy as _

from service_desk.cases.board import Row
from service_desk.cases.faces import nearest_faces
from service_desk.cases.mentions import Piece
from service_desk.cases.models import Case, CaseDeadline, CaseEvent, Promise
from service_desk.cases.parts import Timed, promise_clock
from service_desk.cases.rules import EventType
from service_desk.cases.timeline import event_title, look_of, pieces_of
from service_desk.customers.models import Customer
from service_desk.rest.keyset import Page, page

OPEN_SHOWN = 20
PAGE_SIZE = 30


class Kind(TextChoices):
    """The filters of the history."""

    ALL = "all", _("everything")
    CASES = "cases", _("cases")
    WORDS = "words", _("words to the customer")
    PROMISES = "promises", _("promises")
    NOTES = "notes", _("notes")


_TYPES: dict[str, tuple[EventType, ...]] = {
    Kind.CASES: (
        EventType.REGISTERED,
        EventType.RESTORED,
        EventType.RESOLVED,
        EventType.CLOSED,
        EventType.CANCELLED,
        EventType.REOPENED,
        EventType.MERGED,
        EventType.SPLIT,
    ),
    Kind.WORDS: (EventType.TOLD, EventType.TOLD_ONCE, EventType.REPLIED, EventType.REPORT),
    Kind.PROMISES: (EventType.PROMISED, EventType.KEPT, EventType.POSTPONED),
    Kind.NOTES: (EventType.NOTE, EventType.ASKED, EventType.ANSWERED),
}
_TYPES[Kind.ALL] = tuple(event for types in list(_TYPES.values()) for event in types)


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """What is still to be done for a customer."""

    rows: list[Row]
    more: bool
    promises: list[Timed[Promise]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history."""

    event: CaseEvent
    kind: str
    symbol: str
    title: str
    pieces: list[Piece]


def open_matters(customer: Customer, user: Any, now: datetime) -> OpenMatters:
    """Open cases, the nearest deadline first, and open promises; five queries."""
    theirs = Case.objects.visible_to(user).filter(customer=customer)
    due = CaseDeadline.objects.open().filter(case=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    cases = list(
        theirs.open()
        .for_page()
        .annotate(nearest_due=Subquery(due))
        .order_by(F("nearest_due").asc(nulls_last=True), "-registered_at", "-id")[: OPEN_SHOWN + 1]
    )
    clocks = nearest_faces(cases[:OPEN_SHOWN], now) if cases else {}
    promises = Promise.objects.filter(settled_at=None, case__in=theirs.filter(open_promises__gt=0))
    return OpenMatters(
        rows=[Row(case, clocks.get(case.pk)) for case in cases[:OPEN_SHOWN]],
        more=len(cases) > OPEN_SHOWN,
        promises=[
            Timed(each, promise_clock(each))
            for each in promises.select_related("case", "by").order_by("due_at", "id")[:OPEN_SHOWN]
        ],
    )


def history(
    customer: Customer, user: Any, kind: str, *, after: str | None = None, before: str | None = None
) -> Page[CaseEvent]:
    """A page of what happened, newest first; raises `keyset.BadCursor`."""
    theirs = Case.objects.visible_to(user).filter(customer=customer)
    events: QuerySet[CaseEvent] = (
        CaseEvent.objects.filter(case__in=theirs, type__in=_TYPES[Kind(kind)])
        .select_related("case__product_type", "actor")
        .prefetch_related("mentions")
    )
    return page(events, order=("-at", "-id"), size=PAGE_SIZE, after=after, before=before)


def lines(events: list[CaseEvent]) -> list[Line]:
    """As they are drawn."""
    return [Line(event, *look_of(event), event_title(event), pieces_of(event, _mentioned(event))) for event in events]


def _mentioned(event: CaseEvent) -> dict[str, int]:
    return {each.words: each.staff_id for each in event.mentions.all()}
