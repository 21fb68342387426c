"""The administrator's pages of phone systems: set up, try out, replace keys, extensions, what was refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from service_desk.deadlines.clock import now
from service_desk.telephony.actions import add_extension
from service_desk.telephony.models import Call, Extension, Integration
from tests.cases.pages import browser, text_of
from tests.factories import staff
from tests.telephony.senders import Pbx, Script, administrator, pbx

pytestmark = pytest.mark.django_db
NEW = "/phone-systems/new/"
SAID = {
    "system-name": "总部热线",
    "system-kind": "native",
    "system-auth_mode": "signed",
    "system-networks": "",
    "system-silent_minutes": "60",
    "system-events_per_second": "200",
    "system-scopes": ["calls:write", "calls:read"],
}


@pytest.fixture
def admin() -> Client:
    return browser(administrator())


def page(phone: Pbx) -> str:
    return reverse("phone-system", args=[phone.integration.pk])


def test_nobody_but_administrators_sees_phone_systems(admin: Client) -> None:
    phone, agent = pbx(), browser(staff())
    for address in ("/phone-systems/", NEW, page(phone)):
        assert admin.get(address).status_code == 200
        assert agent.get(address).status_code == 403
        assert Client().get(address).status_code == 302
    for deed in ("rotate", "retire", "test", "on", "off"):
        assert agent.post(f"{page(phone)}{deed}/").status_code == 403
        assert admin.get(f"{page(phone)}{deed}/").status_code == 405
    assert admin.post(f"{page(phone)}nonsense/").status_code == 404


def test_key_and_secret_are_shown_once_and_work(admin: Client) -> None:
    shown = admin.post(NEW, SAID).content.decode()
    key = re.findall(r"ck_live_\w+", shown)[0]
    secret = re.findall(r"whsec_[\w+/=]+", shown)[0]
    row = Integration.objects.get(name="总部热线")
    assert Pbx(row, key, secret).post(Script().event("ringing", 0)).status_code == 202
    again = admin.get(reverse("phone-system", args=[row.pk])).content.decode()
    assert "ck_live_" not in again
    assert "whsec_" not in again
    assert "Last event received" in again


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"system-name": ""}, "name"),
        ({"system-name": "x" * 81}, "name"),
        ({"system-name": "a\0b"}, "name"),
        ({"system-kind": "fax"}, "kind"),
        ({"system-networks": "nonsense"}, "networks"),
        ({"system-networks": "1" * 600}, "networks"),
        ({"system-auth_mode": "key_only"}, "networks"),
        ({"system-silent_minutes": "-1"}, "silent_minutes"),
        ({"system-silent_minutes": "9" * 40}, "silent_minutes"),
        ({"system-events_per_second": "0"}, "events_per_second"),
        ({"system-scopes": ["everything"]}, "scopes"),
        ({"system-scopes": []}, "scopes"),
        ({"system-unit": "999999"}, "unit"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    admin: Client, change: dict[str, Any], field: str
) -> None:
    answer = admin.post(NEW, {**SAID, **change})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Integration.objects.exists()
    if "system-name" not in change:
        assert "总部热线" in answer.content.decode()


def test_two_systems_cannot_have_one_name(admin: Client) -> None:
    admin.post(NEW, SAID)
    answer = admin.post(NEW, SAID)
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["name"])


def test_a_system_that_cannot_sign_needs_its_addresses_and_gets_an_address_with_its_key(admin: Client) -> None:
    said = {**SAID, "system-kind": "generic_cti", "system-auth_mode": "key_only", "system-networks": "127.0.0.1，::1"}
    shown = admin.post(NEW, said).content.decode()
    found = re.search(r"/api/v1/call-events/from/ck_live_\w+", shown)
    assert found is not None
    body = "event=newCall&direction=in&from=013865479012&to=4008001234&callId=abc&user[]=Alice"
    answer = Client().post(found.group(), body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 202, answer.content
    assert Call.objects.get().customer_e164 == "+8613865479012"


def test_settings_are_changed_but_not_the_kind(admin: Client) -> None:
    phone = pbx(name="旧名")
    answer = admin.post(page(phone), {**SAID, "system-kind": "freeswitch", "system-silent_minutes": "0"})
    assert answer.status_code == 302
    row = Integration.objects.get()
    assert (row.name, row.kind, row.silent_minutes, row.scopes) == (
        "总部热线",
        "native",
        0,
        ["calls:read", "calls:write"],
    )
    assert admin.post(page(phone), {**SAID, "system-networks": "?"}).status_code == 400


def test_new_key_and_secret_beside_the_old_until_these_are_ended(admin: Client) -> None:
    phone, script = pbx(), Script()
    shown = admin.post(f"{page(phone)}rotate/").content.decode()
    assert re.search(r"whsec_", shown)
    assert phone.post(script.event("ringing", 0)).status_code == 202
    admin.post(f"{page(phone)}retire/")
    assert phone.post(script.event("ringing", 1)).status_code == 401


def test_a_test_event_takes_the_way_of_real_ones(admin: Client) -> None:
    phone = pbx()
    assert "nothing came yet" in text_of(admin.get("/phone-systems/"))
    answer = admin.post(f"{page(phone)}test/", follow=True)
    call = Call.objects.get()
    assert (call.state, call.direction, call.customer_e164) == ("missed", "internal", None)
    assert call.ref in text_of(answer)
    assert "working" in text_of(admin.get("/phone-systems/"))


def test_a_system_that_is_switched_off_is_refused_until_it_is_on_again(admin: Client) -> None:
    phone = pbx()
    admin.post(f"{page(phone)}off/")
    assert phone.post(Script().event("ringing", 0)).status_code == 403
    assert admin.post(f"{page(phone)}test/").status_code == 409
    assert "integration-disabled" in text_of(admin.get(page(phone)))
    admin.post(f"{page(phone)}on/")
    assert phone.post(Script().event("ringing", 0)).status_code == 202


def test_extensions_are_given_and_ended(admin: Client) -> None:
    phone, agent, other = pbx(), staff("", full_name="王芳"), staff()
    said = {"extension-extension": "8006", "extension-staff": agent.pk, "extension-agent_code": "A017"}
    address = f"{page(phone)}extensions/"
    assert admin.post(address, said).status_code == 302
    assert "王芳" in text_of(admin.get(page(phone)))
    taken = admin.post(address, {**said, "extension-staff": other.pk})
    assert taken.status_code == 400
    assert "8006" in text_of(taken)
    Extension.objects.update(valid_from=now() - timedelta(hours=1))
    admin.post(f"/phone-systems/extensions/{Extension.objects.get().pk}/end/")
    assert admin.post(address, {**said, "extension-staff": other.pk}).status_code == 302
    assert Extension.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"extension-extension": ""}, "extension"),
        ({"extension-extension": "8\0"}, "extension"),
        ({"extension-extension": "8" * 33}, "extension"),
        ({"extension-staff": ""}, "staff"),
        ({"extension-staff": "999999999"}, "staff"),
        ({"extension-agent_code": "x" * 65}, "agent_code"),
        ({"extension-valid_from": "whenever"}, "valid_from"),
        ({"extension-valid_from": "2026-11-22 10:00", "extension-valid_to": "2026-11-22 09:00"}, "valid_to"),
    ],
)
def test_a_wrong_extension_is_refused_beside_its_field(admin: Client, change: dict[str, str], field: str) -> None:
    phone = pbx()
    said = {"extension-extension": "8006", "extension-staff": str(staff().pk), **change}
    answer = admin.post(f"{page(phone)}extensions/", said)
    assert (answer.status_code, list(answer.context["extension_form"].errors)) == (400, [field])


def test_refused_deliveries_are_listed_without_breaking_the_page(admin: Client) -> None:
    phone = pbx()
    phone.post(b"{")
    phone.post(Script().event("ringing", 0), webhook_signature="v1,AAAA", webhook_id="<script>alert(1)</script>")
    shown = admin.get(page(phone)).content.decode()
    assert "invalid-json" in shown
    assert "signature-invalid" in shown
    assert "<script>alert(1)" not in shown
    pbx().post({}, Authorization="Bearer ck_live_nobody")
    assert "unknown key" in text_of(admin.get("/phone-systems/"))


def test_the_pages_cost_the_same_with_many_systems_and_events(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    for _number in range(5):
        phone = pbx()
        phone.post(Script().event("ringing", 0))
    for number in range(30):
        add_extension(actor=administrator(), integration=phone.integration, extension=f"{8000 + number}", staff=staff())
    with django_assert_max_num_queries(10):
        admin.get("/phone-systems/")
    with django_assert_max_num_queries(13):
        admin.get(page(phone))
