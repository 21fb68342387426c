"""Customers' own data: copied, corrected or erased on request and in time; holds; what is old grows anonymous."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases.actions import cancel
from service_desk.cases.models import Case
from service_desk.customers import privacy
from service_desk.customers.models import Contact, Customer, ErasurePass, LegalHold, PhoneNumber, PrivacyRequest
from service_desk.notices.guarding import remind_of_requests
from service_desk.notices.models import Notice
from service_desk.people.actions import set_guard_rule
from service_desk.people.roster import database_now
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import World, shift_time, world

NAME, PHONE = "欧阳晓岚", "13900139000"


@pytest.fixture
def desk(db: None) -> World:
    found = world()
    contact = Contact.objects.create(customer=found.customer, name=NAME, email="lan@home.example")
    PhoneNumber.objects.create(customer=found.customer, contact=contact, raw=PHONE)
    return found


def cancelled(desk: World, **given: Any) -> Case:
    """A case that has ended."""

    case = desk.register(caller_name=NAME, caller_phone=PHONE, **given)
    return cancel(case=case, actor=desk.chief, text="重复登记")


def asked(desk: World, kind: str = "erase") -> PrivacyRequest:
    return privacy.ask(
        actor=desk.agent, customer=desk.customer, kind=kind, asked_by=NAME, proof="回拨登记号码", words="请处理"
    )


def found_by(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_casewords WHERE words @@ case_question(%s)", [text])
        count: int = cursor.fetchone()[0]
    return count


def test_PIPL_a_request_has_its_time_and_who_decides_is_reminded(desk: World) -> None:
    set_guard_rule(actor=desk.admin, officer=desk.inspector)
    privacy.set_rule(actor=desk.admin, keep_days=0, answer_days=2)
    made = asked(desk, "copy")
    assert made.due_at - made.asked_at == timedelta(days=2)
    assert remind_of_requests() == 2
    assert remind_of_requests() == 0
    PrivacyRequest.objects.update(due_at=database_now() - timedelta(hours=1))
    assert remind_of_requests() == 2
    told = Notice.objects.filter(kind="privacy_request_due", level="breach")
    assert {n.recipient_id for n in told} == {desk.inspector.pk, desk.admin.pk}
    privacy.decide(actor=desk.inspector, request=made, granted=True, answer="已寄出")
    with pytest.raises(Conflict):
        privacy.decide(actor=desk.inspector, request=made, granted=False, answer="再次")
    with pytest.raises(NotAllowed):
        privacy.decide(actor=desk.chief, request=asked(desk), granted=True, answer="好")


def test_PIPL_the_copy_holds_what_is_kept_and_counts_as_numbers_shown(desk: World) -> None:
    case = cancelled(desk)
    found = privacy.copy_of(actor=desk.admin, request=asked(desk, "copy"))
    assert found["contacts"][0] == {"name": NAME, "title": "", "email": "lan@home.example", "numbers": [PHONE]}
    assert [(one["number"], one["caller_phone"]) for one in found["cases"]] == [(case.number, PHONE)]
    assert AuditEntry.objects.filter(verb="privacy.copy", thing=f"customer:{desk.customer.pk}").count() == 1
    with pytest.raises(NotAllowed):
        privacy.copy_of(actor=desk.chief, request=asked(desk, "copy"))


def test_PIPL_an_erasure_takes_name_numbers_and_contacts_and_leaves_case_and_trail(desk: World) -> None:
    old = desk.customer.name
    case = cancelled(desk)
    trail = AuditEntry.objects.filter(thing=f"case:{case.pk}").count()
    assert found_by(NAME) == found_by("福田区") == 1
    request = asked(desk)
    privacy.decide(actor=desk.admin, request=request, granted=True, answer="已删除")
    customer, case = Customer.objects.get(pk=desk.customer.pk), Case.objects.get(pk=case.pk)
    assert (customer.numbers.count(), customer.contacts.count(), customer.is_active) == (0, 0, False)
    assert (case.caller_name, case.caller_phone, case.caller_e164, case.contact_id) == ("", "", None, None)
    assert case.subject == f"{customer.name} {desk.product.name} {case.fault}"
    assert old not in case.subject
    assert found_by(NAME) == found_by("福田区") == 0
    assert AuditEntry.objects.filter(thing=f"case:{case.pk}").count() == trail
    assert PrivacyRequest.objects.get(pk=request.pk).state == "done"
    with pytest.raises(DatabaseError), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(erased_at=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(subject="something else")


def test_C1_a_subject_stays_as_written_while_the_customer_has_not_been_erased(desk: World) -> None:
    case = cancelled(desk)
    Customer.objects.filter(pk=desk.customer.pk).update(name="另一个名字")
    with pytest.raises(DatabaseError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(subject=f"另一个名字 {desk.product.name} {case.fault}")


def test_PIPL_nothing_is_erased_under_a_hold_or_while_something_is_open(desk: World) -> None:
    case = desk.register(caller_name=NAME)
    with pytest.raises(Conflict) as refused:
        privacy.decide(actor=desk.admin, request=asked(desk), granted=True, answer="好")
    assert refused.value.code == "still_open"
    held = privacy.hold(actor=desk.admin, customer=desk.customer, reason="诉讼 2026-18")
    with pytest.raises(Conflict):
        privacy.hold(actor=desk.admin, customer=desk.customer, reason="again")
    with pytest.raises(Conflict) as refused:
        privacy.decide(actor=desk.admin, request=asked(desk), granted=True, answer="好")
    assert refused.value.code == "legal_hold"
    privacy.lift(actor=desk.admin, hold=held)
    with pytest.raises(Conflict):
        privacy.lift(actor=desk.admin, hold=held)
    assert Case.objects.get(pk=case.pk).caller_name == NAME
    assert not PrivacyRequest.objects.exclude(state="open").exists()


def test_what_is_old_grows_anonymous_in_slices_but_not_under_a_hold(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = [cancelled(desk) for _turn in range(3)]
    for case in old:
        shift_time(case, days=40)
    young, running = cancelled(desk), desk.register(caller_name=NAME)
    shift_time(running, days=40)
    assert privacy.walk() == 0  # no rule, no erasure
    assert privacy.dry_run(30)[0][1] == 3
    privacy.set_rule(actor=desk.admin, keep_days=30, answer_days=15)
    monkeypatch.setattr(privacy, "SLICE", 2)
    held = privacy.hold(actor=desk.admin, customer=desk.customer, reason="诉讼")
    assert privacy.walk() == 0
    privacy.lift(actor=desk.admin, hold=held)
    assert privacy.walk() == 0  # this day's walk is over
    ErasurePass.objects.update(began_at=database_now() - timedelta(days=2))
    assert privacy.walk(slices=1) == 2
    assert privacy.walk() == 1
    left = dict(Case.objects.values_list("pk", "caller_name"))
    assert [left[case.pk] for case in old] == ["", "", ""]
    assert (left[young.pk], left[running.pk]) == (NAME, NAME)
    assert found_by(NAME) == 2
    entries = AuditEntry.objects.filter(verb="privacy.walk").order_by("id")
    assert [entry.detail["rows"] for entry in entries] == [2, 1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "sell"}, "kind"),
        ({"asked_by": " "}, "asked_by"),
        ({"proof": ""}, "proof"),
        ({"words": "x" * 2001}, "words"),
        ({"asked_by": "王\x00"}, "asked_by"),
        ({"kind": "correct", "words": ""}, "words"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_beside_its_field(desk: World, given: Any, field: str) -> None:
    whole = {"kind": "copy", "asked_by": NAME, "proof": "回拨", "words": ""} | given
    with pytest.raises(Invalid) as refused:
        privacy.ask(actor=desk.agent, customer=desk.customer, **whole)
    assert refused.value.errors[0].field == field


def test_who_takes_no_calls_takes_no_request_and_only_administrators_set_the_time(desk: World) -> None:
    with pytest.raises(NotAllowed):
        privacy.ask(actor=desk.auditor, customer=desk.customer, kind="copy", asked_by=NAME, proof="x")
    with pytest.raises(NotAllowed):
        privacy.set_rule(actor=desk.chief, keep_days=30, answer_days=15)
    with pytest.raises(Invalid):
        privacy.set_rule(actor=desk.admin, keep_days=3, answer_days=15)
    with pytest.raises(NotAllowed):
        privacy.hold(actor=desk.chief, customer=desk.customer, reason="x")
    assert not LegalHold.objects.exists()


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_pages_take_a_request_answer_it_and_give_the_copy(desk: World) -> None:
    cancelled(desk)
    page = f"/customers/{desk.customer.pk}/privacy/"
    agent, admin = browser(desk.agent), browser(desk.admin)
    assert page in agent.get(desk.customer.get_absolute_url()).content.decode()
    given = {"kind": "copy", "asked_by": NAME, "proof": "回拨", "words": ""}
    assert agent.post(page, given | {"proof": "\x00"}).status_code == 422
    answer = agent.post(page, given)
    where = answer["Location"]
    assert agent.get(where).status_code == 200
    assert agent.post(f"{where}copy/").status_code == 403
    assert agent.post(where, {"granted": "yes", "answer": "好"}).status_code == 403
    told = admin.post(f"{where}copy/")
    assert PHONE in told.content.decode()
    assert told["Content-Disposition"].startswith("attachment")
    assert admin.post(where, {"granted": "maybe", "answer": ""}).status_code == 422
    assert admin.post(where, {"granted": "yes", "answer": "已寄出"}).status_code == 302
    assert "已寄出" in admin.get(where).content.decode()


def test_the_pages_hold_try_and_set_the_rule(desk: World, django_assert_max_num_queries: Any) -> None:
    shift_time(cancelled(desk), days=40)
    admin, hold = browser(desk.admin), f"/customers/{desk.customer.pk}/hold/"
    assert admin.post(hold, {"reason": ""}).status_code == 422
    assert admin.post(hold, {"reason": "诉讼"}).status_code == 302
    assert admin.post(hold, {"reason": "诉讼"}).status_code == 422
    assert "诉讼" in admin.get("/customers/privacy/").content.decode()
    assert admin.post(hold, {"lift": "1"}).status_code == 302
    tried = admin.post("/customers/privacy/", {"keep_days": 30, "answer_days": 15, "dry": "1"})
    assert "Nothing was changed" in tried.content.decode()
    assert Case.objects.exclude(caller_name="").count() == 1
    assert admin.post("/customers/privacy/", {"keep_days": 5, "answer_days": 99}).status_code == 422
    assert admin.post("/customers/privacy/", {"keep_days": 10**30, "answer_days": "x"}).status_code == 422
    assert admin.post("/customers/privacy/", {"keep_days": 30, "answer_days": 15}).status_code == 302
    with django_assert_max_num_queries(12):
        admin.get("/customers/privacy/")
    assert browser(desk.auditor).get("/customers/privacy/").status_code == 403


def test_an_erasure_is_granted_by_who_has_proved_lately_and_a_conflict_is_said_in_place(desk: World) -> None:
    desk.register(caller_name=NAME)
    admin, where = browser(desk.admin), asked(desk).get_absolute_url()
    refused = admin.post(where, {"granted": "yes", "answer": "好"})
    assert (refused.status_code, "still open" in refused.content.decode()) == (422, True)
    admin.get("/account/")
    session = admin.session
    session["proved_at"] = 0
    session.save()
    assert admin.post(where, {"granted": "no", "answer": "好"})["Location"].startswith("/account/prove/")
