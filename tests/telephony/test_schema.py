"""The phone door against its own description: no answer that the schema does not name, and never a 500.

Every delivery is signed over the bytes that schemathesis has made of it, as a real phone system does; one in eleven is
not. The seed is fixed and the examples are bounded, so that a run takes seconds and is the same each time.
"""

from __future__ import annotations

import io
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.urls import include, path
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

from service_desk.deadlines.clock import now
from service_desk.telephony import api
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call, Extension
from service_desk.telephony.rules import sign
from tests.factories import staff
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = [pytest.mark.schema, pytest.mark.django_db]

EXAMPLES = int(os.environ.get("DESK_SCHEMA_EXAMPLES", "6"))
NUMBERS = count(1)
SECRET, UNSIGNED = "HTTP_X_TEST_SECRET", "HTTP_X_TEST_UNSIGNED"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _loaded() -> Any:
    described = SchemaGenerator(patterns=[path("api/v1/", include(api.urlpatterns))]).get_schema(public=True)  # type: ignore[no-untyped-call]
    config = SchemathesisConfig.from_dict(
        {
            "seed": int(os.environ.get("DESK_SCHEMA_SEED", "20261121")),
            "generation": {"max-examples": EXAMPLES, "with-security-parameters": False},
            "phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}},
        }
    )
    loaded = schemathesis.openapi.from_dict(described, config=config)
    desk = get_wsgi_application()
    loaded.app = lambda environ, start: desk(_signed({"REMOTE_ADDR": "127.0.0.1", **environ}), start)
    return loaded


def _signed(environ: dict[str, Any]) -> dict[str, Any]:
    """The request with its signature, over the raw bytes as they will be read."""
    if environ["REQUEST_METHOD"] != "POST" or UNSIGNED in environ or SECRET not in environ:
        return environ
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    message_id, stamp = f"msg-{next(NUMBERS)}", str(int(time.time()))
    return {
        **environ,
        "wsgi.input": io.BytesIO(raw),
        "HTTP_WEBHOOK_ID": message_id,
        "HTTP_WEBHOOK_TIMESTAMP": stamp,
        "HTTP_WEBHOOK_SIGNATURE": sign(environ[SECRET], message_id, stamp, raw),
    }


schema = _loaded()


@pytest.fixture
def phone(db: None) -> Iterator[Pbx]:
    """A system that signs, with a call and somebody at a phone; the test's connection is kept open."""
    system = pbx(events_per_second=10_000)
    staff("A017")
    add_extension(
        actor=administrator(),
        integration=system.integration,
        extension="8006",
        staff=staff(),
        valid_from=now() - timedelta(days=1),
    )
    system.post(Script().event("ringing", 0))  # the test client connects these signals again
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield system
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _aim(case: Any, luck: int) -> None:
    """Let four of five requests meet something that is there."""
    if luck % 5 == 0:
        return
    if "id" in case.path_parameters:
        case.path_parameters["id"] = Extension.objects.earliest("id").pk
    if "ref" in case.path_parameters:
        case.path_parameters["ref"] = Call.objects.earliest("id").ref
    if case.method == "POST" and case.path.endswith("extensions") and luck % 5 in (2, 3):
        case.body = {"extension": f"9{luck}", "agent_code": "A017"}
    if case.method == "PATCH" and luck % 5 in (2, 3):
        case.body = {"valid_to": "2027-01-01T00:00:00Z"}
    if isinstance(case.query, dict) and luck % 5 in (2, 3):
        for name in ("changed_after", "after", "before"):
            case.query.pop(name, None)


@pytest.fixture
def seen() -> Iterator[Counter[int]]:
    """What an operation has answered; it must have been met in good order too.

    Without this a broken key would let every request end at the door, and nothing would be proved.
    """
    answers: Counter[int] = Counter()
    yield answers
    assert any(status < 300 for status in answers), answers


@schema.parametrize()  # type: ignore[untyped-decorator]
@schema.given(luck=st.integers(0, 99))  # type: ignore[untyped-decorator]
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_operation_answers_as_the_schema_says(case: Any, luck: int, phone: Pbx, seen: Counter[int]) -> None:
    _aim(case, luck)
    headers = {"Authorization": f"Bearer {phone.key}", "Accept-Language": "en", "X-Test-Secret": phone.secret}
    if luck % 11 == 10:
        headers["X-Test-Unsigned"] = "1"
    answer = case.call_and_validate(headers=headers, checks=CHECKS)
    seen[answer.status_code] += 1
