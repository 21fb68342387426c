"""The facts behind a number of a report: as many as the number says, newest first, page by page.

Of a sum that takes longer than anybody waits the number is the one that was computed beside, and the facts are read
backwards in spans of time, each as long as it takes: where a figure could be computed its facts can be listed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.urls import reverse

from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case
from service_desk.knowledge.places import seen_by
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.reports.actions import sums
from service_desk.reports.figures import Question
from service_desk.reports.summing import Sum, ask, facts_sql, zone
from service_desk.rest.errors import Invalid

PAGE_SIZE = 50
#: The first span read backwards is so small a part of the period; each that follows is twice as long.
_PARTS = 64
_SHORTEST = timedelta(hours=1)
#: A step may begin before its period does; none is longer than a month.
_LONGEST_STEP = timedelta(days=31)
#: So long it is looked for one page of a long sum's facts; then the page says how far it has come.
_PAGE_SECONDS = 10.0
_FACTS_OF = """, h AS MATERIALIZED (
    SELECT f_id, f_at, f_case, f_who, f_seconds, f_outcome, f_thing FROM g WHERE present{narrower}
)
"""
_SPAN = "SELECT * FROM h WHERE {after} ORDER BY f_at DESC, f_id DESC LIMIT %s"
_COUNT = "SELECT count(*) FROM h"
_BEHIND = """
SELECT n.n, p.* FROM (SELECT count(*) AS n FROM h) n
  LEFT JOIN LATERAL (SELECT * FROM h WHERE {after} ORDER BY f_at DESC, f_id DESC LIMIT %s) p ON true
