"""(d) What a page costs: the list with filters, searches and deep pages, one case, and the list by REST.

Through Django's own handler in one process, so that a figure is what a request costs and not what a queue adds; the
time of the templates is in it. Each address is warmed first, then measured `runs` times; queries are counted once.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

from bench.figures import load, percentile
from bench.house import House

RUNS, WARM = 60, 3
DEEP = 40
AIMS = {"page": 80.0, "rest": 40.0}


def main() -> None:
    """Measure the desk in one folder; `table` puts several beside each other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the data folder of a generated desk (see bench.stage)")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go, as JSON")
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    house = House(given.folder, print)
    house.open()
    try:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        given.out.write_text(json.dumps(measure(runs=given.runs), indent=1, ensure_ascii=False))
    finally:
        house.close(keep=True)


def measure(*, runs: int = RUNS) -> list[dict[str, Any]]:
    """The figures of every address."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings

    from service_desk.people.models import Staff

    agent = Staff.objects.get(username="chenjing")
    client = Client()
    client.force_login(agent)
    figures = []
    with override_settings(ALLOWED_HOSTS=["*"]):
        for name, kind, ask in _addresses(client):
            for _ in range(WARM):
                ask()
            seconds, own = [], []
            for _ in range(runs):
                began, worked = time.perf_counter(), time.process_time()
                answer = ask()
                seconds.append((time.perf_counter() - began) * 1000)
                own.append((time.process_time() - worked) * 1000)
                if answer.status_code != 200:
                    raise RuntimeError(f"{name} answered {answer.status_code}")
            with CaptureQueriesContext(connection) as queries:
                ask()
            figures.append(
                {
                    "name": name,
                    "kind": kind,
                    "p50": statistics.median(seconds),
                    "p95": percentile(seconds, 0.95),
                    "own": statistics.median(own),
                    "queries": len(queries),
                    "bytes": len(answer.content),
                    "load": load(),
                }
            )
            last = figures[-1]
            print(f"{name:40} {last['p50']:7.1f} {last['p95']:7.1f} own {last['own']:6.1f} ms", flush=True)
    return figures


def _addresses(client: Any) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """What is asked: a name, page or rest, and how to ask it."""
    from django.db.models import Count

    from service_desk.cases.models import Case

    customer = Case.objects.order_by("-pk").values_list("customer", flat=True)[0]
    newest = Case.objects.order_by("-pk")[0]
    rare = newest.description.split("联系人")[1].split(",")[0]
    recent = Case.objects.filter(pk__gt=newest.pk - 500).annotate(lines=Count("events")).order_by("-lines")[0]
    queries = {
        "newest first": "",
        "open, newest first": "?state=open",
        "nearest deadline first": "?sort=deadline",
        "last accepted first": "?sort=accepted",
        "gravest first": "?sort=gravest",
        "by customer": "?sort=customer",
        "severity and state": "?severity=minor&state=in_progress",
        "one customer": f"?customer={customer}",
        "mine": "?mine=on",
        "a unit": "?unit=2&state=open",
        "overdue, longest first": "?overdue=on",
        "overdue, newest first": "?overdue=on&sort=newest",
        "waiting": "?waiting=customer",
        "one month": "?since=2026-03-01&until=2026-03-31",
        "common word 断站": "?q=断站",
        "common phrase 风扇异响并有焦味": "?q=风扇异响并有焦味",
        "common word, filtered": "?q=断站&severity=minor&state=open",
        "rare words": f"?q={rare}",
        "a number": f"?q={newest.number}",
        "a telephone number": "?q=139 0000 0123",
        "words that nobody wrote": "?q=没有这样的话",
        "other columns": "?cols=number,customer,product,fault,state,unit,registered,accepted,promise,phone",
    }
    for name, query in queries.items():
        yield f"list: {name}", "page", _get(client, f"/cases/{query}")
    yield f"list: page {DEEP} by its cursor", "page", _get(client, _deep(client))
    yield "case page", "page", _get(client, newest.get_absolute_url())
    yield "case page, longest recent timeline", "page", _get(client, recent.get_absolute_url())
    for name in ("newest first", "open, newest first", "common word 断站", "rare words", "one customer"):
        yield f"REST: {name}", "rest", _get(client, f"/api/v1/cases/{queries[name]}")
    yield "REST: nearest deadline first", "rest", _get(client, "/api/v1/cases/?sort=deadline")


def _deep(client: Any) -> str:
    address = "/cases/"
    for _ in range(DEEP):
        following = re.search(r'rel="next" href="([^"]+)"', client.get(address).content.decode())
        if following is None:
            break
        address = unescape(following[1])
    return address


def _get(client: Any, address: str) -> Callable[[], Any]:
    def ask() -> Any:
        return client.get(address)

    return ask


def table(stages: dict[str, list[dict[str, Any]]]) -> str:
    """The stages side by side as Markdown, smallest first, with the ratio of the largest to the smallest.

    Beside the times of the clock on the wall stands the processor time of the web process, which other work on the
    machine does not lengthen as much.
    """
    sizes = list(stages)
    lines = [
        "| | "
        + " | ".join(f"{size}: p50 / p95 (own) ms" for size in sizes)
        + " | p50 largest : smallest | queries | kB |",
        "| --- |" + " --- |" * (len(sizes) + 3),
    ]
    for place, row in enumerate(stages[sizes[-1]]):
        rows = [stages[size][place] for size in sizes]
        cells = [f"{one['p50']:.1f} / {one['p95']:.1f} ({one['own']:.1f})" for one in rows]
        ratio = f"{rows[-1]['p50'] / rows[0]['p50']:.2f}"
        most = max(one["queries"] for one in rows)
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {ratio} | {most} | {row['bytes'] / 1000:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
