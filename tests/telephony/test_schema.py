"""The phone door against its own description: no answer that the schema does not name, and never a 500.

Every delivery is signed over the bytes that schemathesis has made of it, as a real phone system does; one in eleven is
not.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator

from service_desk.deadlines.clock import now
from service_desk.telephony import api
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call, Extension
from service_desk.telephony.rules import sign
from tests.factories import staff
from tests.schema.orders import Orders, aim, order
from tests.schema.running import ask, each_operation, loaded
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = [pytest.mark.schema, pytest.mark.django_db]

NUMBERS = count(1)
SECRET, UNSIGNED = "HTTP_X_TEST_SECRET", "HTTP_X_TEST_UNSIGNED"


def _loaded() -> Any:
    described = SchemaGenerator(patterns=[path("api/v1/", include(api.urlpatterns))]).get_schema(public=True)  # type: ignore[no-untyped-call]
    desk = get_wsgi_application()
    return loaded(described, lambda environ, start: desk(_signed({"REMOTE_ADDR": "127.0.0.1", **environ}), start))


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
def phone(db: None) -> Pbx:
    """A system that signs, with a call and somebody at a phone."""
    system = pbx(events_per_second=10_000)
    staff("A017")
    add_extension(
        actor=administrator(),
        integration=system.integration,
        extension="8006",
        staff=staff(),
        valid_from=now() - timedelta(days=1),
    )
    system.post(Script().event("ringing", 0))
    return system


@pytest.fixture
def orders(phone: Pbx) -> Orders:
    """What each operation takes."""
    call, then = Call.objects.get(), now() - timedelta(minutes=1)
    record = {
        "call_id": call.call_id,
        "direction": "inbound",
        "customer_number": call.customer_number,
        "started_at": then.isoformat(),
        "ended_at": now().isoformat(),
        "cause": "no_answer",
        "ended_by": "customer",
    }
    return Orders(
        {"calls/{ref}": {"ref": call.ref}, "extensions/{id}": {"id": Extension.objects.get().pk}},
        {
            "POST call-events": order(Script(start=then).event("answered", 5, extension="8006")),
            "POST call-records": order({"records": [record]}),
            "POST extensions": order({"extension": "8010", "agent_code": "A017"}),
            "PATCH extensions/{id}": order({"valid_to": (now() + timedelta(days=9)).isoformat()}),
        },
    )


@each_operation(schema)
def test_every_operation_answers_as_the_schema_says(
    case: Any, luck: int, phone: Pbx, orders: Orders, seen: Counter[int]
) -> None:
    aim(case, orders.of(case.method, case.path), luck)
    headers = {"X-Test-Unsigned": "1"} if luck % 11 == 10 else {}
    ask(case, seen, **{"Authorization": f"Bearer {phone.key}", "X-Test-Secret": phone.secret, **headers})
