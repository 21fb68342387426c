"""The frame of every page: theme, clock, the page of components, the log-in, and pages that need nothing."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import Client
from django.utils import translation

from service_desk.deadlines.clock import now
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from tests.factories import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Staff:
    person = staff("root", Role.ADMINISTRATOR)
    client.force_login(person)
    return person


def test_the_page_of_components_shows_every_component_and_obeys_the_csp(client: Client, administrator: Staff) -> None:
    answer = client.get("/design/", headers={"accept-language": "en"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("<desk-clock") == 26
    assert " style=" not in html
    assert "<script>" not in html
    assert "onclick" not in html


def test_the_page_of_components_is_for_administrators(client: Client) -> None:
    client.force_login(staff("plain", Role.FRONT_DESK))
    assert client.get("/design/").status_code == 404


def test_a_theme_is_kept_for_the_browser_and_the_person(client: Client, administrator: Staff) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": "/design/"})
    administrator.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/design/")
    assert administrator.theme == "dark"
    assert client.cookies["desk_theme"].value == "dark"
    assert 'data-theme="dark"' in client.get("/design/").content.decode()


@pytest.mark.parametrize("theme", ["purple", "", "\0", "x" * 10_000])
def test_an_unknown_theme_is_the_devices(client: Client, theme: str) -> None:
    client.post("/theme/", {"theme": theme})
    assert client.cookies["desk_theme"].value == "auto"


def test_the_switch_leads_nowhere_else(client: Client) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": "https://example.com/"})["Location"] == "/"


def test_D1_the_page_is_told_the_databases_time(client: Client, administrator: Staff) -> None:
    answer = client.get("/now/")
    assert answer.json()["now"] <= now().isoformat()
    assert answer["Cache-Control"] == "no-store"
    assert '<meta name="server-time" content="20' in client.get("/design/").content.decode()


def test_the_log_in_page_is_plain_and_light(client: Client) -> None:
    answer = client.get("/login/?next=/desk/", headers={"accept-language": "en"})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-reveal="id_password"' in html
    assert 'name="next" value="/desk/"' in html
    assert len(answer.content) < 20_000


def test_a_wrong_password_is_said_in_words(client: Client) -> None:
    html = client.post("/login/", {"username": "nobody", "password": "wrong"}).content.decode()
    assert 'role="alert"' in html
    assert "data-form-errors" in html


@pytest.mark.parametrize("page", ["400.html", "403.html", "404.html", "500.html", "403_csrf.html"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_error_pages_need_neither_context_nor_database(
    page: str, language: str, django_assert_num_queries: Any
) -> None:
    with translation.override(language), django_assert_num_queries(0):
        html = render_to_string(page)
    assert "<h1>" in html
    assert 'href="/"' in html


def test_the_lock_out_says_how_long(client: Client) -> None:
    for _attempt in range(11):
        answer = client.post("/login/", {"username": "ouyang", "password": "wrong"}, headers={"accept-language": "en"})
    assert answer.status_code == 429
    assert "Please wait 15 min, then try again." in answer.content.decode()


def test_a_page_that_names_no_icon_finds_one(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, static("icon.svg"))


def test_the_administration_names_log_in_attempts_in_the_readers_language(client: Client, administrator: Staff) -> None:
    seen = client.get("/admin/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "登录尝试" in seen
    assert "ccess attempts" not in seen
    assert "Axes" not in seen
