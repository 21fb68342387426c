"""Callers of the REST interface for the tests of its doors: a person's session, or a person's key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

import service_desk.api  # noqa: F401  (loads every room's scopes)
from service_desk.deadlines.clock import now
from service_desk.people.models import Staff
from service_desk.rest import scopes
from service_desk.rest.actions import issue_key

CASES = "/api/v1/cases/"
WRITE_ONCE = ("registered_at", "registered_by", "number", "handler", "graded_at", "state", "version", "subject")


def session(person: Staff) -> APIClient:
    """The person's browser session; a defect answers 500 instead of raising."""
    client = APIClient(raise_request_exception=False)
    client.force_login(person)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def key(person: Staff, *wanted: str) -> APIClient:
    """A program with the person's key; all scopes unless some are named."""
    _key, text = issue_key(
        actor=person, owner=person, name="robot", scopes=wanted or scopes.known(), expires_at=now() + timedelta(days=1)
    )
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}", HTTP_ACCEPT_LANGUAGE="en")
    return client


def fields(answer: Any) -> dict[str, str]:
    """The code of each field that a problem names."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    return {error["field"]: error["code"] for error in answer.json().get("errors", [])}


def move(client: APIClient, number: str, verb: str, version: int | str = "*", /, **body: Any) -> Any:
    """POST one verb of a case, from this version of it."""
    tag = version if version == "*" else f'"{version}"'
    return client.post(f"{CASES}{number}/{verb}/", body, headers={"If-Match": tag})
