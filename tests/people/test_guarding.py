"""What is masked is shown for a proof, a reason and within a limit; many looks are told; old passwords end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.calls.actions.messages import NewMessage, take_message
from service_desk.customers.actions import reveal_number
from service_desk.customers.models import PhoneNumber
from service_desk.notices.models import Notice
from service_desk.people.actions import note_reveal, set_guard_rule
from service_desk.people.models import GuardRule, RevealCount, Staff
from service_desk.people.passwords import KindsValidator
from service_desk.people.roster import database_now
from service_desk.people.rules import Role
from service_desk.rest.errors import Invalid, NotAllowed
from tests.factories import World, world

PASSWORD = "correct horse battery"


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def number(desk: World) -> PhoneNumber:
    return PhoneNumber.objects.create(customer=desk.customer, raw="0755-26772892")


def look(desk: World, number: PhoneNumber) -> str:
    return reveal_number(number=number, actor=desk.agent, reason="回电 CALL-1")


def grown_old(person: Any) -> Client:
    """A browser whose person proved who they are long ago."""
    browser = Client()
    browser.force_login(person)
    browser.get("/account/")
    session = browser.session
    session["proved_at"] = 0
    session.save()
    return browser


def test_P6_many_looks_at_numbers_are_told_once_and_too_many_are_stopped(desk: World, number: PhoneNumber) -> None:
    set_guard_rule(actor=desk.admin, alarm_after=2, stop_after=3, officer=desk.auditor)
    for _turn in range(3):
        look(desk, number)
    told = Notice.objects.filter(kind="many_reveals").order_by("id")
    assert [(n.recipient_id, n.facts["shown"], n.facts["stopped"], n.private) for n in told] == [
        (desk.auditor.pk, 2, False, True),
        (desk.admin.pk, 2, False, True),
        (desk.auditor.pk, 3, True, True),
        (desk.admin.pk, 3, True, True),
    ]
    with pytest.raises(NotAllowed) as refused:
        look(desk, number)
    assert refused.value.code == "too_many_reveals"
    assert RevealCount.objects.get(staff=desk.agent).shown == 3
    assert AuditEntry.objects.filter(verb="customer.reveal", actor=desk.agent).count() == 3
    reveal_number(number=number, actor=desk.colleague, reason="回电 CALL-2")  # it is each person's own limit


def test_P6_a_look_counts_for_the_numbers_it_shows_and_every_room_counts(desk: World, number: PhoneNumber) -> None:
    PhoneNumber.objects.create(customer=desk.customer, raw="13800138000")
    case = desk.register(caller_name="赵敏", caller_phone="13900139000")
    desk.chief.mobile = "13700137000"
    desk.chief.save()
    browser = Client()
    browser.force_login(desk.agent)
    browser.post(f"/cases/{case.number}/numbers/", {"reason": "回电"})
    assert RevealCount.objects.get(staff=desk.agent).shown == 3
    browser.post(f"/staff/{desk.chief.pk}/mobile/")
    look(desk, number)
    assert RevealCount.objects.get(staff=desk.agent).shown == 5


def test_a_refused_look_is_neither_counted_nor_told(desk: World, number: PhoneNumber) -> None:
    set_guard_rule(actor=desk.admin, alarm_after=1)
    with pytest.raises(Invalid):
        reveal_number(number=number, actor=desk.agent, reason=" ")
    with pytest.raises(NotAllowed):
        reveal_number(number=number, actor=desk.auditor, reason="look")
    assert not RevealCount.objects.exists()
    assert not Notice.objects.filter(kind="many_reveals").exists()


@pytest.mark.django_db(transaction=True)
def test_of_looks_at_once_each_is_counted() -> None:
    person = Staff.objects.create_user("wang", PASSWORD, full_name="王芳", roles=[Role.FRONT_DESK])
    set_guard_rule(
        actor=Staff.objects.create_user("admin", PASSWORD, full_name="李", roles=[Role.ADMINISTRATOR]),
        alarm_after=1,
        stop_after=5,
    )
    done: list[bool] = []

    def one() -> None:
        try:
            with transaction.atomic():
                note_reveal(verb="customer.reveal", thing="phonenumber:1", actor=person)
            done.append(True)
        except NotAllowed:
            done.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 3 + [True] * 5
    assert RevealCount.objects.get().shown == 5


def test_the_rule_is_the_administrators_and_each_change_is_kept(desk: World) -> None:
    with pytest.raises(NotAllowed):
        set_guard_rule(actor=desk.chief, alarm_after=1000, stop_after=0)
    set_guard_rule(actor=desk.admin, alarm_after=5, stop_after=9, officer=desk.auditor)
    set_guard_rule(actor=desk.admin, password_days=90)
    rule = GuardRule.in_force()
    assert (rule.alarm_after, rule.stop_after, rule.officer, rule.password_days) == (5, 9, desk.auditor, 90)
    assert GuardRule.objects.count() == 2
    assert AuditEntry.objects.filter(verb="staff.guard_rule").latest("pk").detail == {"password_days": 90}
    with pytest.raises(Invalid) as refused:
        set_guard_rule(actor=desk.admin, alarm_after=10)
    assert refused.value.errors[0].field == "stop_after"
    with pytest.raises(DatabaseError), transaction.atomic():
        GuardRule.objects.create(alarm_after=10, stop_after=9)


def test_the_rule_is_made_in_the_administration(desk: World) -> None:
    browser = Client()
    browser.force_login(desk.admin)
    page = "/admin/people/guardrule/add/"
    given = {
        "alarm_after": 4,
        "stop_after": 8,
        "officer": "",
        "approve_rows": 0,
        "password_days": 0,
        "password_kinds": 3,
    }
    assert 'value="30"' in browser.get(page).content.decode()
    assert browser.post(page, given | {"stop_after": 3}).status_code == 200  # with the error beside it
    assert browser.post(page, given | {"password_days": 10**12}).status_code == 200
    assert browser.post(page, given).status_code == 302
    assert GuardRule.objects.count() == 1
    assert (GuardRule.in_force().by, GuardRule.in_force().password_kinds) == (desk.admin, 3)
    assert grown_old(desk.admin).get(page)["Location"].startswith("/account/prove/")


@pytest.mark.parametrize("path", ["/staff/{chief}/mobile/", "/api-keys/", "/customers/numbers/{number}/"])
def test_what_shows_or_gives_rights_asks_who_sits_there(desk: World, number: PhoneNumber, path: str) -> None:
    browser = grown_old(desk.admin if "keys" in path else desk.agent)
    where = path.format(chief=desk.chief.pk, number=number.pk)
    answer = browser.post(where, {"reason": "回电"}, headers={"Referer": "http://testserver/roster/?unit=2"})
    assert answer.status_code == 302
    assert answer["Location"] == "/account/prove/?next=%2Froster%2F%3Funit%3D2"
    stranger = browser.post(where, headers={"Referer": "http://evil.example/roster/"})
    assert stranger["Location"] == "/account/prove/?next=%2F"
    assert not RevealCount.objects.exists()


def test_a_password_older_than_the_rule_allows_opens_nothing_but_its_change(desk: World) -> None:
    person = Staff.objects.create_user("wang", PASSWORD, full_name="王芳", roles=[Role.FRONT_DESK])
    person.refresh_from_db()
    assert person.password_set_at is not None
    set_guard_rule(actor=desk.admin, password_days=90)
    with connection.cursor() as cursor:  # past the trigger, which watches the password alone
        cursor.execute("UPDATE people_staff SET password_set_at = %s", [database_now() - timedelta(days=91)])
    browser = Client()
    browser.post("/login/", {"username": "wang", "password": PASSWORD})
    assert browser.get("/cases/")["Location"].startswith("/account/security/")
    assert browser.get("/api/v1/cases/").status_code == 403
    assert (
        b"older than the company allows" in browser.get("/account/security/", headers={"Accept-Language": "en"}).content
    )
    fresh = "another horse battery 9"
    changed = browser.post("/account/security/", {"old": PASSWORD, "new": fresh, "again": fresh})
    assert changed.status_code == 302
    assert browser.get("/cases/").status_code == 200
    person.refresh_from_db()
    assert database_now() - person.password_set_at < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("password", "wanted", "good"),
    [
        ("correct horse battery", 2, True),
        ("correcthorsebattery", 2, False),
        ("Correct horse 9", 4, True),
        ("x" * 20, 0, True),
    ],
)
def test_the_kinds_of_characters_are_the_rules(db: None, password: str, wanted: int, good: bool) -> None:
    GuardRule.objects.create(password_kinds=wanted)
    if good:
        assert KindsValidator().validate(password) is None  # type: ignore[func-returns-value]
    else:
        with pytest.raises(ValidationError):
            KindsValidator().validate(password)


def test_guesses_at_the_present_password_are_locked_out_as_at_the_log_in(db: None) -> None:
    Staff.objects.create_user("wang", PASSWORD, full_name="王芳", roles=[Role.FRONT_DESK])
    browser = Client()
    browser.post("/login/", {"username": "wang", "password": PASSWORD})
    new = "another horse battery 9"
    for turn in range(10):
        browser.post("/account/security/", {"old": f"wrong {turn}", "new": new, "again": new})
    browser.post("/account/security/", {"old": PASSWORD, "new": new, "again": new})
    assert Staff.objects.get(username="wang").check_password(PASSWORD)


def test_a_browser_session_proves_itself_at_the_REST_door_too(desk: World) -> None:
    message = take_message(
        actor=desk.agent,
        data=NewMessage(for_whom=desk.colleague, from_name="赵敏", from_number="13900139000", matter="请回电"),
    )
    where = f"/api/v1/messages/{message.pk}/number/"
    old = grown_old(desk.colleague).post(where)
    assert (old.status_code, old.json()["code"]) == (403, "proof_wanted")
    fresh = Client()
    fresh.force_login(desk.colleague)
    assert fresh.post(where).json() == {"number": "13900139000"}
