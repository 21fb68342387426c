"""A request with nonsense in its cookies or headers is answered plainly, by pages and by the REST interface."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from rest_framework.test import APIClient

from service_desk.people.models import Staff
from tests import factories
from tests.cases.callers import session

NONSENSE = ["\x00aaaaaaaaaaaaa", '"\\000aaaaaaaaaaaaa"', "x" * 5000, "é" * 40, '"', "a b", "'; --aaaaaaaa"]


@pytest.fixture
def agent(db: None) -> Staff:
    return factories.staff("agent")


@pytest.mark.parametrize("name", ["desk_session", "desk_csrf", "desk_language", "messages"])
@pytest.mark.parametrize("value", NONSENSE)
def test_a_cookie_may_hold_anything(agent: Staff, name: str, value: str) -> None:
    client = APIClient(raise_request_exception=False)
    rest, page = (client.get(path, headers={"Cookie": f"{name}={value}"}) for path in ("/api/v1/me/", "/login/"))
    assert (rest.status_code, page.status_code) == (401, 200)


def test_a_genuine_session_is_known(agent: Staff) -> None:
    client = session(agent)
    assert client.get("/api/v1/me/").json()["username"] == "agent"
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "header",
    ["Authorization", "Accept", "Accept-Language", "Idempotency-Key", "If-Match", "Host", "X-Forwarded-For", "Referer"],
)
@pytest.mark.parametrize(
    "value", ["", "\x00", "Bearer sdk_", f"Bearer sdk_\x00aaaaaaa_{'a' * 48}", "é", "*/*;q=x", "x" * 9000, "-1", "⁂"]
)
def test_a_header_may_hold_anything(agent: Staff, header: str, value: str) -> None:
    sent = value.encode().decode("latin-1")  # as a server hands it on
    answer = session(agent).post("/api/v1/customers/", {}, headers={header: sent})
    assert HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_log_in_from_before_the_desk_had_a_backend_of_its_own_goes_on(agent: Staff) -> None:
    client = Client()
    client.force_login(agent)
    early = client.session
    early["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    early.save()
    assert client.get("/account/").status_code == 200
