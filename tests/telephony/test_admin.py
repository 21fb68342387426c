"""The admin: calls are read there without their numbers (P6), the company's limits are set and count from then on."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from service_desk.audit.models import AuditEntry
from service_desk.telephony.models import Call, CallLimits
from tests.cases.pages import browser
from tests.factories import staff
from tests.telephony.senders import Script, administrator, pbx

pytestmark = pytest.mark.django_db
LIMITS = {
    "ring_cycle_seconds": "6",
    "answer_rings": "2",
    "apology_ring": "4",
    "outbound_least": "5",
    "outbound_most": "8",
    "hold_word_seconds": "10",
    "hold_grace_seconds": "0",
    "hold_offer_seconds": "45",
}


def test_P6_calls_in_the_admin_bear_no_numbers_and_cannot_be_changed() -> None:
    pbx().post(Script().event("ringing", 0))
    admin, call = browser(administrator()), Call.objects.get()
    for address in ("/admin/telephony/call/", f"/admin/telephony/call/{call.pk}/change/"):
        page = admin.get(address)
        assert page.status_code == 200
        assert b"013865479012" not in page.content
        assert b"13865479012" not in page.content
    assert admin.post(f"/admin/telephony/call/{call.pk}/change/", {"state": "ended"}).status_code == 403
    assert admin.post(f"/admin/telephony/call/{call.pk}/delete/", {"post": "yes"}).status_code == 403
    for table in ("callfact", "refuseddelivery", "calllimits"):
        assert admin.get(f"/admin/telephony/{table}/").status_code == 200
        assert browser(staff()).get(f"/admin/telephony/{table}/").status_code == 302


def test_a_companys_own_limits_count_from_then_on_and_are_audited() -> None:
    assert browser(administrator()).post("/admin/telephony/calllimits/add/", LIMITS).status_code == 302
    assert AuditEntry.objects.filter(verb="call_limits.add").count() == 1
    phone, script = pbx(), Script()
    phone.post(script.event("ringing", 0))
    phone.post(script.event("answered", 18))
    call = Call.objects.get()
    assert call.ring_count == 4
    facts = {fact.rule: (fact.verdict, fact.detail) for fact in call.facts.all()}
    assert facts == {
        "T1": ("breached", {"rings": 4, "most": 2}),
        "T2": ("due", {"rings": 4, "from": 4}),
    }
    assert browser(administrator()).get("/admin/telephony/calllimits/add/").status_code == 403


def test_limits_without_sense_are_refused_by_form_and_database() -> None:
    admin = browser(administrator())
    assert admin.post("/admin/telephony/calllimits/add/", {**LIMITS, "ring_cycle_seconds": "0"}).status_code == 200
    for change in ({"id": 2}, {"ring_cycle_seconds": 0}, {"outbound_least": 9, "outbound_most": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CallLimits.objects.create(**{"id": 1, **change})
