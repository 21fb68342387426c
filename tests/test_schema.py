"""The REST interface against its own description: no answer that the schema does not name, and never a 500.

Each operation runs against a fresh small company, called by a supervisor's key inside this process. Most requests
name cases, customers and people that exist, so that what lies behind the first look-up is reached as well; the others
are as strange as schemathesis makes them. `DESK_SCHEMA_SEED` and `DESK_SCHEMA_EXAMPLES` widen a run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import service_desk.api
from service_desk.deadlines.clock import now
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.models import Notice
from service_desk.rest import scopes
from service_desk.rest.actions import issue_key
from tests.factories import World, world

pytestmark = pytest.mark.schema

SEED = int(os.environ.get("DESK_SCHEMA_SEED", "20261121"))
EXAMPLES = int(os.environ.get("DESK_SCHEMA_EXAMPLES", "20"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _loaded() -> Any:
    assert service_desk.api.urlpatterns
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": EXAMPLES, "with-security-parameters": False},
            "phases": {"coverage": {"enabled": False}},
        }
    )
    loaded = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True), config=config)
    loaded.app = get_wsgi_application()
    return loaded


schema = _loaded()


@pytest.fixture
def _connection_kept() -> Iterator[None]:
    """The test's transaction lives on one connection, which a real request would close."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def desk(db: None, _connection_kept: None) -> World:
    """A company with cases in several states, a customer with numbers, and a notice to its supervisor."""
    desk = world()
    desk.register(severity="critical", caller_name="李工", caller_phone="0755/2677-2892")
    desk.register()
    key, text = issue_key(
        actor=desk.chief, owner=desk.chief, name="schema", scopes=scopes.known(), expires_at=now() + timedelta(days=1)
    )
    send_many(
        [NewNotice(dedup_key="schema:1", chain="schema", kind="test", level="info", recipient_id=desk.chief.pk, needs_ack=True)]
    )
    desk.__dict__["authorization"] = f"Bearer {text}"
    return desk


def known_values(desk: World, name: str) -> list[Any]:
    """Values of a parameter or field behind which there is something."""
    numbers = [case.number for case in desk.customer.cases.order_by("id")]
    return {
        "number": numbers,
        "key": [str(key) for key in Notice.objects.values_list("key", flat=True)],
        "customer": [desk.customer.pk],
        "product_type": [desk.product.pk],
        "first_responder": [desk.chief.pk, desk.engineer.pk],
        "handler": [desk.agent.pk],
        "id": [desk.customer.pk, desk.agent.pk],
        "clock": [clock.pk for case in desk.customer.cases.all() for clock in case.deadlines.all()],
    }.get(name, [])


def aim(desk: World, case: Any, luck: int) -> None:
    """Let the request meet something that is there; one in five stays as it came."""
    if luck % 5 == 0:
        return
    for place in (case.path_parameters, case.body):
        for name in place if isinstance(place, dict) else ():
            if values := known_values(desk, name):
                place[name] = values[luck % len(values)]
    if isinstance(case.body, dict) and "customer" in case.body:
        case.body.pop("customer_name", None)
    if case.headers is not None and "If-Match" in case.headers and luck % 5 != 1:
        case.headers["If-Match"] = "*"


@schema.parametrize()
@schema.given(luck=st.integers(0, 99))
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_operation_answers_as_the_schema_says(case: Any, luck: int, desk: World) -> None:
    aim(desk, case, luck)
    case.call_and_validate(
        headers={"Authorization": desk.__dict__["authorization"], "Accept-Language": "en"}, checks=CHECKS
    )
