"""What shows numbers, takes data away or gives rights asks once more who sits there: every address is asked.

The addresses come from the site map. A page that loses its proof, and one that asks without standing here, both fail.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from service_desk.people.second_step import FRESH_SECONDS
from tests.complaints.test_sweep import METHODS, operations
from tests.factories import World, world
from tests.security.test_doors import LEFT_OUT, addresses, call

pytestmark = pytest.mark.django_db
#: What shows what is masked, or gives a file or a copy of it.
SHOWN = {
    "case-reveal", "number-reveal", "staff-mobile", "message-reveal", "complaint-reveal", "complaint-record-full",
    "case-export", "export-new", "export-download", "report-file", "schedule-new", "schedule-change", "schedule-send",
    "approval-give", "privacy-request", "privacy-copy",
}  # fmt: skip
#: What gives rights: roles, passwords, second steps, rules, keys and secrets of other programs.
GIVEN = {
    "admin:people_staff_add", "admin:people_staff_change", "admin:auth_user_password_change",
    "admin:people_staff_changelist",
    "admin:people_secondsteprule_add", "admin:people_secondsteprule_change",
    "admin:people_guardrule_add", "admin:people_guardrule_change",
    "second-step-set-up", "second-step-codes", "second-step-off",
    "api-key-list", "api-key-revoke",
    "phone-system-new", "phone-system", "phone-system-do",
    "webhook-new", "webhook", "webhook-do",
}  # fmt: skip
#: The same at the REST door, for a browser's session.
REST = {
    "api-complaint-reveal", "api-message-number",
    "api-webhook-endpoint-list", "api-webhook-endpoint-detail", "api-webhook-endpoint-rotate-secret",
    "api-webhook-endpoint-retire-secret", "api-webhook-endpoint-test", "api-webhook-endpoint-redeliver",
    "api-webhook-delivery-redeliver", "api-webhook-hub-list", "api-webhook-hub-detail",
}  # fmt: skip
#: Asked for by sending alone: the list of staff is read without proof, and taking a second step away needs it.
SENT_ALONE = {"admin:people_staff_changelist"}


def stale(person: Any, seconds: int) -> Client:
    """A browser whose person proved so long ago who they are."""
    client = Client(raise_request_exception=False)
    client.force_login(person)
    client.get("/account/")
    session = client.session
    session["proved_at"] = int(session["proved_at"]) - seconds
    session.save()
    return client


def asks(response: Any) -> bool:
    """Whether it led to the proof, or said that one is wanted."""
    if response.status_code == 302:
        return str(response.headers["Location"]).startswith("/account/prove/")
    return response.status_code == 403 and b'"proof_wanted"' in response.content


def asking(client: Client, doors: dict[str, str]) -> dict[str, set[str]]:
    """By address, the methods that ask."""
    found: dict[str, set[str]] = {}
    for name, path in doors.items():
        for method in METHODS:
            if method in operations().get(name, {"GET", "POST"}) and asks(call(client, method, path)):
                found.setdefault(name, set()).add(method)
    return found


def doors_of(desk: World) -> dict[str, str]:
    """All but streams, and what would end the session that asks."""
    return {name: path for name, path in addresses(desk).items() if name not in LEFT_OUT | {"account-login-end"}}


def test_what_shows_takes_away_or_gives_rights_asks_who_sits_there_and_nothing_else() -> None:
    desk = world()
    found = asking(stale(desk.admin, 10**6), doors_of(desk))
    wanted = SHOWN | GIVEN | REST
    assert sorted(wanted - found.keys()) == [], "these have lost their proof"
    assert sorted(found.keys() - wanted) == [], "say above why these ask"
    both = {name for name, methods in found.items() if "GET" in methods}
    assert not both & SENT_ALONE


def test_who_has_just_proved_is_not_asked() -> None:
    desk = world()
    doors = {name: path for name, path in doors_of(desk).items() if name in SHOWN | GIVEN | REST}
    assert asking(stale(desk.admin, FRESH_SECONDS // 2), doors) == {}
