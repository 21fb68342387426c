"""Getting in and staying in: guessing is stopped by name and address, a log-in ends, whatever headers are forged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as now_set
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from service_desk.local import postgres
from tests.factories import PASSWORD, World, world

TRIES = 3  # of the ten; each guess costs the work of Argon2


@pytest.fixture
def desk(db: None, settings: Any) -> World:
    assert settings.AXES_FAILURE_LIMIT <= 10
    settings.AXES_FAILURE_LIMIT = TRIES
    made = world()
    made.agent.set_password(PASSWORD)
    made.agent.save()
    return made


def tries(name: str, password: str = "wrong", *, address: str = "10.1.1.1", forwarded: str = "") -> int:
    """The status that a log-in is answered with: 302 is inside, 200 the form again, 429 locked out."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    sent = {"username": name, "password": password}
    return Client().post("/login/", sent, headers=headers, REMOTE_ADDR=address).status_code


def test_after_some_wrong_guesses_the_right_one_is_of_no_use_from_there_but_is_elsewhere(desk: World) -> None:
    name = desk.agent.username
    assert [tries(name) for _try in range(TRIES)] == [200] * (TRIES - 1) + [429]
    assert tries(name, PASSWORD) == 429
    assert tries(name, PASSWORD, address="10.1.1.2") == 302, "a stranger's guesses lock nobody out of their own place"


def test_a_forged_address_does_not_escape_the_lock(desk: World) -> None:
    name = desk.agent.username
    for number in range(TRIES):
        tries(name, forwarded=f"10.9.9.{number}")
    assert tries(name, PASSWORD, forwarded="10.9.9.200") == 429


def test_behind_a_proxy_its_word_counts_and_what_the_caller_put_before_it_does_not(desk: World, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    name, proxy = desk.agent.username, "10.0.0.5"
    for number in range(TRIES):
        tries(name, address=proxy, forwarded=f"10.9.9.{number}, 203.0.113.7")
    assert tries(name, PASSWORD, address=proxy, forwarded="10.9.9.200, 203.0.113.7") == 429
    assert tries(name, PASSWORD, address=proxy, forwarded="203.0.113.8") == 302, "the proxy itself is not locked out"


def test_an_unknown_name_is_answered_like_a_wrong_password_with_as_much_work(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []

    def counted(done: Any) -> Any:
        def work(*given: Any, **named: Any) -> Any:
            worked.append("argon2")
            return done(*given, **named)

        return work

    for method in ("encode", "verify"):
        monkeypatch.setattr(Argon2PasswordHasher, method, counted(getattr(Argon2PasswordHasher, method)))
    pages = []
    for name in (desk.agent.username, "nobody-of-that-name"):
        page = Client().post("/login/", {"username": name, "password": "wrong"}).content.decode()
        pages.append(page[page.index("<form") :].replace(name, "NAME"))
    assert len(worked) == 2
    assert scrubbed(pages[0]) == scrubbed(pages[1])


def scrubbed(page: str) -> list[str]:
    """The lines of a form without its tokens."""
    return [line for line in page.splitlines() if "csrf" not in line and "nonce" not in line]


def test_a_key_that_was_there_before_the_log_in_is_worth_nothing_after_it(desk: World) -> None:
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    before = str(session.session_key)
    client.cookies[now_set.SESSION_COOKIE_NAME] = before
    client.post("/login/", {"username": desk.agent.username, "password": PASSWORD})
    assert str(client.session.session_key) != before
    fixed = Client()
    fixed.cookies[now_set.SESSION_COOKIE_NAME] = before
    assert fixed.get("/desk/").status_code == 302


def test_a_log_in_ends_after_twelve_hours_however_busy_it_is(desk: World) -> None:
    client = Client()
    client.force_login(desk.agent)
    assert client.get("/cases/").status_code == 200
    session, now = client.session, int(timezone.now().timestamp())
    session["began"], session["seen"] = now - now_set.SESSION_COOKIE_AGE + 60, now - 120
    session.save()
    assert client.get("/cases/").status_code == 200
    session = client.session
    assert session["seen"] >= now, "it is busy"
    session["began"] = now - now_set.SESSION_COOKIE_AGE - 60
    session.save()
    assert client.get("/cases/").status_code == 302


@pytest.mark.parametrize("path", ["/cases/", "/api/v1/cases/", "/no-such-page/", "/healthz", "/help/", "/admin/"])
def test_every_answer_carries_what_keeps_a_browser_in_bounds(desk: World, path: str) -> None:
    client = Client()
    client.force_login(desk.admin)
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe-" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "no-store" in answer.headers.get("Cache-Control", "") or path in ("/healthz", "/help/")


@pytest.mark.parametrize(
    ("name", "parts"), [("complain", []), ("complain-state", []), ("notice-acknowledge-link", ["x"])]
)
def test_what_strangers_are_shown_of_their_matter_is_kept_nowhere(db: None, name: str, parts: list[str]) -> None:
    answer = Client().get(reverse(name, args=parts))
    assert answer.status_code in (200, 404)
    assert "no-store" in answer.headers["Cache-Control"]


def test_over_TLS_cookies_belong_to_this_host_alone_and_plain_HTTP_is_left_for_good() -> None:
    names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    names += [
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "CSRF_COOKIE_SAMESITE",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_PROXY_SSL_HEADER",
        "DEBUG",
    ]
    code = f"import json; from service_desk import settings; print(json.dumps([getattr(settings, n) for n in {names}]))"
    given = os.environ | {"SITE_URL": "https://desk.example"}
    said = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == [
        "__Host-desk_session", "__Host-desk_csrf", True, True, True, "Lax", "Lax", True,
        365 * 86400, True, None, False,
    ]  # fmt: skip


def test_passwords_are_long_and_kept_by_argon2() -> None:
    assert now_set.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    validators: Any = now_set.AUTH_PASSWORD_VALIDATORS
    lengths = [each.get("OPTIONS", {}).get("min_length") for each in validators]
    assert max(length for length in lengths if length) >= 12


def test_workers_take_data_and_no_objects_and_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    assert now_set.CELERY_ACCEPT_CONTENT == ["json"]
    assert now_set.CELERY_TASK_SERIALIZER == "json"
    assert {"listen_addresses=", "unix_socket_permissions=0700"} <= set(postgres.COMMON)
    given = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    code = "from service_desk import settings; print(len(settings.SECRET_KEY))"
    env = given | {"SERVICE_DESK_DATA": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert int(said) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
