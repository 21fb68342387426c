"""The REST interface against its own description: no answer that the schema does not name, and never a 500.

Each operation runs against a fresh small company, called by a supervisor's key inside this process. Most requests
name cases, customers and people that exist, so that what lies behind the first look-up is reached as well; the others
are as strange as schemathesis makes them. `DESK_SCHEMA_SEED` and `DESK_SCHEMA_EXAMPLES` widen a run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
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
from service_desk.cases import actions
from service_desk.cases.models import CaseDeadline
from service_desk.cases.moves import why_not
from service_desk.cases.rules import MOVES
from service_desk.deadlines.clock import now
from service_desk.deadlines.models import Calendar, Policy
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.models import Notice
from service_desk.people.models import Qualification
from service_desk.rest import scopes
from service_desk.rest.actions import issue_key
from service_desk.rest.documentation import description
from tests import databases
from tests.cases.papers import SERVICE, submitted
from tests.factories import World, world

pytestmark = pytest.mark.schema

SEED = int(os.environ.get("DESK_SCHEMA_SEED", "20261121"))
EXAMPLES = int(os.environ.get("DESK_SCHEMA_EXAMPLES", "6"))
BUILT: list[World] = []
#: Phone systems come with keys of their own, webhooks want an administrator's: test_schema.py of their rooms.
PHONE_DOOR = r"^/api/v1/(call-|calls|extensions|webhook-)"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _loaded() -> Any:
    assert service_desk.api.urlpatterns
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": EXAMPLES, "with-security-parameters": False},
            # Written examples cannot be combined with `luck`; the phone door's own run sends its examples.
            "phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}},
        }
    )
    loaded = schemathesis.openapi.from_dict(description("en"), config=config)
    loaded.app = get_wsgi_application()
    return loaded.exclude(path_regex=PHONE_DOOR)


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
    """The company, built once in a process."""
    print(f"DESK_SCHEMA_SEED={SEED} DESK_SCHEMA_EXAMPLES={EXAMPLES}")
    databases.once("schema", lambda: BUILT.append(built()))
    return BUILT[-1]


def built() -> World:
    """A company with cases in several states, a customer with numbers, and a notice to its supervisor."""
    desk = world()
    Calendar.objects.create(name="办公时间")
    Qualification.objects.create(staff=desk.chief, product_type=desk.product)
    desk.register(severity="critical", caller_name="李工", caller_phone="0755/2677-2892")
    desk.register(actor=desk.chief)
    for steps in range(len(WAY) + 1):
        case = desk.register(actor=desk.chief, severity="minor")
        for verb, words in WAY[:steps]:
            getattr(actions, verb)(case=case, actor=desk.chief, **words)
    submitted(case, desk.chief)
    actions.save_report(case=case, actor=desk.chief, kind="service_report", data=SERVICE)
    for number in range(EXAMPLES + 1):
        actions.attach(case=case, actor=desk.chief, content=f"line {number}".encode(), name="a.log")
    _key, text = issue_key(
        actor=desk.chief, owner=desk.chief, name="schema", scopes=scopes.known(), expires_at=now() + timedelta(days=1)
    )
    send_many(
        [
            NewNotice(
                dedup_key="schema:1",
                chain="schema",
                kind="test",
                level="info",
                recipient_id=desk.chief.pk,
                needs_ack=True,
            )
        ]
    )
    desk.__dict__["authorization"] = f"Bearer {text}"
    return desk


#: Leaves a case behind in every state that a verb starts from.
WAY: list[tuple[str, dict[str, str]]] = [
    ("start", {}),
    ("wait", {"waiting_for": "part", "text": "等备件"}),
    ("restore", {"text": "更换主控板"}),
    ("resolve", {"outcome": "主控板故障"}),
    ("reply", {"reply": "已恢复", "channel": "phone"}),
]


def known_values(desk: World, name: str) -> list[Any]:
    """Values of a parameter or field behind which there is something."""
    cases = desk.customer.cases
    known: dict[str, Callable[[], Iterable[Any]]] = {
        "number": lambda: cases.order_by("id").values_list("number", flat=True),
        "key": lambda: map(str, Notice.objects.values_list("key", flat=True)),
        "customer": lambda: [desk.customer.pk],
        "product_type": lambda: [desk.product.pk],
        "first_responder": lambda: [desk.chief.pk, desk.engineer.pk],
        "handler": lambda: [desk.agent.pk],
        "id": lambda: [desk.customer.pk, desk.agent.pk, Calendar.objects.get().pk, Policy.objects.earliest("id").pk],
        "clock": lambda: CaseDeadline.objects.filter(case__customer=desk.customer).values_list("pk", flat=True),
    }
    return list(known[name]()) if name in known else []


def aim(desk: World, case: Any, luck: int) -> None:
    """Let the request meet something that is there; one in five stays as it came."""
    if luck % 5 == 0:
        return
    for place in (case.path_parameters, case.body):
        for name in place if isinstance(place, dict) else ():
            if values := known_values(desk, name):
                place[name] = values[luck % len(values)]
    if case.method == "POST" and case.path.endswith("/cases/") and luck % 5 in (2, 3):
        # Few of the fields that may be left out go well together by chance.
        case.body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站"}
    if luck % 5 != 1 and case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if luck % 5 != 1 and "number" in case.path_parameters:
        aim_at_a_case(desk, case, luck)


def aim_at_a_case(desk: World, case: Any, luck: int) -> None:
    """A verb meets a case that can bear it, from whatever version; an explanation meets a clock of its case."""
    verb = case.path.rstrip("/").rpartition("/")[2]
    if verb in MOVES:
        cases = desk.customer.cases.filter(state__in=MOVES[verb].sources, first_responder=desk.chief).order_by("-id")
        ready = next((one for one in cases if not why_not(desk.chief, verb, one)), None)
        case.path_parameters["number"] = ready.number if ready else case.path_parameters["number"]
    if "/reports/" in case.path or "/files/" in case.path:
        aim_at_papers(desk, case, luck)
    if verb == "explanation":
        clock = CaseDeadline.objects.filter(case__customer=desk.customer)[luck % 7]
        case.path_parameters.update(number=clock.case.number, clock=clock.pk)


def aim_at_papers(desk: World, case: Any, luck: int) -> None:
    """Reports and files: those of one case, a draft for what changes it, and bodies that can be taken."""
    verb = case.path.rstrip("/").rpartition("/")[2]
    subject = desk.customer.cases.filter(reports__isnull=False).earliest("id")
    case.path_parameters["number"] = subject.number
    if "id" in case.path_parameters:
        reports = subject.reports.order_by("-state" if verb == "pdf" else "state")
        things = reports if "/reports/" in case.path else subject.files.kept()
        case.path_parameters["id"] = next(thing.pk for thing in things)
    if verb == "files" and case.method == "POST":
        case.body = {"file": f"log {luck}".encode(), "purpose": "attachment"}
    elif verb == "reports" and case.method == "POST":
        case.body = {"kind": "upgrade_summary", "data": {}}
    elif case.method == "PATCH":
        case.body = {"data": {"found": "光衰过大"}}


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Iterator[Counter[int]]:
    """What an operation has answered: never that it does not know the key, and a list was read.

    Without this a broken key would let every request end at the door, and nothing would be proved.
    """
    answers: Counter[int] = Counter()
    yield answers
    assert 401 not in answers
    assert answers[200] or "{" in request.node.name or "[GET " not in request.node.name, answers


@schema.parametrize()  # type: ignore[untyped-decorator]
@schema.given(luck=st.integers(0, 99))  # type: ignore[untyped-decorator]
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_operation_answers_as_the_schema_says(case: Any, luck: int, desk: World, seen: Counter[int]) -> None:
    aim(desk, case, luck)
    answer = case.call_and_validate(
        headers={"Authorization": desk.__dict__["authorization"], "Accept-Language": "en"}, checks=CHECKS
    )
    seen[answer.status_code] += 1
