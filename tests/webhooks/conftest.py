"""A receiver on the loopback, and endpoints set up by the product's own verb."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.webhooks import kinds
from service_desk.webhooks.actions import Issued, NewEndpoint, create_endpoint
from service_desk.webhooks.emitting import emit
from service_desk.webhooks.models import Endpoint, Event, Post
from tests.factories import staff
from tests.notices.sinks import WebSink

_numbers = itertools.count(1)
Setup = Callable[..., Issued]


@pytest.fixture(autouse=True)
def _a_type_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    monkeypatch.setattr(kinds, "_other_names", dict(kinds._other_names))
    kinds.register("thing.done", "A thing was done", {"thing": {"id": 1}}, also=["thing.happened"])
    kinds.register("thing.undone", "A thing was undone", {"thing": {"id": 1}}, also=["thing.happened"])


@pytest.fixture
def web_sink(settings: Any) -> Iterator[WebSink]:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    sink = WebSink()
    yield sink
    sink.stop()


def administrator() -> Staff:
    found = Staff.objects.filter(roles__contains=[Role.ADMINISTRATOR]).first()
    return found or staff("", Role.ADMINISTRATOR)


@pytest.fixture
def endpoint(db: None, web_sink: WebSink) -> Setup:
    def set_up(*types: str, path: str = "/hook", url: str = "") -> Issued:
        number = next(_numbers)
        data = NewEndpoint(f"客户系统 {number}", url or f"{web_sink.url}{path}", types or ("thing.done",))
        return create_endpoint(actor=administrator(), data=data)

    return set_up


def done(type: str = "thing.done", **data: Any) -> Event | None:  # noqa: A002 - the contract's word
    """Something happens; its event, if anybody wants one."""
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    with transaction.atomic():
        emit(type, data or {"thing": {"id": 7}}, about="thing:7")
    return Event.objects.filter(pk__gt=newest).first()


def sooner(**where: Any) -> int:
    """The waiting time of open deliveries (or the lease of claimed ones) is over."""
    return Post.objects.open().filter(**where).update(next_try_at=Now() - timedelta(seconds=1))


def failing_for(endpoint: Endpoint, time: timedelta) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=Now() - time)


def aged(event: Event, time: timedelta) -> None:
    Event.objects.filter(pk=event.pk).update(created_at=F("created_at") - time)
