"""Phone systems for the tests: set up by the product's own verb, and posting as a real one does."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from service_desk.deadlines.clock import now
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.telephony.actions import NewIntegration, create_integration
from service_desk.telephony.models import Integration
from service_desk.telephony.rules import sign
from tests.factories import staff

EVENTS, RECORDS = "/api/v1/call-events", "/api/v1/call-records"
_numbers = itertools.count(1)


def administrator() -> Staff:
    """Somebody who may set phone systems up."""
    found = Staff.objects.filter(roles__contains=[Role.ADMINISTRATOR]).first()
    return found or staff("", Role.ADMINISTRATOR)


@dataclass
class Pbx:
    """A phone system with its key and secret."""

    integration: Integration
    key: str
    secret: str

    def post(self, body: Any, path: str = EVENTS, **headers: str) -> Any:
        """A signed delivery; headers given here win, those set to '' are left out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        message_id = headers.pop("webhook_id", "") or f"msg-{next(_numbers)}"
        stamp = headers.pop("webhook_timestamp", "") or str(int(time.time()))
        sent = {
            "Authorization": f"Bearer {self.key}",
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(self.secret, message_id, stamp, raw),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        content_type = sent.pop("content-type", "application/json")
        client: Any = APIClient(raise_request_exception=False)
        sent.setdefault("Accept-Language", "en")
        return client.generic("POST", path, raw, content_type, headers={k: v for k, v in sent.items() if v})

    def get(self, path: str, **query: str) -> Any:
        """A read with the key."""
        client = APIClient(raise_request_exception=False)
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}
        return client.get(path, query, headers=headers)


def pbx(**fields: Any) -> Pbx:
    """A fresh phone system."""
    fields.setdefault("name", f"电话系统{next(_numbers)}")
    issued = create_integration(actor=administrator(), data=NewIntegration(**fields))
    return Pbx(issued.integration, issued.key, issued.secret)


@dataclass
class Script:
    """A call's events as the native form writes them, second by second."""

    call_id: str = "call/1@pbx"
    start: datetime | None = None
    number: str = "013865479012"
    direction: str = "inbound"

    def __post_init__(self) -> None:
        self.start = self.start or now() - timedelta(seconds=30)

    def event(self, kind: str, second: float, **data: Any) -> dict[str, Any]:
        """One event at this second of the call."""
        assert self.start is not None
        if kind in ("started", "ringing"):
            data = {"direction": self.direction, "customer_number": self.number, **data}
        if kind == "ended":
            data = {"ended_by": "customer", "cause": "normal", **data}
        return {
            "id": f"{self.call_id}:{kind}:{second}:{data.get('extension', '')}",
            "type": f"call.{kind}",
            "timestamp": (self.start + timedelta(seconds=second)).isoformat(),
            "data": {"call_id": self.call_id, **data},
        }
