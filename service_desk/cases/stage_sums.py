"""Whose minutes they were, summed over many cases (D6): `stages.pieces` said in SQL, for persons and for units.

A test compares the two on random cases. What of a case belongs to whom is decided in `_PIECES` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.cases.models import Case
from service_desk.cases.rules import CaseState
from service_desk.cases.stages import StageKind
from service_desk.deadlines.rules import PART_KINDS
from service_desk.people.models import Unit
from service_desk.rest import sums as sums_of_rows
from service_desk.rest.errors import Invalid

#: The period unless one is given, and the longest.
USUAL, LONGEST = timedelta(days=30), timedelta(days=366)
_SHORTER = (timedelta(days=7), timedelta(days=1))
#: So many cases are summed within the time below on a small server.
SUMMED_IN_TIME = 200_000
_MOST_CASES = 100
_FIRST, _LAST = date(2000, 1, 1), date(2200, 1, 1)


class By(TextChoices):
    """Of whom a row speaks."""

    PERSON = "person", gettext_lazy("by person")
    UNIT = "unit", gettext_lazy("by unit")


@dataclass(frozen=True, slots=True)
class Period:
    """Cases registered from the first day to the last, both included, in the desk's zone; of one unit, of one line."""

    since: date
    until: date
    unit: int | None = None
    service_line: str = ""

    def checked(self) -> Period:
        """Itself; Invalid when it runs backwards or is too long."""
        if not _FIRST <= min(self.since, self.until) <= max(self.since, self.until) <= _LAST:
            raise Invalid(_("There are no cases in such a year."), field="since", code="out_of_range")
        if self.until < self.since:
            raise Invalid(_("The last day lies before the first."), field="until", code="backwards")
        if self.until - self.since > LONGEST:
            raise Invalid(_("Please choose at most a year."), field="since", code="too_long")
        return self


def usual_period(moment: datetime) -> Period:
    """The last thirty days; of a desk that has more cases in them than can be summed in time, the last seven, or one.

    Counted along the index of the newest cases, and no further than matters.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    today = moment.astimezone(zone).date()
    for length in (USUAL, *_SHORTER):
        since = datetime.combine(today - length, time(), zone)
        newest = Case.objects.filter(registered_at__gte=since).order_by("-registered_at", "-id")
        if newest[: SUMMED_IN_TIME + 1].count() <= SUMMED_IN_TIME:
            break
    return Period(today - length, today)


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of a person or a unit; `id` is None for whoever belongs to no unit."""

    id: int | None
    name: str
    cases: int
    first_responder: timedelta
    handler: timedelta
    hand_over: timedelta
    customer: timedelta
    others: timedelta  # a part, somebody outside
    whole: timedelta
    late_cases: int
    late: timedelta  # of `whole`, the minutes in cases that came late
    pauses: int  # set by this person (D3)
    paused: timedelta


@dataclass(frozen=True, slots=True)
class Behind:
    """A case behind a figure, and how much of it counts there."""

    number: str
    subject: str
    state: str
    late: bool
    lasted: timedelta

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(CaseState(self.state).label)


#: The columns by which rows and cases are told apart, and the kinds of stage that each sums.
KINDS: Mapping[str, tuple[str, ...]] = {
    "first_responder": (StageKind.FIRST_RESPONDER,),
    "handler": (StageKind.HANDLER,),
    "hand_over": (StageKind.HAND_OVER,),
    "customer": (StageKind.CUSTOMER,),
    "others": (StageKind.PART, StageKind.THIRD_PARTY),
}
SORTS = ("name", "cases", *KINDS, "whole", "late_cases", "late", "pauses", "paused")

