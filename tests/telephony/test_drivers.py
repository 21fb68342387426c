"""Each vendor's form: the shared case filled in, and what is that vendor's alone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from rest_framework.test import APIClient

from service_desk.telephony.drivers import DRIVERS
from service_desk.telephony.drivers.base import FORM, JSON
from service_desk.telephony.drivers.freeswitch import BASE64_FORM
from service_desk.telephony.models import Call
from service_desk.telephony.rules import IntegrationKind
from tests.telephony.driver_case import DriverCase, Sent
from tests.telephony.senders import EVENTS, Pbx, Script, pbx


def test_every_kind_has_its_driver() -> None:
    assert set(DRIVERS) == set(IntegrationKind.values) - {IntegrationKind.MANUAL}, "what is pressed by hand is native"


class TestNative(DriverCase):
    kind = "native"
    call_id = "6b01e2c344-2-1"
    broken = (({"events": [{"id": "x"}]}, JSON), ({"events": []}, JSON))
    start = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def deliveries(self) -> list[Sent]:
        script = Script(call_id=self.call_id, start=self.start)
        return [
            (script.event("ringing", 0, line_number="4008001234", extension="8006"), JSON),
            (script.event("answered", 7, extension="8006"), JSON),
            (script.event("ended", 60), JSON),
        ]


class TestAsteriskOverHttp(TestNative):
    """Over HTTP an Asterisk system writes natively; its manager is tested in test_asterisk."""

    kind = "asterisk"


class TestGenericCti(DriverCase):
    kind = "generic_cti"
    call_id = "53ba82e2bd6d12d9/fb@x"
    ended_by = "unknown"  # this form does not say who hung up
    base = {"direction": "in", "from": "013865479012", "to": "4008001234", "callId": call_id}
    broken = (
        ({**base, "event": "sneeze"}, JSON),
        ({**base, "event": ["newCall"]}, JSON),
        ({**base, "event": "newCall", "direction": "up"}, JSON),
        ({"event": "newCall", "direction": "in"}, JSON),
        ({**base, "event": "newCall", "callId": {"a": 1}}, JSON),
        ({**base, "event": "newCall", "callId": "a\0"}, JSON),
        ({**base, "event": "newCall", "from": "\ud800"}, JSON),
        ("&".join(f"a{n}=1" for n in range(500)), FORM),
    )

    def deliveries(self) -> list[Sent]:
        return [
            (
                urlencode({**self.base, "event": "newCall", "user[]": ["王芳", "李强"], "queue": "售后"}, doseq=True),
                FORM,
            ),
            ({**self.base, "event": "answer", "answeringNumber": "8006"}, JSON),
            ({**self.base, "event": "hangup", "cause": "normalClearing"}, JSON),
        ]

    def test_names_of_users_are_kept_and_shown(self, phone: Pbx) -> None:
        self.send(phone, self.deliveries()[0])
        call = Call.objects.get()
        assert (call.attributes, call.queue) == ({"user": ["王芳", "李强"]}, "售后")

    @pytest.mark.parametrize(
        ("cause", "ours"), [("busy", "busy"), ("cancel", "abandoned"), ("noAnswer", "no_answer"), ("?", "failed")]
    )
    def test_causes_are_mapped(self, phone: Pbx, cause: str, ours: str) -> None:
        self.send(phone, ({**self.base, "event": "hangup", "cause": cause}, JSON))
        assert Call.objects.get().cause == ours

    def test_an_answering_login_is_an_agents_code(self, phone: Pbx) -> None:
        self.send(phone, ({**self.base, "event": "answer", "answeringNumber": "jdoe@example.com"}, JSON))
        assert (Call.objects.get().agent_code, Call.objects.get().extension) == ("jdoe@example.com", "")

    def test_outbound_the_customer_is_the_one_who_is_rung(self, phone: Pbx) -> None:
        out = {**self.base, "direction": "out", "from": "4008001234", "to": "13912345678", "event": "newCall"}
        self.send(phone, (out, JSON))
        call = Call.objects.get()
        assert (call.direction, call.customer_number, call.line_number) == ("outbound", "13912345678", "4008001234")


def epochs(**at: int) -> dict[str, str]:
    base = 1_795_285_600
    return {f"{name}_uepoch": str((base + second) * 1_000_000) for name, second in at.items()}


class TestFreeswitch(DriverCase):
    kind = "freeswitch"
    call_id = "7b6b1e2c-44aa-4f0e-9d59-2f1e6a9c1234"
    states = ("ended",)
    broken = (
        ({"variables": []}, JSON),
        ({"variables": {}}, JSON),
        ({"variables": {"uuid": "x"}}, JSON),
        ({"variables": {"uuid": "x", "start_uepoch": "9" * 40, "end_uepoch": "-5"}}, JSON),
        ({"variables": {"uuid": "x%00y", "start_epoch": "1795285600", "end_epoch": "1795285601"}}, JSON),
        ({"variables": {"uuid": 5}, "callflow": "x"}, JSON),
        (b"cdr=!!!", BASE64_FORM),
    )

    def cdr(self, **changes: str) -> dict[str, Any]:
        variables = {
            "uuid": self.call_id,
            "direction": "inbound",
            "hangup_cause": "NORMAL_CLEARING",
            "sip_hangup_disposition": "recv_bye",
            "dialed_user": "8006",
            **epochs(start=0, progress=1, answer=8, end=68),
            **changes,
        }
        flow = {"caller_profile": {"caller_id_number": "013865479012", "destination_number": "4008001234"}}
        return {"core-uuid": "x", "variables": variables, "callflow": [flow]}

    def deliveries(self) -> list[Sent]:
        return [(self.cdr(), JSON)]

    @pytest.mark.parametrize("way", ["form", "base64"])
    def test_the_document_may_come_encoded(self, phone: Pbx, way: str) -> None:
        text = json.dumps(self.cdr())
        raw = f"cdr={quote(text)}" if way == "form" else f"cdr={base64.b64encode(text.encode()).decode()}"
        assert self.send(phone, (raw, FORM if way == "form" else BASE64_FORM)).status_code == 200
        call = Call.objects.get()
        assert (call.state, call.ring_count, call.hold_seconds) == ("ended", 2, [])

    def test_the_key_may_be_the_password_of_basic_authentication(self, phone: Pbx) -> None:
        client: Any = APIClient(raise_request_exception=False)
        word = base64.b64encode(f"freeswitch:{phone.key}".encode()).decode()
        sent = client.generic("POST", EVENTS, json.dumps(self.cdr()), JSON, headers={"Authorization": f"Basic {word}"})
        assert sent.status_code == 200
        signing = pbx(kind="freeswitch")
        word = base64.b64encode(f"freeswitch:{signing.key}".encode()).decode()
        sent = client.generic("POST", EVENTS, json.dumps(self.cdr()), JSON, headers={"Authorization": f"Basic {word}"})
        assert sent.status_code == 401, "a system that signs must sign"

    @pytest.mark.parametrize(
        ("changes", "state", "cause", "ended_by"),
        [
            ({"answer_uepoch": "0", "hangup_cause": "ORIGINATOR_CANCEL", "sip_hangup_disposition": "recv_cancel"},
             "missed", "abandoned", "customer"),
            ({"answer_uepoch": "0", "hangup_cause": "USER_BUSY", "sip_hangup_disposition": "send_refuse"},
             "missed", "busy", "system"),
            ({"sip_hangup_disposition": "send_bye"}, "ended", "normal", "agent"),
            ({"hangup_cause": "BLIND_TRANSFER", "sip_hangup_disposition": ""}, "ended", "transferred", "unknown"),
        ],
    )  # fmt: skip
    def test_who_hung_up_and_why(
        self, phone: Pbx, changes: dict[str, str], state: str, cause: str, ended_by: str
    ) -> None:
        self.send(phone, (self.cdr(**changes), JSON))
        call = Call.objects.get()
        assert (call.state, call.cause, call.ended_by) == (state, cause, ended_by)

    def test_the_other_leg_of_a_call_is_passed_over(self, phone: Pbx) -> None:
        answer = self.send(phone, (self.cdr(originator="another"), JSON))
        assert (answer.status_code, answer.json()) == (200, {"results": []})
        assert not Call.objects.exists()

    def test_held_time_is_told(self, phone: Pbx) -> None:
        self.send(phone, (self.cdr(hold_accum_ms="40500"), JSON))
        assert Call.objects.get().hold_seconds == [40.5]
