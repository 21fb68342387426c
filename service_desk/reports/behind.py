"""The facts behind a number of a report: as many as the number says, newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.urls import reverse

from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case
from service_desk.knowledge.places import seen_by
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.reports.figures import Question
from service_desk.reports.summing import ask, facts_sql

PAGE_SIZE = 50
_BEHIND = """, h AS MATERIALIZED (
    SELECT f_id, f_at, f_case, f_who, f_seconds, f_outcome, f_thing FROM g WHERE present{narrower}
)
SELECT n.n, p.* FROM (SELECT count(*) AS n FROM h) n
  LEFT JOIN LATERAL (SELECT * FROM h WHERE {after} ORDER BY f_at DESC, f_id DESC LIMIT %s) p ON true
"""


@dataclass(frozen=True, slots=True)
class Narrower:
    """Which number it is: of which group, which step, which outcome; nothing given is all of them."""

    key: str | None = None
    step: datetime | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: what it is of, where that is shown, whose it was, when, how long it took, how it went."""

    title: str
    url: str
    text: str
    who: str
    at: datetime
    seconds: float | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Behind:
    """How many facts there are, a page of them, and where the next one goes on (blank: nowhere)."""

    number: int
    lines: Sequence[Line]
    following: str = ""


def behind(asked: Question, which: Narrower, after: str = "") -> Behind:
    """The facts of one number; a cursor that is none shows the beginning."""
    rows = _rows(asked, which, _cursor(after))
    if not rows:
        return Behind(0, [])
    shown = [row[1:] for row in rows[:PAGE_SIZE] if row[1] is not None]
    following = f"{shown[-1][1].timestamp():.6f}_{shown[-1][0]}" if len(rows) > PAGE_SIZE else ""
    return Behind(rows[0][0], _lines(asked, shown), following)


def _rows(asked: Question, which: Narrower, cursor: tuple[datetime, int] | None) -> list[tuple[Any, ...]]:
    try:
        head, values = facts_sql(asked.asked(with_before=False))
    except EmptyResultSet:
        return []
    narrower, more = "", []
    for column, value in (("key", which.key), ("step", which.step), ("f_outcome", which.outcome or None)):
        if value is not None:
            narrower += f" AND {column} = %s"
            more.append(value)
    after = "(f_at, f_id) < (%s, %s)" if cursor else "true"
    return ask(head + _BEHIND.format(narrower=narrower, after=after), [*values, *more, *(cursor or ()), PAGE_SIZE + 1])


def _cursor(text: str) -> tuple[datetime, int] | None:
    at, _bar, number = text[:60].partition("_")
    try:
        return datetime.fromtimestamp(float(at), UTC), min(max(int(number), 0), 2**62)
    except (ValueError, OverflowError, OSError):
        return None


def _lines(asked: Question, rows: Sequence[tuple[Any, ...]]) -> list[Line]:
    """In three queries at most, whatever the figure is of."""
    cases = (
        Case.objects.visible_to(asked.user)
        .select_related("product_type", "customer")
        .in_bulk([row[2] for row in rows if row[2] is not None])
    )
    things = _things(asked.user, [row[6] for row in rows if row[2] is None and row[6]])
    people: Mapping[int, Staff] = {}
    if can(asked.user, "report.view_people"):
        people = Staff.objects.in_bulk([row[3] for row in rows if row[3] is not None])
    found = []
    for _id, at, case_id, who, seconds, outcome, thing in rows:
        case = cases.get(case_id)
        title, url = (case.number, case.get_absolute_url()) if case else things.get(thing, ("–", ""))
        text = f"{case.customer} · {case.product_type} · {case.fault}" if case else ""
        name = str(people[who]) if who in people else ""
        words = str(asked.figure.outcomes.get(outcome, ""))
        found.append(Line(title, url, text, name, at, seconds, words))
    return found


def _things(user: Any, things: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What is no case: calls by their public names, messages and transcripts by their places."""
    refs = [thing.partition(":")[2] for thing in things if thing.startswith("call:")]
    calls = calls_visible_to(user).filter(ref__in=refs) if refs else []
    found = {
        f"call:{call.ref}": (call.masked_number or call.ref, reverse("call-detail", args=[call.ref])) for call in calls
    }
    others = seen_by(user, [thing for thing in things if not thing.startswith("call:")])
    return found | {thing: (place.label, place.url) for thing, place in others.items()}