# `scope` are the cases of the period that this person may know of. Nearly all were neither handed over nor paused nor
# reopened: those are one piece. Of the rest each moment at which something changed is a cut, and every piece between
# two cuts is looked at as `stages._at` does: waits first, then an offer that waits, then the holder.
_PIECES = """
WITH scope AS MATERIALIZED (
    SELECT c.id, c.accepted_at AS began, greatest(c.accepted_at, coalesce(c.ended_at, %(now)s)) AS stop,
           c.first_responder_id AS first, c.handler_id AS handler
      FROM ({cases}) c
), wait AS MATERIALIZED (
    SELECT w.case_id, w.starts_at AS since, w.ends_at AS until, w.by_id
      FROM cases_casepause w JOIN scope s ON s.id = w.case_id
    UNION ALL
    SELECT w.case_id, w.ended_at, w.reopened_at, NULL
      FROM cases_casecycle w JOIN scope s ON s.id = w.case_id WHERE w.ended_at IS NOT NULL
), offer AS MATERIALIZED (
    SELECT o.case_id, o.proposed_at AS since, o.decided_at AS until
      FROM cases_handover o JOIN scope s ON s.id = o.case_id
), cut AS (
    SELECT s.id, c.at
      FROM scope s
      JOIN (SELECT case_id, since AS at FROM wait UNION SELECT case_id, until FROM wait
            UNION SELECT case_id, since FROM offer UNION SELECT case_id, until FROM offer) c ON c.case_id = s.id
     WHERE c.at > s.began AND c.at < s.stop
    UNION
    SELECT s.id, s.began FROM scope s
     WHERE s.id IN (SELECT case_id FROM wait UNION SELECT case_id FROM offer)
), spell AS (
    SELECT id, at AS since, lead(at) OVER (PARTITION BY id ORDER BY at) AS next FROM cut
), piece AS (
    SELECT s.id, CASE WHEN s.handler = s.first THEN 'first_responder' ELSE 'handler' END AS kind, s.handler AS whose,
           s.stop - s.began AS lasted
      FROM scope s WHERE s.id NOT IN (SELECT id FROM cut)
    UNION ALL
    SELECT s.id, coalesce(w.kind, CASE WHEN o.receiver_id IS NOT NULL THEN 'hand_over'
                                       WHEN h.holder = s.first THEN 'first_responder' ELSE 'handler' END),
           CASE WHEN w.kind IS NULL THEN coalesce(o.receiver_id, h.holder)
                WHEN w.kind <> 'closed' THEN h.holder END,
           coalesce(p.next, s.stop) - p.since
      FROM spell p
      JOIN scope s ON s.id = p.id
      LEFT JOIN LATERAL (SELECT coalesce(
            (SELECT w.waiting_for::text FROM cases_casepause w
              WHERE w.case_id = p.id AND w.starts_at <= p.since AND (w.ends_at IS NULL OR p.since < w.ends_at)
              ORDER BY w.starts_at LIMIT 1),
            (SELECT 'closed' FROM cases_casecycle w
              WHERE w.case_id = p.id AND w.ended_at <= p.since AND p.since < w.reopened_at LIMIT 1)) AS kind
        OFFSET 0) w ON true
      LEFT JOIN LATERAL (SELECT o.receiver_id FROM cases_handover o
                          WHERE o.case_id = p.id AND o.proposed_at <= p.since
                            AND (o.decided_at IS NULL OR p.since < o.decided_at)
                          ORDER BY o.proposed_at, o.id LIMIT 1) o ON true
      CROSS JOIN LATERAL (SELECT coalesce(
            (SELECT o.receiver_id FROM cases_handover o
              WHERE o.case_id = p.id AND o.state = 'accepted' AND o.decided_at <= p.since
              ORDER BY o.decided_at DESC, o.proposed_at DESC, o.id DESC LIMIT 1),
            (SELECT o.giver_id FROM cases_handover o WHERE o.case_id = p.id AND o.state = 'accepted'
              ORDER BY o.decided_at, o.proposed_at, o.id LIMIT 1),
            s.handler) AS holder
        OFFSET 0) h
), late AS (
    SELECT DISTINCT d.case_id FROM cases_casedeadline d JOIN scope s ON s.id = d.case_id
     WHERE d.kind <> ALL(%(parts)s)
       AND (d.breached_at IS NOT NULL OR (d.state = 'running' AND d.due_at < %(now)s))
), own AS (
    SELECT p.whose, p.id, d.case_id IS NOT NULL AS late, p.kind, p.lasted
      FROM piece p LEFT JOIN late d ON d.case_id = p.id
     WHERE p.whose IS NOT NULL AND p.lasted > interval '0'
)
"""
_SUMS = (
    _PIECES  # noqa: S608 - what is put in are names of columns and a query of the ORM
    + """
, summed AS (
    SELECT {of} AS of, count(DISTINCT own.id) AS cases,
           sum(lasted) FILTER (WHERE kind = 'first_responder') AS first_responder,
           sum(lasted) FILTER (WHERE kind = 'handler') AS handler,
           sum(lasted) FILTER (WHERE kind = 'hand_over') AS hand_over,
           sum(lasted) FILTER (WHERE kind = 'customer') AS customer,
           sum(lasted) FILTER (WHERE kind IN ('part', 'third_party')) AS others,
           sum(lasted) AS whole,
           count(DISTINCT own.id) FILTER (WHERE late) AS late_cases, sum(lasted) FILTER (WHERE late) AS late
      FROM own JOIN people_staff t ON t.id = own.whose
     WHERE %(units)s::bigint[] IS NULL OR t.unit_id = ANY(%(units)s)
     GROUP BY 1
), paused AS (
    SELECT {of} AS of, count(*) AS pauses, sum(least(coalesce(w.until, s.stop), s.stop) - w.since) AS paused
      FROM wait w JOIN scope s ON s.id = w.case_id JOIN people_staff t ON t.id = w.by_id
     WHERE %(units)s::bigint[] IS NULL OR t.unit_id = ANY(%(units)s)
     GROUP BY 1
)
SELECT coalesce(a.of, b.of), n.name, coalesce(a.cases, 0), a.first_responder, a.handler, a.hand_over, a.customer,
       a.others, a.whole, coalesce(a.late_cases, 0), a.late, coalesce(b.pauses, 0), b.paused
  FROM summed a FULL JOIN paused b ON coalesce(b.of, 0) = coalesce(a.of, 0)
  LEFT JOIN ({names}) n ON n.id = coalesce(a.of, b.of)
"""
)
_CASES = (
    _PIECES  # noqa: S608 - what is put in are names of columns and a query of the ORM
    + """
SELECT c.number, c.subject, c.state, g.late, g.lasted
  FROM (SELECT own.id, bool_or(late) AS late, sum(lasted) AS lasted
          FROM own JOIN people_staff t ON t.id = own.whose
         WHERE {mine} AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s)) AND (NOT %(late_only)s OR late)
         GROUP BY own.id ORDER BY 3 DESC, 1 DESC LIMIT %(most)s) g
  JOIN cases_case c ON c.id = g.id
 ORDER BY g.lasted DESC, c.id DESC
"""
)
_NAMES = {
    By.PERSON: "SELECT id, coalesce(nullif(full_name, ''), username) AS name FROM people_staff",
    By.UNIT: "SELECT id, name FROM people_unit",
}


