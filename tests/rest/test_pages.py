"""The pages of the REST interface: keys are issued, shown once and revoked; the documentation shows every operation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from service_desk.api import PREFIX
from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff
from service_desk.rest import documentation
from service_desk.rest.models import ApiKey
from tests import factories

KEYS = "/api-keys/"


@pytest.fixture(autouse=True)
def _whole_interface(settings: Any) -> None:
    settings.ROOT_URLCONF = "service_desk.urls"


@pytest.fixture
def admin(db: None) -> Staff:
    return factories.staff("admin", "administrator")


def browser(person: Staff) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def asked(owner: Staff, /, **more: Any) -> dict[str, Any]:
    return {"name": "电话系统", "owner": owner.pk, "scopes": ["cases:read", "people:read"], "days": 90, **more}


def test_a_key_is_issued_shown_once_and_works(admin: Staff) -> None:
    page = browser(admin)
    owner = factories.staff("robot", "front_desk")
    answer = page.post(KEYS, asked(owner, networks="127.0.0.0/8, 192.0.2.7"))
    (text,) = re.findall(r"sdk_[a-z0-9]{8}_[0-9a-f]+", answer.content.decode())
    assert answer.headers["Cache-Control"] == "no-store"
    assert text not in page.get(KEYS).content.decode()
    key = ApiKey.objects.get()
    assert (key.owner, key.scopes, key.allowed_networks) == (
        owner,
        ["cases:read", "people:read"],
        ["127.0.0.0/8", "192.0.2.7/32"],
    )
    assert text not in str(ApiKey.objects.values().get())
    robot = APIClient()
    robot.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert robot.get(f"{PREFIX}v1/me/").json()["username"] == "robot"
    assert page.post(f"{KEYS}{key.pk}/revoke/").status_code == 302
    assert robot.get(f"{PREFIX}v1/me/").status_code == 401
    assert list(AuditEntry.objects.filter(verb__startswith="apikey").values_list("verb", flat=True).order_by("id")) == [
        "apikey.issue",
        "apikey.revoke",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("name", "\x00"),
        ("owner", 2**70),
        ("owner", "x\x00"),
        ("scopes", []),
        ("scopes", ["cases:everything"]),
        ("days", 5000),
        ("networks", "not a network"),
        ("networks", "\x00"),
    ],
)
def test_a_key_that_is_none_is_refused_beside_its_field(admin: Staff, field: str, value: Any) -> None:
    answer = browser(admin).post(KEYS, asked(admin, **{field: value}))
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_only_an_administrator_manages_keys(admin: Staff) -> None:
    agent = browser(factories.staff("agent", "front_desk"))
    assert agent.get(KEYS).status_code == 403
    assert agent.post(KEYS, asked(admin)).status_code == 403
    assert Client().get(KEYS).status_code == 302
    assert not ApiKey.objects.exists()
    assert AuditEntry.objects.filter(outcome="refused", verb="apikey.list").count() == 2


def test_the_documentation_shows_every_operation_and_runs_nothing(admin: Staff) -> None:
    assert Client().get("/api/v1/docs/").status_code == 302
    page = browser(admin).get("/api/v1/docs/").content.decode()
    told = documentation.operations(documentation.description("en"))
    found = [operation for group in told.values() for operation in group]
    assert len(found) > 30
    assert all(f'id="{operation.id}"' in page for operation in found)
    assert "style=" not in page
    assert "//cdn" not in page
    assert "unsafe-inline" not in browser(admin).get("/api/v1/docs/").headers["Content-Security-Policy"]


def test_the_description_is_for_those_who_are_known(admin: Staff) -> None:
    assert APIClient().get("/api/v1/schema/").status_code == 401
    answer = browser(admin).get("/api/v1/schema/")
    assert (answer.status_code, answer.json()["info"]["title"]) == (200, "Service Desk")
    start = answer.json()["paths"]["/api/v1/cases/{number}/start/"]["post"]
    assert start["x-required-scope"] == "cases:write"
    assert {parameter["name"] for parameter in start["parameters"]} >= {"If-Match", "Idempotency-Key", "number"}
