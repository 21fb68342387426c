"""A call from the telephone to the ticket in a browser: pushed, opened by one key, registered, withdrawn, by hand."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from service_desk.calls.models import CallSettlement
from service_desk.cases.models import Case
from service_desk.customers.models import PhoneNumber
from service_desk.deadlines.clock import now
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call
from service_desk.telephony.rules import sign
from tests.journeys.conftest import Journey
from tests.telephony.senders import Pbx, Script, pbx

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]
NUMBER = "13865479012"


def begun() -> datetime:
    """A call that began so long ago that all that is told of it has happened, however quick the rest is.

    A call answered in the future is registered as accepted now, not as of its answer.
    """
    return now() - timedelta(seconds=5)


def system(journey: Journey, **extensions: str) -> Pbx:
    """A phone system at which these people sit."""
    phone = pbx()
    for name, extension in extensions.items():
        add_extension(
            actor=journey.world.admin,
            integration=phone.integration,
            extension=extension,
            staff=getattr(journey.world, name),
            valid_from=now() - timedelta(hours=1),
        )
    return phone


def post(journey: Journey, phone: Pbx, event: dict[str, Any]) -> None:
    """Send an event over the wire, signed, as a phone system does."""
    raw, stamp = json.dumps(event).encode(), str(int(time.time()))
    headers = {
        "Authorization": f"Bearer {phone.key}",
        "Content-Type": "application/json",
        "webhook-id": event["id"],
        "webhook-timestamp": stamp,
        "webhook-signature": sign(phone.secret, event["id"], stamp, raw),
    }
    request = Request(f"{journey.desk.url}/api/v1/call-events", raw, headers, method="POST")
    with urlopen(request, timeout=20) as answer:
        assert answer.status == 202


def live(page: Page) -> None:
    expect(page.locator("#live-state")).to_have_attribute("data-state", "live")


def test_from_ringing_to_registered_with_one_key_and_withdrawn_at_the_colleagues(journey: Journey) -> None:
    world = journey.world
    PhoneNumber.objects.get_or_create(customer=world.customer, raw=NUMBER)
    phone, script = system(journey, agent="8006", colleague="8007"), Script(call_id="j1", number=NUMBER, start=begun())
    agent, colleague = journey.visit(world.agent), journey.visit(world.colleague)
    for visitor in (agent, colleague):
        visitor.page.goto("/desk/")
        live(visitor.page)
    for extension in ("8006", "8007"):
        post(journey, phone, script.event("ringing", 0, extension=extension))
    screen = agent.page.locator(".call-screen")
    for visitor in (agent, colleague):
        expect(visitor.page.locator(".call-screen")).to_contain_text("Ringing")
    expect(screen).to_contain_text("138****9012")
    expect(screen).to_contain_text(world.customer.name[:8])

    post(journey, phone, script.event("answered", 4, extension="8006"))
    expect(screen).to_contain_text("On the line")
    expect(colleague.page.locator(".call-screen")).to_have_count(0)

    agent.page.keyboard.press("n")
    page = agent.page
    expect(page.locator("#id_customer")).to_have_value(world.customer.name)
    expect(page.locator("#id_caller_phone")).to_have_value(NUMBER)
    page.locator("#id_product_type").fill("基站")
    page.get_by_role("option", name="基站主设备").click()
    page.locator("#id_fault").fill("远端站掉线")
    page.get_by_role("button", name="All four read back").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".case-number")).to_be_visible()
    call = Call.objects.get(call_id="j1")
    settled = CallSettlement.objects.get(call=call)
    assert settled.case == Case.objects.get(fault="远端站掉线")
    assert settled.case.accepted_at == call.answered_at
    expect(page.locator(".call-screen")).to_contain_text(settled.case.number)
    post(journey, phone, script.event("ended", 30))
    expect(page.locator(".call-screen")).to_have_count(0)


def test_a_call_that_rings_takes_nothing_from_what_is_being_typed(journey: Journey) -> None:
    world = journey.world
    phone, script = system(journey, agent="8106"), Script(call_id="j2", number="02088886666", start=begun())
    page = journey.visit(world.agent).page
    page.goto("/register/?fresh=1")
    live(page)
    page.locator("#id_fault").fill("光口误码，")
    page.locator("#id_fault").press("End")
    post(journey, phone, script.event("ringing", 0, extension="8106"))
    screen = page.locator(".call-screen", has_text="020****6666")
    expect(screen).to_contain_text("Ringing")
    expect(page.locator("#id_fault")).to_be_focused()
    page.keyboard.type("n x l")
    post(journey, phone, script.event("ringing", 3, extension="8106"))
    expect(page.locator("#id_fault")).to_have_value("光口误码，n x l")
    page.keyboard.press("Alt+x")
    dialog = page.locator("#desk-dialog")
    expect(dialog).to_contain_text("No ticket is needed")
    dialog.get_by_label("Wrong number").check()
    page.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#id_fault")).to_have_value("光口误码，n x l")
    assert CallSettlement.objects.get(call__call_id="j2").reason == "wrong_number"
    screen.get_by_role("button", name="Put aside").click()
    expect(screen).to_have_count(0)


def test_without_a_phone_system_the_same_screen_by_hand(journey: Journey) -> None:
    page = journey.visit(journey.world.engineer).page
    page.goto("/desk/")
    live(page)
    expect(page.locator('[data-press="i"]')).to_be_visible()
    page.keyboard.press("i")
    dialog = page.locator("#desk-dialog")
    dialog.locator("#id_number").fill("1382650")
    for digit in "8001":
        dialog.locator(f'[data-digit="{digit}"]').click()
    dialog.get_by_role("button", name="It rings").click()
    screen = page.locator(".call-screen")
    expect(screen).to_contain_text("Ringing")
    page.keyboard.press("a")
    expect(screen).to_contain_text("On the line")
    page.keyboard.press("h")
    expect(screen).to_contain_text("On hold")
    expect(screen.locator("[data-hold-next]")).to_contain_text("00:")
    with page.expect_response("**/told/"):
        page.keyboard.press("u")
    expect(screen.locator("[data-hold-next]")).to_contain_text("00:1")
    page.keyboard.press("h")
    expect(screen).to_contain_text("Let the caller hang up first")
    page.keyboard.press("e")
    expect(page.locator('.call-screen[data-phase="over"]')).to_be_visible()
    call = Call.objects.get(customer_e164="+8613826508001")
    assert (call.state, call.ended_by, len(call.hold_seconds)) == ("ended", "customer", 2)
    expect(page.locator("#desk-calls")).to_contain_text("Calls still to register")
