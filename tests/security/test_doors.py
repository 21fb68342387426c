"""Every address of the product against everybody: strangers at the public doors alone, each role where it is meant.

The addresses come from the site map, so that a new one is asked as soon as it is there. roles.txt says which roles may
open which page; `DOORS=write .venv/bin/pytest tests/security/test_doors.py` writes it anew, and its difference is
what a review reads. What somebody sees behind a door is asked by the sweep over a confidential complaint
(tests/complaints/test_sweep.py).
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from service_desk.cases import actions as moves
from service_desk.cases.models import CaseFile
from service_desk.deadlines.clock import now
from service_desk.people.rules import Role
from tests.complaints.test_sweep import METHODS, operations, routes, table
from tests.factories import World, staff, world

pytestmark = pytest.mark.django_db
ROLES = Path(__file__).with_name("roles.txt")
HEAD = "# Which roles may open which page: * is everybody, one without a line nobody. See test_doors.py.\n"
#: Streams that never end, and what ends the log-in of who asks.
LEFT_OUT = {"event-stream", "board-stream", "logout", "admin:logout"}
#: What is for everybody, and why.
OPEN = {
    "login": "the log-in itself", "logout": "its end", "admin:login": "the same page", "admin:logout": "the same",
    "set_language": "the log-in page is read in one's own language", "theme": "and in one's own colours",
    "icon": "the picture beside a page's title",
    "healthz": "probes", "readyz": "probes", "livez": "probes",
    "help": "articles for customers", "help-article": "the same", "help-vote": "the same", "help-language": "the same",
    "article-picture": "pictures in them; those of inner articles are not there for strangers",
    "complain": "who complains needs no account", "complain-state": "nor who asks what came of it, with their code",
    "home": "leads to the desk, which asks", "server-time": "the time of day", "design": "there in development alone",
    "notice-acknowledge-link": "the link of a letter, with its token",
}  # fmt: skip

WHERE_ONE_LOGS_IN = ("/login/", "/admin/login/", "/account/second-step/")
#: What is still of use to who has given the password and owes the code.
OPEN_TO_HALF = {"login", "logout", "set_language", "healthz", "readyz", "livez", "second-step"}


def things(desk: World) -> dict[str, Any]:
    """What stands in the parts of an address: an ordinary case and what hangs on it."""
    case = desk.register(severity="minor")
    moves.start(case=case, actor=desk.agent)
    moves.attach(case=case, actor=desk.agent, content=b"line", name="a.log")
    return {
        "number": case.number,
        "case_row": case.pk,
        "customer": case.customer_id,
        "file": CaseFile.objects.get(case=case).pk,
        "clock": case.deadlines.earliest("pk").pk,
        "notice": uuid.uuid4(),
        "staff": desk.colleague.pk,
        "delivery": 1, "violation": 1, "suggestion": 1, "finding": 1, "audit": 1, "row": 1, "year": 2026,
        "verb": "note", "ref": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "deed": "test", "kind": "service_report",
        "slug": "service_report", "code": "en", "url": "x", "app_label": "cases", "token": "none", "key": "none",
        "uuid": uuid.uuid4(), "list": "cases", "figure": "complaints", "csv": "csv", "format": "json",
    }  # fmt: skip


def addresses(desk: World) -> dict[str, str]:
    """Each name of the site map with an address that can be called."""
    here = things(desk)
    found = {}
    for name, parts in routes():
        given = table()[name] if parts else {}
        found[name] = reverse(name, kwargs={part: here.get(given[part], given[part]) for part in parts})
    return found


def is_turned_away(response: Any) -> bool:
    """Refused, or led to where one logs in or gives the second step."""
    led = str(response.headers.get("Location", ""))
    return response.status_code in (401, 403) or (response.status_code == 302 and led.startswith(WHERE_ONE_LOGS_IN))


def call(client: Client, method: str, path: str) -> Any:
    """One request without a body: what is asked is who may, not what."""
    if path.startswith("/api/") and method != "GET":
        return client.generic(method, path, b"{}", content_type="application/json")
    return client.generic(method, path)


def let_in(client: Client, doors: dict[str, str]) -> dict[str, list[tuple[str, int]]]:
    """Where this browser is not turned away, by any method that an address has."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, path in doors.items():
        now()  # a stranger costs no query; on a slow machine PostgreSQL would end the test's idle transaction
        for method in METHODS:
            if method in operations().get(name, {"GET", "POST"}):
                response = call(client, method, path)
                if not is_turned_away(response) and response.status_code != 405:
                    found[name].append((method, response.status_code))
    return found


def test_who_is_not_logged_in_is_let_in_nowhere_but_at_the_public_doors() -> None:
    doors = addresses(world())
    found = let_in(Client(), doors)
    assert {name: said for name, said in found.items() if name not in OPEN} == {}
    assert OPEN.keys() - doors.keys() == set(), "what is gone from the site map goes from this list"


def test_who_owes_the_second_step_is_let_in_nowhere_but_there() -> None:
    desk = world()
    client = Client()
    client.force_login(desk.admin)
    session = client.session
    session["second_step"] = "code"
    session.save()
    doors = addresses(desk)
    del doors["logout"]  # would end what is tried
    found = let_in(client, doors)
    assert {name: said for name, said in found.items() if name not in OPEN_TO_HALF} == {}


def opened() -> dict[str, str]:
    """By address, the roles that it opens to."""
    desk = world()
    doors = addresses(desk)
    here: dict[str, list[str]] = {name: [] for name in doors if name not in LEFT_OUT}
    for role in Role.values:
        client = Client()
        client.force_login(staff(f"only-{role}", role, unit=desk.unit))
        for name, found in here.items():
            if "GET" in operations().get(name, {"GET"}):
                response = call(client, "GET", doors[name])
                assert response.status_code != 500, (role, doors[name])
                if not is_turned_away(response) and response.status_code not in (404, 405):
                    found.append(role)
    return {name: "*" if len(found) == len(Role.values) else ",".join(found) for name, found in here.items() if found}


def test_each_role_opens_what_is_meant_for_it_and_nothing_else() -> None:
    is_now = opened()
    admins = {is_now.pop(name) for name in list(is_now) if name.startswith("admin:") and name != "admin:login"}
    assert admins == {Role.ADMINISTRATOR}
    if os.environ.get("DOORS") == "write":
        ROLES.write_text(HEAD + "".join(f"{name} {roles}\n" for name, roles in sorted(is_now.items())))
    lines = ROLES.read_text().splitlines()[1:]
    meant: dict[str, str] = dict(line.split() for line in lines)
    changed = {name: (meant.get(name), is_now.get(name)) for name in meant.keys() | is_now.keys()}
    assert {name: pair for name, pair in changed.items() if pair[0] != pair[1]} == {}
