"""The second step: nothing is seen between password and code, no code works twice, and who must have it cannot pass."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from service_desk.audit.models import AuditEntry
from service_desk.people import codes
from service_desk.people.actions import second_step as verbs
from service_desk.people.models import RecoveryCode, SecondStep, Staff
from service_desk.people.rules import Role
from service_desk.people.second_step import FRESH_SECONDS
from service_desk.rest.errors import Conflict, Invalid, NotAllowed

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


@pytest.fixture
def person(db: None) -> Staff:
    return Staff.objects.create_user("wang", PASSWORD, full_name="王芳", roles=[Role.FRONT_DESK])


@pytest.fixture
def boss(db: None) -> Staff:
    return Staff.objects.create_user("admin", PASSWORD, full_name="李主任", roles=[Role.ADMINISTRATOR])


def shown(secret: str, *, steps: int = 0) -> str:
    """What the app shows, `steps` half minutes from now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return pyotp.TOTP(secret).at(cursor.fetchone()[0] + timedelta(seconds=30 * steps))


def switched_on(person: Staff) -> tuple[str, list[str]]:
    """Key and codes on paper of somebody who has it; the step of the code used is the one before now."""
    secret = verbs.begin(actor=person).secret
    return secret, verbs.confirm(actor=person, code=shown(secret, steps=-1))


