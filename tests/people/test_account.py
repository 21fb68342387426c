"""My account: display, absence with deputy, password and log-ins; mine alone, audited, and never a failure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.people import actions
from service_desk.people.models import Absence, Staff
from service_desk.people.own_sessions import device_of, logins_of, mark_of
from service_desk.rest.errors import Invalid
from tests.cases.pages import browser, text_of
from tests.deadlines.screens import JUNK
from tests.factories import PASSWORD, World, world

PAGES = ("", "absence/", "security/", "rights/")
NEW = "a long new sentence 2026"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def desk(db: None) -> World:
    made = world()
    made.agent.set_password(PASSWORD)
    made.agent.save()
    return made


@pytest.mark.parametrize("page", PAGES)
def test_every_section_is_there_for_everybody_and_for_nobody_logged_out(desk: World, page: str) -> None:
    for person in (desk.agent, desk.auditor, desk.admin):
        client = browser(person)
        answer = client.get(f"/account/{page}")
        assert answer.status_code == 200
        assert text_of(answer).count("My account") >= 2
    assert "My account" in text_of(browser(desk.agent).get("/notices/preferences/"))
    assert Client().get(f"/account/{page}").status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_a_section_costs_few_queries(desk: World, page: str, django_assert_max_num_queries: Any) -> None:
    client = browser(desk.agent)
    client.get("/account/")
    with django_assert_max_num_queries(11):
        client.get(f"/account/{page}")


def test_language_and_look_hold_at_once_and_later(desk: World) -> None:
    client = browser(desk.agent)
    answer = client.post("/account/", {"language": "zh-hans", "theme": "dark"}, follow=True)
    html = answer.content.decode()
    assert 'lang="zh-Hans"' in html
    assert 'data-theme="dark"' in html
    desk.agent.refresh_from_db()
    assert (desk.agent.language, desk.agent.theme) == ("zh-hans", "dark")
    assert AuditEntry.objects.get(verb="account.display").actor == desk.agent
    client.post("/account/", {"language": "", "theme": "auto"})
    assert not client.cookies["desk_language"].value


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_any_field_is_an_answer_never_a_failure(desk: World, junk: str) -> None:
    client = browser(desk.agent)
    client.raise_request_exception = False
    raw = junk.encode("utf-8", "surrogatepass")
    forms: dict[str, dict[str, Any]] = {
        "": {"language": "en", "theme": "dark"},
        "absence/": {"deputy": "", "deputy_text": "colleague", "starts_at": "2026-12-01", "ends_at": "x", "reason": ""},
        "security/": {"old": "x", "new": NEW, "again": NEW},
        "security/end/": {"mark": "x"},
    }
    for page, good in forms.items():
        for name in good:
            answer = client.post(f"/account/{page}", {**good, name: raw})
            assert answer.status_code in (302, 400, 422), (page, name)


def test_a_password_is_changed_by_who_knows_the_old_one_and_ends_the_other_log_ins(desk: World) -> None:
    here, elsewhere = browser(desk.agent), browser(desk.agent)
    assert elsewhere.get("/account/").status_code == 200
    answer = here.post("/account/security/", {"old": PASSWORD, "new": NEW, "again": NEW}, follow=True)
    assert "Your password is changed" in text_of(answer)
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    desk.agent.refresh_from_db()
    assert desk.agent.check_password(NEW)
    assert desk.agent.password.startswith("argon2")
    assert AuditEntry.objects.get(verb="account.password", outcome="done").detail == {"logins_ended": 1}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"old": "wrong"}, "This is not your present password"),
        ({"again": "another sentence"}, "The two new passwords differ"),
        ({"new": "short", "again": "short"}, "too short"),
        ({"new": "1q2w3e4r5t6y7u", "again": "1q2w3e4r5t6y7u"}, "too common"),
        ({"new": "", "again": ""}, "required"),
        ({"old": ""}, "required"),
        ({"new": "x" * 300, "again": "x" * 300}, "at most 256"),
    ],
)
def test_what_is_wrong_with_a_password_is_said_and_the_old_one_stays(
    desk: World, fields: dict[str, str], said: str
) -> None:
    answer = browser(desk.agent).post("/account/security/", {"old": PASSWORD, "new": NEW, "again": NEW, **fields})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert NEW not in answer.content.decode()
    assert Staff.objects.get(pk=desk.agent.pk).check_password(PASSWORD)


def test_a_wrong_present_password_is_in_the_trail(desk: World) -> None:
    browser(desk.agent).post("/account/security/", {"old": "wrong", "new": NEW, "again": NEW})
    entry = AuditEntry.objects.get(verb="account.password")
    assert (entry.outcome, entry.actor) == ("refused", desk.agent)


def test_log_ins_show_device_and_address_and_are_ended_one_by_one_or_all(desk: World) -> None:
    here, elsewhere, third = browser(desk.agent), browser(desk.agent), browser(desk.agent)
    stranger = browser(desk.chief)
    elsewhere.get("/account/", headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.7")
    page = here.get("/account/security/")
    text = text_of(page)
    assert "Firefox, Windows" in text
    assert "203.0.113.7" in text
    keys = [client.session.session_key or "" for client in (here, elsewhere, third, stranger)]
    assert not any(key in page.content.decode() for key in keys)
    here.post("/account/security/end/", {"mark": mark_of(keys[3])})
    assert stranger.get("/account/").status_code == 200, "another person's log-in is not mine to end"
    here.post("/account/security/end/", {"mark": mark_of(keys[1])})
    assert elsewhere.get("/account/").status_code == 302
    assert third.get("/account/").status_code == 200
    here.post("/account/security/end/", {"others": "1"})
    assert third.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert [login.current for login in logins_of(desk.agent, keys[0])] == [True]
    assert set(AuditEntry.objects.filter(verb__startswith="account.end").values_list("verb", flat=True)) == {
        "account.end_login",
        "account.end_logins",
    }
    assert Session.objects.count() == 2


def test_a_device_is_named_by_its_browser_and_system() -> None:
    assert device_of(FIREFOX) == "Firefox, Windows"
    assert device_of("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537.36") == "Chrome, Android"
    assert device_of("") == "unknown device"


def absent(client: Client, deputy: Staff, start: str = "2030-01-01", end: str = "2030-01-05") -> Any:
    data = {"deputy": deputy.pk, "deputy_text": "", "starts_at": start, "ends_at": end, "reason": "年假"}
    return client.post("/account/absence/", data)


def test_D10_my_absence_is_entered_with_a_deputy_and_taken_back(desk: World) -> None:
    client = browser(desk.agent)
    assert absent(client, desk.colleague).status_code == 302
    found = Absence.objects.get()
    assert (found.staff, found.deputy, found.reason) == (desk.agent, desk.colleague, "年假")
    assert desk.agent.full_name in text_of(browser(desk.colleague).get("/account/absence/"))
    assert browser(desk.colleague).post(f"/account/absence/{found.pk}/end/").status_code == 404
    client.post(f"/account/absence/{found.pk}/end/")
    assert not Absence.objects.exists()


def test_an_absence_that_has_begun_ends_now(desk: World) -> None:
    moment = now()
    found = Absence.objects.create(
        staff=desk.agent,
        deputy=desk.colleague,
        starts_at=moment - timedelta(days=1),
        ends_at=moment + timedelta(days=1),
    )
    browser(desk.agent).post(f"/account/absence/{found.pk}/end/")
    found.refresh_from_db()
    assert found.ends_at < moment + timedelta(minutes=1)


def test_an_absence_over_another_is_refused_beside_its_field(desk: World) -> None:
    client = browser(desk.agent)
    absent(client, desk.colleague)
    answer = absent(client, desk.chief, "2030-01-04", "2030-01-09")
    assert answer.status_code == 422
    assert "is away already" in text_of(answer)
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2030-01-05", "2030-01-01", "after the beginning"),
        ("2030-01-05", "2032-01-01", "enter it in parts"),
        ("soon", "2030-01-01", "no date and time"),
        ("", "2030-01-01", "Say when it begins"),
    ],
)
def test_wrong_times_are_said(desk: World, start: str, end: str, said: str) -> None:
    answer = absent(browser(desk.agent), desk.colleague, start, end)
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_D10_deputies_who_stand_in_for_each_other_in_a_ring_are_refused(desk: World) -> None:
    client = browser(desk.agent)
    assert absent(browser(desk.colleague), desk.chief).status_code == 302
    assert absent(browser(desk.chief), desk.agent, "2030-01-03", "2030-01-04").status_code == 302
    answer = absent(client, desk.colleague)
    assert answer.status_code == 422
    assert "away then too" in text_of(answer)
    assert absent(client, desk.colleague, "2030-01-01", "2030-01-02").status_code == 302, "no ring before the third"
    mine: dict[str, Any] = {
        "actor": desk.agent,
        "staff": desk.agent,
        "starts_at": now(),
        "ends_at": now() + timedelta(hours=1),
    }
    with pytest.raises(Invalid):
        actions.set_absence(**mine, deputy=desk.agent)


def test_the_cases_that_I_hold_are_a_reminder_with_the_way_to_them(desk: World) -> None:
    case = desk.register()
    client = browser(desk.agent)
    assert 'hx-get="/account/held/"' in client.get("/account/absence/").content.decode()
    fragment = client.get("/account/held/")
    assert case.number in text_of(fragment)
    assert "You hold 1 open case" in text_of(fragment)
    assert "Nothing is left behind" in text_of(browser(desk.colleague).get("/account/held/"))


def test_roles_and_qualifications_are_there_to_read(desk: World) -> None:
    text = text_of(browser(desk.agent).get("/account/rights/"))
    for word in ("Front desk", "基站主设备", "热线一科", desk.agent.username):
        assert word in text
    assert "/api-keys/" not in browser(desk.agent).get("/account/rights/").content.decode()
    assert browser(desk.agent).post("/account/rights/", {"roles": "administrator"}).status_code == 405
