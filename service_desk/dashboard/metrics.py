"""/metrics for Prometheus, behind an API key with the scope `metrics:read`: the engine, the outbox, queues, streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min
from django.db.models.functions import Now
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from redis.exceptions import RedisError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from service_desk.dashboard import scopes
from service_desk.dashboard.measured import Measured, connected
from service_desk.deadlines import engine
from service_desk.notices.models import Delivery, DispatcherBeat, Unaddressed
from service_desk.notices.rules import OPEN_STATES
from service_desk.people.access import require
from service_desk.rest.authentication import ApiKeyAuthentication
from service_desk.rest.permissions import HasScope
from service_desk.webhooks.models import Post

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsView(APIView):
    """Only keys: a browser's session would make it a page."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [IsAuthenticated, HasScope]
    required_scopes = {"get": scopes.METRICS}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """All figures in Prometheus' text format."""
        require(request.user, "engine.view")
        fresh = CollectorRegistry()
        fresh.register(_Collector())
        fresh.register(Measured())
        response = HttpResponse(generate_latest(fresh), content_type=_TEXT)
        response.headers["Cache-Control"] = "no-store"
        return response


class _Collector:
    """A few cheap queries; none walks more than what is open."""

    def collect(self) -> Iterator[Any]:
        """Engine, outbox, webhooks, queues."""
        yield from _engine()
        yield from _outbox()
        yield from _queues()


def _engine() -> Iterator[Any]:
    state = engine.health()
    lag = GaugeMetricFamily("desk_sweep_lag_seconds", "Lag of the last sweep.", labels=["door", "process"])
    age = GaugeMetricFamily("desk_door_age_seconds", "Since the last sign of life.", labels=["door", "process"])
    fired = CounterMetricFamily("desk_steps_fired", "Steps fired.", labels=["door", "process"])
    for beat in state["beats"]:
        names = [beat.door, beat.process]
        lag.add_metric(names, beat.lag_ms / 1000)
        age.add_metric(names, beat.age.total_seconds())
        fired.add_metric(names, beat.fired)
    yield from (lag, age, fired)
    yield GaugeMetricFamily("desk_steps_due", "Steps waiting to be fired.", value=state["overdue"])
    yield GaugeMetricFamily("desk_clocks_broken", "Clocks set aside as broken.", value=state["broken"])
    yield GaugeMetricFamily("desk_incidents_open", "Incidents not mended.", value=state["incidents"])


def _outbox() -> Iterator[Any]:
    number = GaugeMetricFamily(
        "desk_outbox", "Messages by state; those sent are not counted.", labels=["what", "state"]
    )
    oldest = GaugeMetricFamily(
        "desk_outbox_oldest_seconds", "How long the oldest open message has been due.", labels=["what"]
    )
    for what, rows, column in (
        ("notice", Delivery.objects, "next_attempt_at"),
        ("webhook", Post.objects, "next_try_at"),
    ):
        open_ones = rows.filter(state__in=OPEN_STATES).order_by()
        found = dict(open_ones.values_list("state").annotate(n=Count("pk")))
        for state in OPEN_STATES:
            number.add_metric([what, str(state)], found.get(state, 0))
        due = open_ones.aggregate(age=Now() - Min(column))["age"]
        oldest.add_metric([what], max(due.total_seconds(), 0.0) if due is not None else 0.0)
    number.add_metric(["notice", "unaddressed"], Unaddressed.objects.notices())
    number.add_metric(["notice", "undelivered"], Delivery.objects.undelivered().count())
    yield from (number, oldest)
    beats = GaugeMetricFamily("desk_dispatcher_age_seconds", "Since a dispatcher's sign of life.", labels=["process"])
    for name, since in DispatcherBeat.objects.annotate(age=Now() - F("beat_at")).values_list("name", "age"):
        beats.add_metric([name], since.total_seconds())
    yield beats


def _queues() -> Iterator[Any]:
    """Lengths of the Celery queues; without Redis there are none to tell of, and `desk_redis_up` says why."""
    names = sorted(
        {settings.CELERY_TASK_DEFAULT_QUEUE} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    )
    depth = GaugeMetricFamily("desk_queue_depth", "Tasks waiting in a queue.", labels=["queue"])
    up = 1.0
    try:
        with connected() as redis:
            for name in names:
                depth.add_metric([name], float(redis.llen(name)))
    except (RedisError, OSError):
        up = 0.0
    yield GaugeMetricFamily("desk_redis_up", "Whether Redis answers.", value=up)
    yield depth
