"""The doors of webhooks against their own description: no answer that the schema does not name, and never a 500."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework.routers import SimpleRouter

from service_desk.deadlines.clock import now
from service_desk.rest.actions import issue_key
from service_desk.webhooks import api
from service_desk.webhooks.actions import NewEndpoint, create_endpoint, send_test
from service_desk.webhooks.models import Endpoint, Post
from tests.schema.orders import Orders, aim, order
from tests.schema.running import ask, each_operation, loaded
from tests.webhooks.conftest import administrator

pytestmark = [pytest.mark.schema, pytest.mark.django_db]


def _loaded() -> Any:
    router = SimpleRouter()
    for prefix, viewset, name in api.router_entries:
        router.register(prefix, viewset, f"api-{name}")
    described = SchemaGenerator(patterns=[path("api/v1/", include(router.urls))]).get_schema(public=True)  # type: ignore[no-untyped-call]
    return loaded(described)


schema = _loaded()


@pytest.fixture
def key(db: None) -> str:
    """An administrator's key, with an endpoint and a delivery."""
    admin = administrator()
    endpoint = create_endpoint(
        actor=admin, data=NewEndpoint("客户系统", "https://hooks.example.com/in", ["case.closed"])
    ).endpoint
    send_test(actor=admin, endpoint=endpoint)
    _key, text = issue_key(
        actor=admin,
        owner=admin,
        name="schema",
        scopes=["webhooks:read", "webhooks:write"],
        expires_at=now() + timedelta(days=1),
    )
    return text


@pytest.fixture
def orders(key: str) -> Orders:
    """What each operation takes."""
    endpoint = {"id": Endpoint.objects.get().pk}
    url = "https://hooks.example.com/x"
    return Orders(
        {
            "webhook-endpoints/{id}/": endpoint,
            "hub/{id}/": endpoint,
            "webhook-deliveries/{id}/": {"id": Post.objects.get().pk},
        },
        {
            "POST webhook-endpoints/": order({"name": "系统", "url": url, "types": ["case.closed"]}),
            "PATCH webhook-endpoints/{id}/": order({"name": "系统", "types": ["ticket.created"]}),
            "POST webhook-endpoints/{id}/redeliver/": order({"since": (now() - timedelta(days=1)).isoformat()}),
            "POST hub/": order({"callback": url, "query": "eventType=call.ended"}),
        },
    )


@each_operation(schema)
def test_every_operation_answers_as_the_schema_says(
    case: Any, luck: int, key: str, orders: Orders, seen: Counter[int]
) -> None:
    aim(case, orders.of(case.method, case.path), luck)
    ask(case, seen, Authorization=f"Bearer {key}")
