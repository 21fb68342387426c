"""Sums facts in the database: everything at once, step by step, and group by group, with what was before beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.utils.translation import gettext as _

from service_desk.reports.dimensions import UNGRADED, Dimension
from service_desk.reports.facts import Facts
from service_desk.reports.periods import Period
from service_desk.rest import sums

#: More groups than this nobody reads; the totals count them all.
MOST_GROUPS = 200
_TOTAL, _STEP, _GROUP = 3, 1, 2  # GROUPING(step, key): a bit is set for what is not told apart
_UNIT_AND_BELOW = """(WITH RECURSIVE below (id) AS (
    SELECT %s::bigint UNION SELECT u.id FROM people_unit u JOIN below b ON u.parent_id = b.id
) SELECT id FROM below)"""
_WHERE = {
    "unit": f"t.unit_id IN {_UNIT_AND_BELOW}",
    "person": "f.f_who = %s",
    "line": "c.service_line_id = %s",
    "customer": "c.customer_id = %s",
    "product": "c.product_type_id = %s",
    "severity": "c.severity = %s",
    **{name: f"f.f_{name} = %s" for name in ("clock", "about", "level", "instance", "channel", "category", "rule")},
}
_FACTS = """
WITH f ({columns}) AS MATERIALIZED ({facts}), g AS (
    SELECT f.*, f.f_at >= %s AS present, date_trunc(%s, f.f_at AT TIME ZONE %s) AS step,
           coalesce(({key})::text, '') AS key
      FROM f LEFT JOIN cases_case c ON c.id = f.f_case LEFT JOIN people_staff t ON t.id = f.f_who
     WHERE {where}
)
"""
_SUMS = """, s AS (
    SELECT present, GROUPING(step, key) AS level, step, key, count(*) AS n,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY f_seconds) AS times{outcomes}
      FROM g GROUP BY GROUPING SETS ((present), (present, step), (present, key))
), placed AS (
    SELECT s.*, row_number() OVER here AS place, count(*) OVER (PARTITION BY present, level) AS groups
      FROM s WINDOW here AS (PARTITION BY present, level ORDER BY n DESC, key)
)
SELECT * FROM placed WHERE level <> %s OR place <= %s ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """How many facts, how many of them went which way, and their median and ninetieth percentile in seconds."""

    n: int = 0
    went: Mapping[str, int] | None = None
    median: float | None = None
    p90: float | None = None

    def of(self, outcome: str) -> int:
        """How many went this way."""
        return (self.went or {}).get(outcome, 0)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was found; `groups` is in order of size, `more` are the groups left out."""

    total: Sum
    before: Sum
    steps: Mapping[datetime, Sum]
    groups: Mapping[str, Sum]
    groups_before: Mapping[str, Sum]
    more: int


def zone() -> ZoneInfo:
    """The desk's."""
    return ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is summed: facts with these columns, of a period and the one before it, by what, and of those only some."""

    facts: Facts
    columns: tuple[str, ...]
    period: Period
    by: Dimension
    filters: Mapping[str, Any]


def plain(found: Sums) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "total": _plain(found.total),
        "before": _plain(found.before),
        "steps": [[at.isoformat(), *_plain(one)] for at, one in found.steps.items()],
        "groups": [[key, *_plain(one)] for key, one in found.groups.items()],
        "groups_before": [[key, *_plain(one)] for key, one in found.groups_before.items()],
        "more": found.more,
    }


def from_plain(said: Mapping[str, Any]) -> Sums:
    """As it was."""
    return Sums(
        total=Sum(*said["total"]),
        before=Sum(*said["before"]),
        steps={datetime.fromisoformat(at): Sum(*one) for at, *one in said["steps"]},
        groups={key: Sum(*one) for key, *one in said["groups"]},
        groups_before={key: Sum(*one) for key, *one in said["groups_before"]},
        more=said["more"],
    )


def _plain(one: Sum) -> list[Any]:
    return [one.n, dict(one.went or {}), one.median, one.p90]


def summed(asked: Asked, outcomes: Sequence[str], *, seconds: float | None = None) -> Sums:
    """The facts of the period and of the one before it, in one statement."""
    try:
        head, values = facts_sql(asked)
    except EmptyResultSet:
        return Sums(Sum(), Sum(), {}, {}, {}, 0)
    counted = "".join(", count(*) FILTER (WHERE f_outcome = %s)" for _each in outcomes)
    rows = ask(head + _SUMS.format(outcomes=counted), [*values, *outcomes, _GROUP, MOST_GROUPS], seconds)
    return _read(rows, outcomes)


def _read(rows: Sequence[tuple[Any, ...]], outcomes: Sequence[str]) -> Sums:
    totals: dict[bool, Sum] = {}
    groups: dict[bool, dict[str, Sum]] = {True: {}, False: {}}
    steps: dict[datetime, Sum] = {}
    many = 0
    for present, level, step, key, n, times, *rest in rows:
        one = Sum(n, dict(zip(outcomes, rest, strict=False)), *(times or (None, None)))
        if level == _TOTAL:
            totals[present] = one
        elif level == _GROUP:
            groups[present][key] = one
            many = rest[-1] if present else many
        elif present:
            steps[step] = one
    return Sums(
        totals.get(True, Sum()),
        totals.get(False, Sum()),
        steps,
        groups[True],
        groups[False],
        max(0, many - MOST_GROUPS),
    )


def facts_sql(asked: Asked) -> tuple[str, list[Any]]:
    """The facts `g` with their group and step, and the values that go with the statement."""
    sql, values = asked.facts.query.sql_with_params()
    conditions, more = ["true"], []
    for name, value in asked.filters.items():
        if name == "severity" and value == UNGRADED:
            conditions.append("c.severity IS NULL")
        else:
            conditions.append(_WHERE[name])
            more.append(value)
    head = _FACTS.format(columns=", ".join(asked.columns), facts=sql, key=asked.by.sql, where=" AND ".join(conditions))
    begins = asked.period.begins(zone())
    return head, [*values, begins, asked.period.grain.value, settings.TIME_ZONE, *more]


def ask(statement: str, values: Sequence[Any], seconds: float | None = None) -> list[tuple[Any, ...]]:
    """Run it with a time limit; Invalid with the remedy when the period holds too much."""
    return sums.ask(
        statement,
        values,
        too_much=_("There is too much in this period to be summed at once."),
        remedy=_("Choose fewer days, or one service line."),
        seconds=seconds,
    )
