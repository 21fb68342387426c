"""What the tests of the desk's pages share: a person's browser, and reading what stands on a page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client

from service_desk.cases.models import Case, CaseEvent
from service_desk.people.models import Staff

HTMX = {"HX-Request": "true"}


def browser(person: Staff, language: str = "en") -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(person)
    client.cookies["desk_language"] = language
    return client


def text_of(response: Any) -> str:
    """The words of a page, without its marks."""
    html = re.sub(r"<(script|style|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def url(case: Case, verb: str) -> str:
    """Where a move is made."""
    return f"/cases/{case.number}/do/{verb}/"


def post(client: Client, case: Case, verb: str, *, version: int | None = None, **answers: Any) -> Any:
    """Send a move's form as somebody does who has just opened it."""
    known = Case.objects.get(pk=case.pk).version
    seen = CaseEvent.objects.filter(case=case).order_by("pk").values_list("pk", flat=True).last() or 0
    data = {"version": known if version is None else version, "seen": seen, **answers}
    return client.post(url(case, verb), data)