def sums(user: Any, period: Period, by: str = By.PERSON, *, now: datetime) -> list[Row]:
    """One row for each person or unit that had minutes in the cases of the period, or paused one."""
    of = "t.unit_id" if by == By.UNIT else "t.id"
    rows = _ask(_SUMS, user, period, now, {}, of=of, names=_NAMES[By(by)])
    return [_row(row) for row in rows]


def _row(found: tuple[Any, ...]) -> Row:
    """What is nothing to PostgreSQL is no time here."""
    times = {name: found[3 + number] or timedelta(0) for number, name in enumerate((*KINDS, "whole"))}
    return Row(
        id=found[0],
        name=found[1] or "–",
        cases=found[2],
        late_cases=found[9],
        late=found[10] or timedelta(0),
        pauses=found[11],
        paused=found[12] or timedelta(0),
        **times,
    )


def in_order(rows: Sequence[Row], sort: str, *, down: bool) -> list[Row]:
    """Sorted by one of `SORTS`, the name second."""
    named = sorted(rows, key=lambda row: row.name)
    return sorted(named, key=lambda row: getattr(row, sort), reverse=down)


def cases_behind(
    user: Any, period: Period, by: str, whose: int | None, *, now: datetime, kind: str = "", late: bool = False
) -> list[Behind]:
    """The cases behind a figure, those with the most minutes first; at most a hundred."""
    column = "t.unit_id" if by == By.UNIT else "t.id"
    given = {
        "whose": whose,
        "kinds": list(KINDS[kind]) if kind in KINDS else None,
        "late_only": late,
        "most": _MOST_CASES,
    }
    return [
        Behind(*row) for row in _ask(_CASES, user, period, now, given, mine=f"{column} IS NOT DISTINCT FROM %(whose)s")
    ]


def _ask(
    statement: str, user: Any, period: Period, now: datetime, given: Mapping[str, Any], **parts: str
) -> list[tuple[Any, ...]]:
    """Run it with a time limit; Invalid with the remedy when the period holds too much."""
    cases, values = _scope(user, period)
    sql = statement.format(cases=cases, **parts)
    everything = {
        "now": now,
        "parts": [str(kind) for kind in PART_KINDS],
        "units": _units(period.unit),
        **given,
        **values,
    }
    return sums_of_rows.ask(
        sql,
        everything,
        too_much=_("There are too many cases in this period to be summed at once."),
        remedy=_("Choose fewer days, or one service line."),
    )


def _scope(user: Any, period: Period) -> tuple[str, dict[str, Any]]:
    """The cases of the period that this person may know of, as SQL with named values."""
    zone = ZoneInfo(settings.TIME_ZONE)
    cases = Case.objects.visible_to(user).filter(
        registered_at__gte=datetime.combine(period.since, time(), zone),
        registered_at__lt=datetime.combine(period.until + timedelta(days=1), time(), zone),
    )
    if period.service_line:
        cases = cases.filter(service_line=period.service_line)
    columns = ("id", "accepted_at", "ended_at", "first_responder_id", "handler_id")
    sql, values = cases.order_by().values(*columns).query.sql_with_params()
    named = {f"scope{number}": value for number, value in enumerate(values)}
    return sql % tuple(f"%({name})s" for name in named), named


def _units(unit: int | None) -> list[int] | None:
    """The unit and everything below it."""
    if unit is None:
        return None
    found, fresh = {unit}, {unit}
    while fresh:
        fresh = set(Unit.objects.filter(parent__in=fresh).values_list("pk", flat=True)) - found
        found |= fresh
    return sorted(found)
