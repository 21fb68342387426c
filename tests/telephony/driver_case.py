"""The shared test of drivers: a new one gives its deliveries of one inbound call, and what is not to be read."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from rest_framework.test import APIClient

from service_desk.telephony.actions import add_extension
from service_desk.telephony.drivers import DRIVERS
from service_desk.telephony.models import Call, CallEvent
from tests.factories import staff
from tests.telephony.senders import EVENTS, Pbx, administrator, pbx

Sent = tuple[bytes | str | dict[str, Any], str]


@pytest.mark.django_db
class DriverCase:
    """Every driver: one answered call of 013865479012 to 4008001234, taken at 8006, ended by the customer."""

    kind: ClassVar[str] = ""
    call_id: ClassVar[str] = ""
    states: ClassVar[tuple[str, ...]] = ("ringing", "answered", "ended")
    ended_by: ClassVar[str] = "customer"
    broken: ClassVar[tuple[Sent, ...]] = ()

    def deliveries(self) -> list[Sent]:
        """Body and media type of each delivery of the call, in order."""
        raise NotImplementedError

    @pytest.fixture
    def phone(self) -> Pbx:
        return pbx(kind=self.kind, auth_mode="key_only", networks=["127.0.0.1"])

    def send(self, phone: Pbx, sent: Sent) -> Any:
        body, media_type = sent
        raw = body if isinstance(body, bytes) else (json.dumps(body) if isinstance(body, dict) else body).encode()
        client: Any = APIClient(raise_request_exception=False)
        headers = {"Authorization": f"Bearer {phone.key}", "Accept-Language": "en"}
        return client.generic("POST", EVENTS, raw, media_type, headers=headers)

    def test_the_call_goes_through_its_states_and_ends_as_it_was(self, phone: Pbx) -> None:
        agent = staff()
        add_extension(
            actor=administrator(),
            integration=phone.integration,
            extension="8006",
            staff=agent,
            valid_from=self.before_everything(),
        )
        seen = []
        for sent in self.deliveries():
            answer = self.send(phone, sent)
            assert answer.status_code in (200, 202), answer.content
            seen.append(Call.objects.get().state)
        assert tuple(seen) == self.states
        call = Call.objects.get()
        assert (call.call_id, call.direction, call.customer_e164) == (self.call_id, "inbound", "+8613865479012")
        assert (call.line_number, call.agent, call.cause, call.ended_by) == (
            "4008001234",
            agent,
            "normal",
            self.ended_by,
        )

    def test_repeats_and_the_reverse_order_end_in_the_same_state(self, phone: Pbx) -> None:
        for sent in [*self.deliveries(), *reversed(self.deliveries())]:
            assert self.send(phone, sent).status_code in (200, 202)
        assert (Call.objects.get().state, Call.objects.count()) == ("ended", 1)
        events = CallEvent.objects.count()
        for sent in self.deliveries():
            self.send(phone, sent)
        assert CallEvent.objects.count() == events

    def test_nonsense_is_refused_by_name_and_is_never_a_defect(self, phone: Pbx) -> None:
        media_types = sorted(DRIVERS[self.kind].media_types)
        for media_type in media_types:
            for raw in (b"", b"\0", b"\xff\xfe", b"[]", b"5", b"null", b'"x"', b"{}", b"=&&=%zz", b"cdr=" * 50):
                assert self.send(phone, (raw, media_type)).status_code in (400, 422)
        for sent in self.broken:
            answer = self.send(phone, sent)
            assert answer.status_code in (400, 422) or _all_rejected(answer), (sent, answer.content)
        assert self.send(phone, (b"{}", "text/plain")).status_code == 415
        assert not Call.objects.exists()

    @staticmethod
    def before_everything() -> Any:
        """Since when the agent sits there."""
        from datetime import UTC, datetime

        return datetime(2026, 1, 1, tzinfo=UTC)


def _all_rejected(answer: Any) -> bool:
    results = answer.json().get("results", [])
    return bool(results) and all(one["status"] == "rejected" for one in results)
