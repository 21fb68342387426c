"""P6: every address of the product, as every role, against a complaint: nothing of it comes out, and nothing breaks.

The addresses are taken from the site map itself. One with parts in it must stand in routes.txt, with the thing of the
complaint that is put there: a new one without its line fails here, so that nobody forgets to ask what it shows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions as moves
from service_desk.cases.models import Case, CaseEvent, CaseFile
from service_desk.complaints.actions import suggest
from service_desk.complaints.models import Suggestion
from service_desk.deadlines import engine
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import Door
from service_desk.knowledge.models import BookRelease, LanguageFinding
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import Staff
from service_desk.quality.models import Violation
from tests.complaints.making import PHONE, SECRET, WHO, complaint, decided, desk, fill
from tests.factories import World, shift_time

pytestmark = pytest.mark.django_db
ROUTES = Path(__file__).with_name("routes.txt")
#: What must come out of no door, whoever of these asks.
TOLD = (SECRET, WHO, PHONE, PHONE[:6], "福中三路", "被挂断两次", "书面道歉", "录音证实", "证物", "CMP-")
#: Roles and relations: the person concerned, their chief and head, and everybody who sees a lot elsewhere.
STRANGERS = (
    "colleague",
    "chief",
    "head",
    "president",
    "engineer",
    "group",
    "gm_product",
    "admin",
    "auditor",
    "inspector",
)
#: Those who also send what they can, and for whom a hidden number is compared with one that never was.
CLOSEST = ("colleague", "chief", "admin")
#: Streams that never end, and what would end the session of who asks.
LEFT_OUT = {"event-stream", "logout", "account-login-end"}


@cache
def table() -> dict[str, dict[str, str]]:
    """Which thing stands in which part of which address."""
    found = {}
    for line in ROUTES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *parts = line.split()
            found[name] = dict(part.split("=") for part in parts)
    return found


def routes(resolver: Any = None, space: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named address of the site map with the names of its parts."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:
            parts = tuple(pattern.pattern.converters) or tuple(pattern.pattern.regex.groupindex)
            yield space + pattern.name, parts


class Secret:
    """A complaint with one of everything that hangs on one."""

    def __init__(self) -> None:
        self.desk: World = desk()
        here = self.desk
        self.complaint = complaint(here, level="major", next_reply_at=now() + timedelta(hours=2))
        self.case = Case.objects.get(pk=self.complaint.pk)
        moves.start(case=self.case, actor=here.agent)
        moves.note(case=self.case, actor=here.agent, text="录音证实，已听")
        moves.attach(case=self.case, actor=here.agent, content="录音证实".encode(), name="证物.txt")
        fill(self.complaint, here.agent)
        later = now() + timedelta(days=2)
        suggest(case=self.case, actor=here.agent, unit=here.unit, text="增加值守", due_at=later)
        shift_time(self.case, hours=7)
        engine.sweep(Door.CELERY)
        decided(self.complaint, here.agent)
        self._found_by_the_language_check()
        self.things = self._things()

    def _found_by_the_language_check(self) -> None:
        release = BookRelease.objects.order_by("number").last() or BookRelease.objects.create(
            number=1, content={}, sha256="0" * 64, entries=0
        )
        LanguageFinding.objects.create(
            release=release,
            entry="x1",
            form="x",
            start=0,
            end=1,
            excerpt=SECRET,
            category="impatient",
            severity="warn",
            how="exact",
            direction="internal_note",
            speaker="agent",
            thing=f"case:{self.case.pk}",
            said_by=self.desk.agent,
        )

    def _things(self) -> dict[str, Any]:
        notice = Notice.objects.filter(about=f"case:{self.case.pk}").latest("pk")
        delivery = Delivery.objects.filter(notice__about=f"case:{self.case.pk}").first()
        return {
            "number": self.case.number,
            "case_row": self.case.pk,
            "customer": self.case.customer_id,
            "file": CaseFile.objects.get(case=self.case).pk,
            "clock": self.case.deadlines.earliest("pk").pk,
            "notice": notice.key,
            "delivery": delivery.pk if delivery else 1,
            "violation": Violation.objects.get().pk,
            "suggestion": Suggestion.objects.get().pk,
            "finding": LanguageFinding.objects.get().pk,
            "audit": AuditEntry.objects.filter(thing=f"case:{self.case.pk}").latest("pk").pk,
            "staff": self.desk.colleague.pk,
            "verb": "note",
            "row": 1,
            "ref": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "deed": "test",
            "kind": "service_report",
            "slug": "service_report",
            "code": "en",
            "url": "x",
            "app_label": "cases",
            "token": "none",
            "key": "none",
            "uuid": uuid.uuid4(),
            "year": 2026,
            "format": "json",
        }


def address(name: str, parts: tuple[str, ...], secret: Secret) -> str:
    """The address with the things of the complaint in its parts."""
    if not parts:
        return reverse(name)
    given = table()[name]
    return reverse(name, kwargs={part: secret.things.get(given[part], given[part]) for part in parts})


def leaks(response: Any) -> list[str]:
    """What of the complaint stands in an answer, its headers included."""
    if getattr(response, "streaming", False):
        body = b"".join(response.streaming_content).decode("utf-8", "replace")
    else:
        body = response.content.decode("utf-8", "replace")
    return [told for told in TOLD if told in body + str(response.headers)]


def browser(person: Staff) -> Client:
    client = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def test_every_address_with_parts_has_its_line() -> None:
    missing = sorted({name for name, parts in routes() if parts and name not in table()})
    assert missing == [], "say in routes.txt which thing of a complaint stands there, if any"


def test_the_circle_itself_does_see_it_so_that_the_sweep_can_fail() -> None:
    secret = Secret()
    page = browser(secret.desk.agent).get(reverse("case-detail", args=[secret.case.number]))
    assert page.status_code == 200
    assert {SECRET, "CMP-"} <= set(leaks(page))


def call(client: Client, method: str, path: str) -> Any:
    """One request without a body: what is asked is who may, not what."""
    if path.startswith("/api/") and method == "POST":
        return client.post(path, {}, content_type="application/json")
    return client.generic(method, path)


@pytest.mark.parametrize("who", STRANGERS)
def test_no_address_shows_anything_of_a_complaint(who: str) -> None:
    secret = Secret()
    client = browser(secret.desk.people[who])
    out: list[Any] = []
    for name, parts in sorted(set(routes())):
        if name in LEFT_OUT or (parts and name not in table()):
            continue
        path = address(name, parts, secret)
        hidden = bool(parts) and "number" in table()[name].values()
        for method in ("GET", "POST") if parts and who in CLOSEST else ("GET",):
            response = call(client, method, path)
            told = [each for each in leaks(response) if not (each == "CMP-" and hidden)]
            if told or response.status_code == 500:
                out.append((method, name, response.status_code, told))
            if hidden and who in CLOSEST:
                missing = call(client, method, path.replace(secret.case.number, "CMP-20200101-0001"))
                if missing.status_code != response.status_code:
                    out.append((method, name, response.status_code, "a missing number", missing.status_code))
    assert out == [], "\n".join(map(str, out))


def test_no_search_list_or_suggestion_finds_it() -> None:
    secret = Secret()
    out = []
    for who in ("colleague", "chief", "admin", "inspector"):
        client = browser(secret.desk.people[who])
        for name, parts in sorted(set(routes())):
            if parts or name in LEFT_OUT:
                continue
            for asked in (SECRET[:6], PHONE):
                response = client.get(reverse(name), {"q": asked, "phone": asked, "caller": asked, "fault": asked})
                told = [each for each in leaks(response) if each not in asked and asked not in each]
                if told:
                    out.append((who, name, asked, told))
    assert out == []


def test_nothing_of_it_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret()
    with caplog.at_level("DEBUG"):
        moves.note(case=secret.case, actor=secret.desk.agent, text="再次联系")
        browser(secret.desk.chief).get(reverse("case-detail", args=[secret.case.number]))
    words = caplog.text
    assert not any(told in words for told in (SECRET, WHO, PHONE))
    assert SECRET not in str(secret.case)
    assert CaseEvent.objects.filter(case=secret.case).exists()
