"""The thin thread: ringing, answered, ended, from the door to the row."""

from __future__ import annotations

import pytest

from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call, CallFact
from tests.factories import staff
from tests.telephony.senders import Script, administrator, pbx

pytestmark = pytest.mark.django_db


def test_the_smallest_client_is_enough() -> None:
    phone, script = pbx(), Script()
    agent = staff()
    add_extension(
        actor=administrator(), integration=phone.integration, extension="8006", staff=agent, valid_from=script.start
    )
    for kind, second, data in (
        ("ringing", 0, {"extension": "8006"}),
        ("answered", 22, {"extension": "8006"}),
        ("ended", 29, {}),
    ):
        answer = phone.post(script.event(kind, second, **data))
        assert answer.status_code == 202, answer.content
        assert answer.json()["warnings"] == []
    call = Call.objects.get()
    assert (call.state, call.agent, call.ring_count, call.customer_e164) == ("ended", agent, 5, "+8613865479012")
    assert answer.json()["call"] == {"id": call.ref, "state": "ended", "url": f"/api/v1/calls/{call.ref}"}
    facts = dict(CallFact.objects.standing().values_list("rule", "verdict"))
    assert facts == {"T1": "breached", "T2": "due", "T5": "kept"}


def test_a_call_can_be_read_by_its_system_in_full_and_compared() -> None:
    phone, script = pbx(), Script()
    phone.post(script.event("ringing", 0))
    page = phone.get("/api/v1/calls").json()
    assert [row["call_id"] for row in page["results"]] == ["call/1@pbx"]
    assert page["results"][0]["customer_number"] == "013865479012"
    assert phone.get("/api/v1/calls", changed_after=page["next"]).json()["results"] == []
    phone.post(script.event("answered", 4))
    assert len(phone.get("/api/v1/calls", changed_after=page["next"]).json()["results"]) == 1
