"""(f) What the board costs on a large desk: page, wall, shared part, and a board that stands still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.figures import Figure, Order, load, median, percentile

TIMES, WARM = 16, 3
AIM_MS, AIM_QUERIES = 150.0, 20
DEAREST = "page, read anew"


def figures(order: Order) -> Iterator[Figure]:
    """Each way to ask for the board; the dearest has the aims."""
    from django.test.utils import override_settings

    from service_desk.cases.models import CaseDeadline

    said = f"{CaseDeadline.objects.open().count():,} open clocks"
    with override_settings(ALLOWED_HOSTS=["*"]):
        for name, ask, alone in _ways():
            found = measured(ask, runs=order.runs, times=order.some(TIMES, 2), alone=alone)
            for key in ("p50", "p95"):
                aim = AIM_MS if (name, key) == (DEAREST, "p95") else None
                values = found[key]
                yield Figure(f"board: {name}, {key}", values, aim=aim, loads=found["loads"], note=said)
            limit = AIM_QUERIES if name == DEAREST else None
            yield Figure(f"board: {name}, queries", [found["queries"]], "", limit, main=name == DEAREST)
            print(f"{name:30} {median(found['p50']):6.1f} {median(found['p95']):6.1f} ms", flush=True)


def _ways() -> Iterator[tuple[str, Callable[[], Any], bool]]:
    """Name, how to ask, and whether without sharing what was read a moment ago."""
    from django.test import Client

    from service_desk.people.models import Staff

    chief = Staff.objects.filter(roles__contains=["supervisor"], is_active=True).earliest("pk")
    client = Client()
    client.force_login(chief)
    part = {"HX-Request": "true"}
    mark = client.get("/board/", headers=part).headers.get("Board-Mark", "")
    for name, path, headers in (
        ("page", "/board/", {}),
        (DEAREST, "/board/", {}),
        ("wall", "/board/wall/", {}),
        ("shared part", "/board/", part),
        ("unchanged", "/board/", {**part, "Board-Mark": mark}),
    ):
        yield name, _asking(client, path, headers), name == DEAREST


def _asking(client: Any, path: str, headers: dict[str, str]) -> Callable[[], Any]:
    def ask() -> Any:
        answer = client.get(path, headers=headers)
        if answer.status_code not in (200, 204):  # 204: nothing has changed
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer

    return ask


def measured(ask: Callable[[], Any], *, runs: int, times: int, alone: bool) -> dict[str, Any]:
    """Milliseconds of each run, and the queries of one more."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from service_desk.dashboard.board import sharing

    shared = sharing.SHARED_SECONDS
    sharing.SHARED_SECONDS = -1.0 if alone else shared
    try:
        for _ in range(WARM):
            ask()
        taken = [(load(), [_milliseconds(ask) for _ in range(times)]) for _run in range(runs)]
        with CaptureQueriesContext(connection) as queries:
            ask()
    finally:
        sharing.SHARED_SECONDS = shared
    return {
        "p50": [percentile(some, 0.5) for _load, some in taken],
        "p95": [percentile(some, 0.95) for _load, some in taken],
        "loads": [before for before, _some in taken],
        "queries": len(queries),
    }


def _milliseconds(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000
