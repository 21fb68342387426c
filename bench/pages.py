"""(d) What a page costs: the list with filters, searches and deep pages, one case, and the list by REST.

Through Django's own handler in one process, so that a figure is what a request costs and not what a queue adds; the
time of the templates is in it. Each address is warmed first, then asked some times in each run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

from bench.figures import Figure, Order, load, median, percentile

TIMES, WARM = 16, 3
DEEP = 40
AIMS = {"page": 80.0, "rest": 40.0}
QUERIES = {"list": 12, "case": 25}


def figures(order: Order) -> Iterator[Figure]:
    """Of the lists, of a case and of REST the slowest each; every address among the details."""
    found = measure(runs=order.runs, times=order.some(TIMES, 2))
    groups = {"list": "the slowest list", "case": "the slowest case page", "REST": "the slowest list by REST"}
    for start, what in groups.items():
        some = [one for one in found if one["name"].startswith(start)]
        slowest = max(some, key=lambda one: median(one["p95"]))
        for name in ("p50", "p95"):
            yield Figure(
                f"{what}, {name}", slowest[name], aim=AIMS[slowest["kind"]] if name == "p95" else None,
                loads=slowest["loads"], note=f"{slowest['name']}; of {len(some)}",
            )  # fmt: skip
        most = max(some, key=lambda one: one["queries"])
        limit = QUERIES.get(start)
        yield Figure(f"{start}: most queries", [most["queries"]], "", limit, note=most["name"])
    for one in found:
        note = f"{one['queries']} queries, {one['bytes'] / 1000:.0f} kB, processor {median(one['own']):.1f} ms"
        for name in ("p50", "p95"):
            aim = AIMS[one["kind"]] if name == "p95" else None
            yield Figure(f"{one['name']}, {name}", one[name], aim=aim, main=False, loads=one["loads"], note=note)


def measure(*, runs: int, times: int = TIMES) -> list[dict[str, Any]]:
    """Every address asked so many times in each run: its percentiles and its own processor time, a value a run."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext, override_settings

    from service_desk.people.models import Staff

    agent = Staff.objects.get(username="chenjing")
    client = Client()
    client.force_login(agent)
    found = []
    with override_settings(ALLOWED_HOSTS=["*"]):
        for name, kind, ask in _addresses(client):
            for _ in range(WARM):
                ask()
            taken = [_run(name, ask, times) for _ in range(runs)]
            with CaptureQueriesContext(connection) as queries:
                answer = ask()
            values = {key: [one[key] for one in taken] for key in taken[0]}
            found.append({"name": name, "kind": kind, "queries": len(queries), "bytes": len(answer.content), **values})
            print(f"{name:40} {median(values['p50']):7.1f} {median(values['p95']):7.1f} ms", flush=True)
    return found


def _run(name: str, ask: Callable[[], Any], times: int) -> dict[str, float]:
    seconds, own = [], []
    before = load()
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        answer = ask()
        seconds.append((time.perf_counter() - began) * 1000)
        own.append((time.process_time() - worked) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{name} answered {answer.status_code}")
    return {"p50": median(seconds), "p95": percentile(seconds, 0.95), "own": median(own), "loads": before}


def _addresses(client: Any) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """What is asked: a name, page or rest, and how to ask it."""
    from django.db.models import Count

    from service_desk.cases.models import Case

    # of those that were generated: cases registered by another bench are all alike
    newest = Case.objects.filter(description__contains="联系人").order_by("-pk")[0]
    rare = newest.description.split("联系人")[1].split(",")[0]
    recent = (
        Case.objects.filter(pk__gt=newest.pk - 500, pk__lte=newest.pk)
        .annotate(lines=Count("events"))
        .order_by("-lines")[0]
    )
    queries = {
        "newest first": "",
        "open, newest first": "?state=open",
        "nearest deadline first": "?sort=deadline",
        "last accepted first": "?sort=accepted",
        "gravest first": "?sort=gravest",
        "by customer": "?sort=customer",
        "severity and state": "?severity=minor&state=in_progress",
        "one customer": f"?customer={newest.customer_id}",
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