def logged_in(person: Staff) -> Client:
    browser = Client()
    answer = browser.post("/login/", {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


@given(st.integers(-3, 3), st.integers(0, 60 * 60 * 24 * 365 * 20))
def test_a_code_is_good_for_its_own_half_minute_and_one_to_either_side(off: int, seconds: int) -> None:
    secret, now = SECRET, NOW + timedelta(seconds=seconds)
    code = pyotp.TOTP(secret).at(now + timedelta(seconds=30 * off))
    step = int(now.timestamp()) // 30 + off
    found = codes.step_of(secret, code, now=now, after=0)
    assert (found == step) if abs(off) <= 1 else (found is None or found != step)
    assert codes.step_of(secret, code, now=now, after=step + 1) is None


@pytest.mark.parametrize("odd", ["", "12345", "1234567", "abcdef", "１２３", "12 34", "\x00" * 6, "²²²²²²", "-12345"])
def test_what_is_no_code_is_none(odd: str) -> None:
    assert codes.step_of(SECRET, odd, now=NOW, after=0) is None


def test_full_width_figures_and_spaces_are_read(person: Staff) -> None:
    secret, _paper = switched_on(person)
    code = shown(secret)
    wide = "".join(chr(ord(figure) + 0xFEE0) for figure in code)
    verbs.prove(actor=person, code=f"{wide[:3]} {wide[3:]}")
    assert SecondStep.objects.get(staff=person).last_step > 0


def test_no_code_opens_the_desk_twice(person: Staff) -> None:
    secret, paper = switched_on(person)
    code = shown(secret)
    verbs.prove(actor=person, code=code)
    with pytest.raises(Invalid, match="not right"):
        verbs.prove(actor=person, code=code)
    verbs.prove(actor=person, code=paper[0].upper().replace("-", " "))
    with pytest.raises(Invalid, match="not right"):
        verbs.prove(actor=person, code=paper[0])
    assert RecoveryCode.objects.filter(staff=person, used_at=None).count() == 9


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_send_the_same_code_at_once_one_gets_in() -> None:
    person = Staff.objects.create_user("wang", PASSWORD, full_name="王芳", roles=[Role.FRONT_DESK])
    secret, paper = switched_on(person)
    for code in (shown(secret), paper[0]):
        SecondStep.objects.update(failures=0, locked_until=None)
        won: list[int] = []
        start = threading.Barrier(4)

        def tries(code: str = code, won: list[int] = won, start: threading.Barrier = start) -> None:
            start.wait(20)
            try:
                verbs.prove(actor=person, code=code)
                won.append(1)
            except Invalid:
                pass
            finally:
                connection.close()

        threads = [threading.Thread(target=tries) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(won) == 1


def test_after_five_wrong_codes_even_the_right_one_waits(person: Staff) -> None:
    secret, paper = switched_on(person)
    for _turn in range(verbs.TRIES):
        with pytest.raises(Invalid, match="not right"):
            verbs.prove(actor=person, code="000000")
    for code in (shown(secret), paper[0]):
        with pytest.raises(Invalid, match="Too many"):
            verbs.prove(actor=person, code=code)
    SecondStep.objects.update(locked_until=NOW - timedelta(days=365))
    verbs.prove(actor=person, code=shown(secret))
    refused = AuditEntry.objects.filter(verb="account.second_step", outcome="refused")
    assert refused.count() == verbs.TRIES


def test_neither_key_nor_codes_can_be_read_from_the_database(person: Staff) -> None:
    secret, paper = switched_on(person)
    stored = SecondStep.objects.get(staff=person).secret
    digests = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert secret not in stored
    assert not digests & {codes.plain(code) for code in paper}
    assert len(digests) == codes.CODES


def test_between_password_and_code_no_page_is_seen(person: Staff) -> None:
    secret, _paper = switched_on(person)
    browser = logged_in(person)
    for path in ("/", "/cases/", "/account/security/", "/account/second-step/", "/account/prove/", "/admin/"):
        answer = browser.get(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/login/second/?next="), path
    assert browser.get("/api/v1/cases/").status_code == 403
    assert browser.get("/events/desk/").status_code == 403
    part = browser.get("/cases/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/cases/?q=1"})
    assert part["HX-Redirect"] == "/login/second/?next=%2Fcases%2F%3Fq%3D1"
    before = browser.session.session_key
    answer = browser.post("/login/second/", {"code": shown(secret), "next": "/cases/"})
    assert (answer.status_code, answer["Location"]) == (302, "/cases/")
    assert browser.get("/cases/").status_code == 200
    assert browser.session.session_key != before


def test_the_page_of_the_code_says_what_is_wrong_and_never_leads_elsewhere(person: Staff) -> None:
    secret, _paper = switched_on(person)
    browser = logged_in(person)
    answer = browser.post("/login/second/", {"code": "000000", "next": "/cases/"})
    assert answer.status_code == 422
    assert "This code is not right" in answer.content.decode()
    for odd in ("", "\x00", "x" * 41):
        assert browser.post("/login/second/", {"code": odd}).status_code == 422
    answer = browser.post("/login/second/", {"code": shown(secret), "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_who_must_have_it_sets_it_up_before_anything_else(person: Staff, boss: Staff) -> None:
    verbs.demand_for(actor=boss, roles=[Role.FRONT_DESK])
    browser = logged_in(person)
    assert browser.get("/cases/")["Location"].startswith("/account/second-step/")
    page = browser.get("/account/second-step/")
    secret = verbs.begin(actor=person).secret
    assert secret in page.content.decode().replace(" ", "")
    done = browser.post("/account/second-step/", {"code": shown(secret)})
    assert done.status_code == 200
    assert len(done.context["codes"]) == codes.CODES
    assert browser.get("/cases/").status_code == 200
    with pytest.raises(Conflict, match="Your role must"):
        verbs.take_away(actor=person, staff=person)


def test_a_new_rule_ends_the_log_ins_that_lack_the_step(person: Staff, boss: Staff) -> None:
    other = Staff.objects.create_user("zhao", PASSWORD, full_name="赵六", roles=[Role.PRODUCT_EXPERT])
    browser, expert = logged_in(person), logged_in(other)
    verbs.demand_for(actor=boss, roles=[Role.FRONT_DESK])
    assert browser.get("/cases/")["Location"].startswith("/login/")
    assert expert.get("/cases/").status_code == 200
    assert Session.objects.count() == 1


def test_only_an_administrator_makes_rules_or_frees_others(person: Staff, boss: Staff) -> None:
    switched_on(boss)
    with pytest.raises(NotAllowed):
        verbs.demand_for(actor=person, roles=[])
    with pytest.raises(NotAllowed):
        verbs.take_away(actor=person, staff=boss)
    with pytest.raises(Invalid):
        verbs.demand_for(actor=boss, roles=["king"])


def test_an_administrator_lets_somebody_set_it_up_anew_by_the_admin(person: Staff, boss: Staff) -> None:
    switched_on(person)
    theirs, admin = str(logged_in(person).session.session_key), logged_in(boss)
    chosen = {"action": "take_second_step_away", "_selected_action": [person.pk]}
    assert admin.post("/admin/people/staff/", chosen).status_code == 302
    assert not verbs.is_on(person)
    assert not Session.objects.filter(pk=theirs).exists(), "a log-in that waits for the code would be free of it"
    assert AuditEntry.objects.filter(verb="account.second_step_off", actor=boss).exists()
    made = admin.post("/admin/people/secondsteprule/add/", {"roles": [Role.SUPERVISOR]})
    assert made.status_code == 302
    assert verbs.is_demanded(Staff(roles=[Role.SUPERVISOR]))


def test_one_switches_ones_own_off_and_gets_new_codes(person: Staff) -> None:
    secret, paper = switched_on(person)
    browser = logged_in(person)
    browser.post("/login/second/", {"code": shown(secret)})
    assert "10 codes on paper are left" in browser.get("/account/security/").content.decode()
    fresh = browser.post("/account/second-step/codes/").context["codes"]
    assert not set(fresh) & set(paper)
    with pytest.raises(Invalid):
        verbs.prove(actor=person, code=paper[0])
    assert browser.post("/account/second-step/off/").status_code == 302
    assert browser.get("/cases/").status_code == 200
    assert not verbs.is_on(person)


def grown_old(browser: Client) -> None:
    session = browser.session
    session["proved_at"] = int(session["proved_at"]) - FRESH_SECONDS - 1
    session.save()


@pytest.mark.parametrize("path", ["/cases/export/", "/admin/people/staff/{pk}/change/", "/admin/people/staff/add/"])
def test_what_is_guarded_asks_for_the_password_again_after_a_while(boss: Staff, path: str) -> None:
    path = path.format(pk=boss.pk)
    browser = logged_in(boss)
    first = browser.get(path).status_code
    grown_old(browser)
    answer = browser.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/prove/?next=")
    wrong = browser.post("/account/prove/", {"password": "nonsense", "next": path})
    assert (wrong.status_code, "not your present password" in wrong.content.decode()) == (422, True)
    assert browser.post("/account/prove/", {"password": PASSWORD, "next": path})["Location"] == path
    assert browser.get(path).status_code == first


def test_who_has_the_app_proves_with_its_code(person: Staff) -> None:
    secret, paper = switched_on(person)
    browser = logged_in(person)
    browser.post("/login/second/", {"code": shown(secret)})
    grown_old(browser)
    assert browser.post("/account/second-step/codes/").status_code == 200  # read before, answered a little later
    session = browser.session
    session["proved_at"] = 0
    session.save()
    assert browser.post("/account/second-step/off/")["Location"].startswith("/account/prove/")
    assert verbs.is_on(person)
    assert browser.post("/account/prove/", {"password": PASSWORD}).status_code == 422
    del paper
    assert browser.post("/account/prove/", {"code": shown(secret, steps=1)}).status_code == 302
