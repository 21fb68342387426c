"""(g) What a report costs: every figure over a day, a week, a month and a year, with its queries and what it counted.

Run it on a folder that `python -m bench --keep` has left: `python -m bench.reports --folder=var/bench/desk-1000000`.
A generated desk has nine in ten of its cases in its last two days: its last month is the worst that a desk of that size
can ask, and `even` are as many days before as hold what a month of a desk would that grew evenly over two years.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench.figures import Figure, Order, load
from bench.house import opened

RUNS = 3
#: What took so long once is not asked again.
LONG = 4.0
#: The spans of `make bench`, and those that stand in its first table.
SPANS, SHOWN = ("day", "month", "even", "last"), ("month", "even")


def figures(order: Order) -> Iterator[Figure]:
    """Every figure over some spans; what takes long is asked once and computed beside in the product too."""
    asked = argparse.Namespace(figures="", spans=",".join(SPANS), explain=False, runs=order.runs)
    for found in measure(asked):
        said = f"{found['days']} days, {found['counted']} counted, {found['queries']} queries"
        what = f"report {found['figure']}, {found['span']}"
        yield Figure(what, found["each ms"], main=found["span"] in SHOWN, loads=[found["load"]], note=said)
        print(what, found["ms"], "ms", flush=True)


def main() -> None:
    """Open the desk, ask every figure of every span, print what it costs."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a desk with cases; it stays")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--figures", default="", help="keys with commas; all unless given")
    parser.add_argument("--spans", default="", help="day, week, month, even, year, last; all unless given")
    parser.add_argument("--explain", action="store_true", help="print the plan of each sum instead")
    given = parser.parse_args()
    with opened(given.folder):
        for found in measure(given):
            print(found if given.explain else json.dumps(found, ensure_ascii=False), flush=True)


def measure(given: argparse.Namespace) -> Iterator[Any]:
    """One line for each figure and span."""
    from service_desk.people.models import Staff
    from service_desk.people.rules import Role
    from service_desk.reports.figures import FIGURES, question

    user = Staff.objects.filter(is_active=True, roles__contains=[Role.SUPERVISOR]).order_by("id").first()
    spans = _spans()
    for figure in given.figures.split(",") if given.figures else FIGURES:
        for span in given.spans.split(",") if given.spans else spans:
            asked = question(user, figure, spans[span])
            yield _explained(asked) if given.explain else {"figure": figure, "span": span} | _asked(asked, given.runs)


def _spans() -> dict[str, Any]:
    """The days of each span; the last month is that of the newest case."""
    from django.db.models import Count

    from service_desk.cases.models import Case
    from service_desk.reports.periods import Period, month_of

    newest: date = Case.objects.order_by("-accepted_at").values_list("accepted_at", flat=True)[0].date()
    last = month_of(newest)
    until = last.since - timedelta(days=1)
    per_day = (
        Case.objects.filter(accepted_at__lt=last.since).aggregate(n=Count("pk"))["n"]
        / (until - Case.objects.order_by("accepted_at").values_list("accepted_at", flat=True)[0].date()).days
    )
    even = min(int(Case.objects.count() / 24 / per_day), 366)
    return {
        "day": Period(until, until),
        "week": Period(until - timedelta(days=6), until),
        "month": month_of(until),
        "even": Period(until - timedelta(days=even - 1), until),
        "year": Period(until - timedelta(days=365), until),
        "last": last,
    }


def _asked(asked: Any, runs: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from service_desk.reports.figures import answer
    from service_desk.rest.errors import Invalid

    seconds: list[float] = []
    counted: Any = None
    with CaptureQueriesContext(connection) as queries:
        for _run in range(runs):
            began = time.perf_counter()
            try:
                counted = answer(asked).table("total").rows[0].values[0]
            except Invalid as refusal:
                counted = refusal.code
            seconds.append(time.perf_counter() - began)
            if seconds[-1] > LONG:
                break
    return {
        "days": asked.period.days,
        "counted": counted,
        "ms": round(statistics.median(seconds) * 1000),
        "least ms": round(min(seconds) * 1000),
        "each ms": [round(one * 1000, 1) for one in seconds],
        "queries": round(len(queries) / len(seconds)),
        "load": round(load(), 1),
    }


def _explained(asked: Any) -> str:
    """How PostgreSQL goes about it, with the pages that it touched."""
    from django.db import connection, transaction

    from service_desk.reports import summing

    head, values = summing.facts_sql(asked.asked(with_before=True))
    outcomes = list(asked.figure.outcomes)
    counted = "".join(", count(*) FILTER (WHERE f_outcome = %s)" for _each in outcomes)
    statement = head + summing._SUMS.format(outcomes=counted)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '60s'")
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS) " + statement, [*values, *outcomes, summing._GROUP, summing.MOST_GROUPS]
        )
        lines = "\n".join(row[0] for row in cursor.fetchall())
    return f"--- {asked.figure.key}, {asked.period.days} days\n{lines}"


if __name__ == "__main__":
    main()
