"""What this process has done since it began: how long requests and their queries took; read by /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10)
REQUESTS = Histogram(
    "desk_request_seconds",
    "Time of a request in this process.",
    ["view", "status"],
    buckets=_BUCKETS,
    registry=REGISTRY,
)
QUERIES = Counter("desk_queries", "Queries of requests in this process.", ["view"], registry=REGISTRY)
QUERY_SECONDS = Counter(
    "desk_query_seconds", "Time in queries of requests in this process.", ["view"], registry=REGISTRY
)


class _Meter:
    """Counts the queries of one request; the statement itself is never kept."""

    def __init__(self) -> None:
        self.number = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.number += 1
            self.seconds += time.perf_counter() - began


class MeteringMiddleware:
    """Times each request under the name of its address, so that the number of series is that of the site map."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Measure; what is refused or fails is measured too."""
        meter, began, status = _Meter(), time.perf_counter(), "5xx"
        try:
            with connection.execute_wrapper(meter):
                response = self.get_response(request)
            status = f"{response.status_code // 100}xx"
            return response
        finally:
            found = getattr(request, "resolver_match", None)
            view = (found.view_name if found else "") or "none"
            REQUESTS.labels(view, status).observe(time.perf_counter() - began)
            QUERIES.labels(view).inc(meter.number)
            QUERY_SECONDS.labels(view).inc(meter.seconds)