"""
Cursor = tuple[datetime, int]
Fact = tuple[Any, ...]


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
    """How many facts there are (None: more than can be counted), a page of them, and where the next one goes on.

    `back_to`: so far back it was looked without filling the page.
    """

    number: int | None
    lines: Sequence[Line]
    following: str = ""
    back_to: datetime | None = None


def behind(asked: Question, which: Narrower, after: str = "") -> Behind:
    """The facts of one number; a cursor that is none shows the beginning."""
    cursor = cursor_of(after)
    if sums.known(asked) is None:
        try:
            return _at_once(asked, which, cursor)
        except Invalid as refusal:
            if refusal.code != "too_much":
                raise
    rows, end = spans(asked, which, cursor, size=PAGE_SIZE, most_seconds=_PAGE_SECONDS)
    following = f"{end[0].timestamp():.6f}_{end[1]}" if end else ""
    back_to = end[0] if end and len(rows) < PAGE_SIZE else None
    return Behind(_computed(asked, which), lines_of(asked, rows), following, back_to)


def _at_once(asked: Question, which: Narrower, cursor: Cursor | None) -> Behind:
    """Number and page in one statement."""
    after = "(f_at, f_id) < (%s, %s)" if cursor else "true"
    rows = _asked(asked, _BEHIND, which, None, after=after, values=[*(cursor or ()), PAGE_SIZE + 1])
    if not rows:
        return Behind(0, [])
    shown = [row[1:] for row in rows[:PAGE_SIZE] if row[1] is not None]
    following = f"{shown[-1][1].timestamp():.6f}_{shown[-1][0]}" if len(rows) > PAGE_SIZE else ""
    return Behind(rows[0][0], lines_of(asked, shown), following)


def spans(
    asked: Question, which: Narrower, cursor: Cursor | None, *, size: int, most_seconds: float
) -> tuple[list[Fact], Cursor | None]:
    """So many facts beyond the cursor, newest first, read span by span, and where to go on (None: nothing follows).

    When the time is over before there are so many, the cursor is where the next span begins.
    """
    begins, ends = _bounds(asked, which)
    over, span = time.monotonic() + most_seconds, max(_SHORTEST, (ends - begins) / _PARTS)
    if cursor:
        ends = min(ends, cursor[0] + timedelta(microseconds=1))
    after, values = ("(f_at, f_id) < (%s, %s)", list(cursor)) if cursor else ("true", [])
    found: list[Fact] = []
    while ends > begins and len(found) <= size:
        since = max(begins, ends - span)
        found += _asked(asked, _SPAN, which, (since, ends), after=after, values=[*values, size + 1 - len(found)])
        ends, span = since, span * 2
        if time.monotonic() > over and len(found) <= size:
            return found, (ends, 0) if ends > begins else None
    if len(found) <= size:
        return found, None
    return found[:size], (found[size - 1][1], found[size - 1][0])


def count(asked: Question, which: Narrower, *, seconds: float | None = None) -> int | None:
    """How many facts there are: as was computed beside, else counted; None when that takes longer."""
    known = _computed(asked, which)
    if known is not None:
        return known
    try:
        rows = _asked(asked, _COUNT, which, None, seconds=seconds)
    except Invalid as refusal:
        if refusal.code != "too_much":
            raise
        return None
    return rows[0][0] if rows else 0


def _computed(asked: Question, which: Narrower) -> int | None:
    """The number of a sum that was computed beside, as far as it has it."""
    row = sums.known(asked)
    found = sums.answer_of(row) if row else None
    if found is None or (which.key is not None and which.step is not None):
        return None
    if which.key is not None:
        one = found.groups.get(which.key) if found.more else found.groups.get(which.key, Sum())
    else:
        one = found.steps.get(which.step, Sum()) if which.step is not None else found.total
    return None if one is None else one.of(which.outcome) if which.outcome else one.n


def _bounds(asked: Question, which: Narrower) -> tuple[datetime, datetime]:
    """The moments between which the facts lie: those of the step, where one is asked for."""
    begins, ends = asked.period.begins(zone()), asked.period.ends(zone())
    if which.step is not None:
        if not asked.period.since - _LONGEST_STEP <= which.step.date() <= asked.period.until:
            return begins, begins
        since, until = asked.period.step(which.step)
        begins, ends = max(begins, since.replace(tzinfo=zone())), min(ends, until.replace(tzinfo=zone()))
    return begins, ends


def _asked(
    asked: Question,
    statement: str,
    which: Narrower,
    span: tuple[datetime, datetime] | None,
    *,
    after: str = "",
    values: Sequence[Any] = (),
    seconds: float | None = None,
) -> list[tuple[Any, ...]]:
    try:
        head, given = facts_sql(asked.between(*(span or _bounds(asked, which))))
    except EmptyResultSet:
        return []
    narrower, more = "", []
    for column, value in (("key", which.key), ("step", which.step), ("f_outcome", which.outcome or None)):
        if value is not None:
            narrower += f" AND {column} = %s"
            more.append(value)
    whole = head + _FACTS_OF.format(narrower=narrower) + statement.format(after=after)
    return ask(whole, [*given, *more, *values], seconds)


def cursor_of(text: str) -> Cursor | None:
    """The fact after which a page goes on; None for anything that is no cursor."""
    at, _bar, number = text[:60].partition("_")
    try:
        return datetime.fromtimestamp(float(at), UTC), min(max(int(number), 0), 2**62)
    except (ValueError, OverflowError, OSError):
        return None


def lines_of(asked: Question, rows: Sequence[Fact]) -> list[Line]:
    """In three queries at most, whatever the figure is of."""
    cases = (
        Case.objects.visible_to(asked.user)
        .select_related("product_type", "customer")
        .in_bulk([row[2] for row in rows if row[2] is not None])
    )
    things = _things(asked.user, [row[6] for row in rows if row[6] and (row[2] is None or _is_call(row[6]))])
    people: Mapping[int, Staff] = {}
    if can(asked.user, "report.view_people"):
        people = Staff.objects.in_bulk([row[3] for row in rows if row[3] is not None])
    found = []
    for _id, at, case_id, who, seconds, outcome, thing in rows:
        case = cases.get(case_id)
        there = (case.number, case.get_absolute_url()) if case else ("–", "")
        title, url = things.get(thing, there) if thing else there
        text = f"{case.customer} · {case.product_type} · {case.fault}" if case else ""
        text = f"{case.number} · {text}" if case and title != case.number else text
        name = str(people[who]) if who in people else ""
        words = str(asked.figure.outcomes.get(outcome, ""))
        found.append(Line(title, url, text, name, at, seconds, words))
    return found


def _is_call(thing: str) -> bool:
    """A call is a thing of its own, whatever case it is registered as."""
    return thing.startswith("call:")


def _things(user: Any, things: Sequence[str]) -> dict[str, tuple[str, str]]:
    """What is no case: calls by their public names, messages and transcripts by their places."""
    refs = [thing.partition(":")[2] for thing in things if _is_call(thing)]
    calls = calls_visible_to(user).filter(ref__in=refs) if refs else []
    found = {
        f"call:{call.ref}": (call.masked_number or call.ref, reverse("call-detail", args=[call.ref])) for call in calls
    }
    others = seen_by(user, [thing for thing in things if not _is_call(thing)])
    return found | {thing: (place.label, place.url) for thing, place in others.items()}
