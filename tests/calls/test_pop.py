"""The call on the screen: opened as it rings, withdrawn when a colleague answers, once per call and person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase

from service_desk.calls.models import CallPop, CallSettlement, Withdrawn
from service_desk.cases.models import Case
from service_desk.customers.models import Contact, PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.notices import live
from service_desk.people.models import Staff
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, world
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db
NUMBER = "013865479012"


@pytest.fixture
def company() -> World:
    return world()


@pytest.fixture
def phone(company: World) -> Pbx:
    """A phone system at which the agent has 8006 and the colleague 8007."""
    found = pbx(unit=company.unit)
    for name, extension in (("agent", "8006"), ("colleague", "8007")):
        add_extension(
            actor=administrator(),
            integration=found.integration,
            extension=extension,
            staff=getattr(company, name),
            valid_from=now() - timedelta(days=1),
        )
    return found


@pytest.fixture
def pokes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was pushed to open pages, as (topic, event, data)."""
    told: list[Any] = []

    def keep(messages: Any) -> bool:
        told.extend(messages)
        return True

    monkeypatch.setattr("service_desk.calls.popping.poke_many", keep)
    return told


def ring(phone: Pbx, script: Script, *extensions: str, at: float = 0) -> Call:
    for extension in extensions:
        assert phone.post(script.event("ringing", at, extension=extension)).status_code == 202
    return Call.objects.get(call_id=script.call_id)


def bar(person: Staff) -> Any:
    return browser(person).get("/calls/now/", headers=HTMX)


def test_a_ringing_call_stands_on_the_screens_of_those_it_rings_at(
    company: World, phone: Pbx, pokes: list[Any]
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        call = ring(phone, Script(), "8006", "8007")
    assert {pop.staff for pop in CallPop.objects.filter(call=call)} == {company.agent, company.colleague}
    assert {(topic, event) for topic, event, _data in pokes} == {
        (live.topic_of(company.agent.pk), "call"),
        (live.topic_of(company.colleague.pk), "call"),
    }
    assert all(data == {"call": call.ref} for _topic, _event, data in pokes)
    page = text_of(bar(company.agent))
    assert "Ringing" in page
    assert "138****9012" in page
    assert NUMBER not in bar(company.agent).content.decode()
    assert "Ringing" not in text_of(bar(company.engineer))
