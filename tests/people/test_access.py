"""`can` is the one place that decides; what it refuses is in the audit trail, whichever door was tried."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.cases.models import Case
from service_desk.people.access import Decision, can, require, rule, thing_key, verbs
from service_desk.people.models import Staff
from service_desk.rest.errors import NotAllowed
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def test_logged_out_and_deactivated_may_nothing_at_all(desk: World) -> None:
    case = desk.register()
    things: dict[str, Any] = {"case": case, "staff": desk.agent, "absence": desk.agent}
    desk.admin.is_active = False
    for verb in sorted(verbs()):
        thing = things.get(verb.partition(".")[0])
        for nobody in (None, AnonymousUser(), desk.admin):
            decision = can(nobody, verb, thing)
            assert not decision, verb
            assert "log in" in str(decision.reason)


def test_a_refusal_gives_its_reason_in_words(desk: World) -> None:
    decision = can(desk.auditor, "case.register")
    assert not decision.allowed
    assert str(decision.reason)
    with pytest.raises(NotAllowed) as refused:
        require(desk.auditor, "case.register")
    assert (refused.value.verb, refused.value.thing, refused.value.status) == ("case.register", "-", 403)


def test_an_unknown_verb_and_a_second_rule_for_one_verb_are_errors_of_the_program(desk: World) -> None:
    with pytest.raises(KeyError):
        can(desk.admin, "case.teleport")
    with pytest.raises(ValueError, match="has a rule already"):
        rule("case.register")(lambda _user, _thing: Decision(True))


def test_things_are_named_as_the_trail_names_them(desk: World) -> None:
    assert thing_key(None) == "-"
    assert thing_key("case:7") == "case:7"
    assert thing_key(desk.agent) == f"staff:{desk.agent.pk}"


def test_a_refusal_on_the_screen_is_audited_with_its_door_and_nothing_is_written(desk: World) -> None:
    client = Client()
    client.force_login(desk.auditor)
    response = client.post("/register/", {"token": str(uuid.uuid4())}, REMOTE_ADDR="10.1.2.3")
    assert response.status_code == 403
    entry = AuditEntry.objects.get(outcome="refused")
    assert (entry.verb, entry.actor_id, entry.door, entry.ip) == (
        "case.register",
        desk.auditor.pk,
        "screen",
        "10.1.2.3",
    )
    assert entry.detail["reason"]
    assert not Case.objects.exists()


def test_a_refusal_in_REST_is_audited_and_answered_as_a_problem(desk: World) -> None:
    client = APIClient()
    client.force_login(desk.auditor)
    body = {"customer": desk.customer.pk, "product_type": desk.product.pk, "fault": "断站"}
    response = client.post("/api/v1/cases/", body, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4()))
    assert response.status_code == 403
    assert response["Content-Type"].startswith("application/problem+json")
    entry = AuditEntry.objects.get(outcome="refused")
    assert (entry.verb, entry.door, entry.actor_id) == ("case.register", "rest", desk.auditor.pk)
    assert not Case.objects.exists()


def test_a_deactivated_person_is_logged_out_by_the_next_request(desk: World) -> None:
    client = Client()
    client.force_login(desk.agent)
    assert client.get("/roster/").status_code == 200
    Staff.objects.filter(pk=desk.agent.pk).update(is_active=False)
    response = client.get("/roster/")
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


def test_log_in_works_and_a_wrong_password_is_said(desk: World) -> None:
    desk.agent.set_password("correct horse battery")
    desk.agent.save()
    client = Client()
    wrong = client.post("/login/", {"username": "agent", "password": "wrong"})
    assert wrong.status_code == 200
    assert wrong.context["form"].non_field_errors()
    right = client.post(
        "/login/?next=/roster/", {"username": "agent", "password": "correct horse battery", "next": "/roster/"}
    )
    assert (right.status_code, right["Location"]) == (302, "/roster/")
    assert client.get("/roster/").status_code == 200
    assert client.post("/logout/").status_code == 302
    assert client.get("/roster/").status_code == 302


@pytest.mark.parametrize("field", ["username", "password"])
def test_log_in_with_NUL_bytes_is_answered(desk: World, field: str) -> None:
    form = {"username": "agent", "password": "secret", field: "a\x00b"}
    assert Client().post("/login/", form).status_code in (200, 400)
