"""P6: every address of the product, as every role, against a complaint: nothing of it comes out, and nothing breaks.

The addresses are taken from the site map itself. One with parts in it must stand in routes.txt, with the thing of the
complaint that is put there: a new one without its line fails here, so that nobody forgets to ask what it shows.
Which methods an operation of the REST interface has, its view says; a page is asked by GET and POST.
"""

from __future__ import annotations

import re
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
#: The short ones may stand by chance in what is drawn by lot (tokens, nonces, microseconds), so they must stand alone.
_ALONE = {"CMP-": r"(?<![A-Za-z0-9_-])CMP-\d", PHONE[:6]: rf"(?<![A-Za-z0-9_.-])(?:\+?86[ -]?)?{PHONE[:6]}"}
_PATTERNS = {told: re.compile(_ALONE.get(told, re.escape(told))) for told in TOLD}
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
LEFT_OUT = {"event-stream", "board-stream", "logout", "account-login-end"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: What an address has answered 405 to: it does so to everybody, and need not be asked again.
REFUSED: set[tuple[str, str]] = set()


@cache
def table() -> dict[str, dict[str, str]]:
    """Which thing stands in which part of which address."""
    found = {}
    for line in ROUTES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, *parts = line.split()
            found[name] = dict(part.split("=") for part in parts)
    return found


def patterns(resolver: Any = None, space: str = "") -> Iterator[tuple[str, Any]]:
    """Every named pattern of the site map."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:
            yield space + pattern.name, pattern


@cache
def routes() -> list[tuple[str, tuple[str, ...]]]:
    """Every named address with the names of its parts, in order."""
    return sorted({
        (name, tuple(each.pattern.converters) or tuple(each.pattern.regex.groupindex)) for name, each in patterns()
    })  # fmt: skip


@cache
def operations() -> dict[str, set[str]]:
    """The methods of each address of the REST interface, by its view; pages do not say theirs."""
    found: dict[str, set[str]] = {}
    for name, pattern in patterns():
        view = getattr(pattern.callback, "cls", None)
        if view is not None:
            given = getattr(pattern.callback, "actions", None) or [
                method for method in view.http_method_names if hasattr(view, method)
            ]
            found.setdefault(name, set()).update(method.upper() for method in given)
    return found


def methods(name: str, who: str, *, parts: bool) -> Iterator[str]:
    """What this person asks there by; only the closest also send."""
    known = operations().get(name, {"GET", "POST"})
    for method in METHODS:
        if method in known and (method, name) not in REFUSED and (method == "GET" or (parts and who in CLOSEST)):
            yield method


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
            "list": "complaints",
            "figure": "complaints",
            "csv": "csv",
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
    answer = body + str(response.headers)
    return [told for told, pattern in _PATTERNS.items() if pattern.search(answer)]


def where(response: Any, told: list[str]) -> list[str]:
    """The surroundings of what was told, for the message of a failure."""
    body = "" if getattr(response, "streaming", False) else response.content.decode("utf-8", "replace")
    found = (_PATTERNS[each].search(body) for each in told)
    return [body[max(0, match.start() - 60) : match.end() + 20] for match in found if match]


def browser(person: Staff) -> Client:
    client = Client(raise_request_exception=False, headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def without_a_line() -> list[str]:
    """Addresses with parts of which nobody has said what stands there."""
    return [name for name, parts in routes() if parts and name not in table()]


def test_every_address_with_parts_has_its_line() -> None:
    assert without_a_line() == [], "say in routes.txt which thing of a complaint stands there, if any"


def test_the_circle_itself_does_see_it_so_that_the_sweep_can_fail() -> None:
    secret = Secret()
    page = browser(secret.desk.agent).get(reverse("case-detail", args=[secret.case.number]))
    assert page.status_code == 200
    assert {SECRET, "CMP-"} <= set(leaks(page))


def test_the_methods_of_an_operation_are_known() -> None:
    assert "PATCH" in operations()["api-case-report-detail"]
    assert "DELETE" in operations()["api-case-article-detail"]
    assert "PUT" in operations()["api-article-draft"]


def call(client: Client, method: str, path: str) -> Any:
    """One request without a body: what is asked is who may, not what."""
    if path.startswith("/api/") and method != "GET":
        return client.generic(method, path, b"{}", content_type="application/json")
    return client.generic(method, path)


@pytest.mark.parametrize("who", STRANGERS)
def test_no_address_shows_anything_of_a_complaint(who: str) -> None:
    secret = Secret()
    client = browser(secret.desk.people[who])
    out: list[Any] = []
    for name, parts in routes():
        if name in LEFT_OUT or (parts and name not in table()):
            continue
        path = address(name, parts, secret)
        hidden = bool(parts) and "number" in table()[name].values()
        for method in methods(name, who, parts=bool(parts)):
            response = call(client, method, path)
            if response.status_code == 405:
                REFUSED.add((method, name))
            told = [each for each in leaks(response) if not (each == "CMP-" and hidden)]
            if told or response.status_code == 500:
                out.append((method, name, response.status_code, told, where(response, told)))
            if hidden and who in CLOSEST and response.status_code != 405:
                missing = call(client, method, path.replace(secret.case.number, "CMP-20200101-0001"))
                if missing.status_code != response.status_code:
                    out.append((method, name, response.status_code, "a missing number", missing.status_code))
    assert out == [], "\n".join(map(str, out))


#: Words of the complaint in every field that a search may have; then its number of a telephone alone.
ASKED = ({"q": SECRET[:6], "phone": PHONE, "caller": WHO, "fault": SECRET[:6]}, {"q": PHONE})


@pytest.mark.parametrize("who", ["colleague", "chief", "admin", "inspector"])
def test_no_search_list_or_suggestion_finds_it(who: str) -> None:
    secret = Secret()
    client = browser(secret.desk.people[who])
    out = []
    for name, parts in routes():
        if parts or name in LEFT_OUT or ("GET", name) in REFUSED:
            continue
        for asked in ASKED:
            response = client.get(reverse(name), asked)
            told = [each for each in leaks(response) if not any(each in word for word in asked.values())]
            if told or response.status_code == 500:
                out.append((name, asked, response.status_code, told, where(response, told)))
            if response.status_code != 200:
                break  # what answers no question needs no second one
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
