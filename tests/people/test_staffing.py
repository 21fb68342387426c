"""Qualification, roles, passwords and leaving; the administration's pages for them; log-ins end with the rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.contrib.sessions.models import Session
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.customers.models import Contact, Customer, PhoneNumber
from service_desk.people import actions
from service_desk.people.models import Qualification, Staff
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import World, world

NEW = "a quite long pass phrase 7"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def log_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def is_in(client: Client) -> bool:
    return client.get("/roster/").status_code == 200


def is_kept(client: Client) -> bool:
    """Whether the session lies in the database: one of somebody who left would come to life with them."""
    return Session.objects.filter(pk=client.cookies[settings.SESSION_COOKIE_NAME].value).exists()


def test_C2_qualifying_is_for_those_who_answer_for_it_and_audited_once(desk: World) -> None:
    actions.qualify(actor=desk.head, staff=desk.colleague, product_type=desk.product)
    actions.qualify(actor=desk.admin, staff=desk.colleague, product_type=desk.product)
    assert Qualification.objects.filter(staff=desk.colleague).count() == 1
    assert AuditEntry.objects.filter(verb="staff.qualify").count() == 1
    with pytest.raises(NotAllowed):
        actions.qualify(actor=desk.agent, staff=desk.agent, product_type=desk.product)
    actions.unqualify(actor=desk.head, staff=desk.colleague, product_type=desk.product)
    actions.unqualify(actor=desk.head, staff=desk.colleague, product_type=desk.product)
    assert AuditEntry.objects.filter(verb="staff.unqualify").count() == 1


def test_new_roles_end_the_log_ins_of_that_person_and_of_nobody_else(desk: World) -> None:
    mine, theirs = log_in(desk.agent), log_in(desk.colleague)
    actions.set_roles(actor=desk.admin, staff=desk.agent, roles=[Role.SUPERVISOR, Role.FRONT_DESK])
    assert not is_in(mine)
    assert is_in(theirs)
    entry = AuditEntry.objects.get(verb="staff.set_roles")
    assert entry.detail == {"before": ["front_desk"], "after": ["front_desk", "supervisor"]}


def test_the_same_roles_change_nothing(desk: World) -> None:
    client = log_in(desk.agent)
    actions.set_roles(actor=desk.admin, staff=desk.agent, roles=[Role.FRONT_DESK])
    assert is_in(client)
    assert not AuditEntry.objects.filter(verb="staff.set_roles").exists()


def test_unknown_roles_and_the_last_administrator_are_refused(desk: World) -> None:
    with pytest.raises(Invalid) as unknown:
        actions.set_roles(actor=desk.admin, staff=desk.agent, roles=["emperor"])
    assert unknown.value.field == "roles"
    with pytest.raises(Invalid) as last:
        actions.set_roles(actor=desk.admin, staff=desk.admin, roles=[Role.AUDITOR])
    assert last.value.code == "last_administrator"


def test_leaving_ends_every_log_in_and_is_audited(desk: World) -> None:
    client = log_in(desk.agent)
    assert is_kept(client)
    actions.deactivate(actor=desk.admin, staff=desk.agent)
    assert not is_kept(client)
    assert not is_in(client)
    assert AuditEntry.objects.filter(verb="staff.deactivate", thing=f"staff:{desk.agent.pk}").count() == 1
    actions.deactivate(actor=desk.admin, staff=desk.agent)
    assert AuditEntry.objects.filter(verb="staff.deactivate").count() == 1
    with pytest.raises(Conflict):
        actions.deactivate(actor=desk.admin, staff=desk.admin)
    with pytest.raises(NotAllowed):
        actions.deactivate(actor=desk.head, staff=desk.colleague)


def test_a_new_password_is_checked_hashed_and_ends_the_log_ins(desk: World) -> None:
    client = log_in(desk.agent)
    with pytest.raises(Invalid) as weak:
        actions.set_password(actor=desk.admin, staff=desk.agent, password="12345")
    assert weak.value.field == "password"
    actions.set_password(actor=desk.admin, staff=desk.agent, password=NEW)
    assert not is_kept(client)
    assert not is_in(client)
    desk.agent.refresh_from_db()
    assert identify_hasher(desk.agent.password).algorithm == "argon2"
    assert NEW not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    with pytest.raises(NotAllowed):
        actions.set_password(actor=desk.chief, staff=desk.agent, password=NEW)


def form_of(person: Staff, **changed: Any) -> dict[str, Any]:
    return {
        "username": person.username,
        "full_name": person.full_name,
        "unit": person.unit_id or "",
        "roles": person.roles,
        "email": person.email,
        "mobile": "",
        "language": "",
        "theme": "auto",
        "is_active": "on",
        "qualifications-TOTAL_FORMS": "0",
        "qualifications-INITIAL_FORMS": "0",
        **changed,
    }


def test_the_administration_is_for_administrators_alone(desk: World) -> None:
    for person in (desk.agent, desk.head, desk.auditor, desk.gm_product):
        assert log_in(person).get("/admin/people/staff/").status_code == 302
    for page in (
        "people/staff",
        "people/unit",
        "people/producttype",
        "people/serviceline",
        "people/dutyshift",
        "people/absence",
        "customers/customer",
    ):
        client = log_in(desk.admin)
        assert client.get(f"/admin/{page}/").status_code == 200
        assert client.get(f"/admin/{page}/add/").status_code == 200


def test_the_administration_adds_staff_with_a_hashed_password_and_audits_it(desk: World) -> None:
    client = log_in(desk.admin)
    form = {
        "username": "ouyang",
        "full_name": "欧阳慧敏",
        "roles": ["front_desk", "supervisor"],
        "usable_password": "true",
        "password1": NEW,
        "password2": NEW,
        "unit": "",
        "email": "",
        "mobile": "",
        "language": "",
    }
    assert client.post("/admin/people/staff/add/", form).status_code == 302
    person = Staff.objects.get(username="ouyang")
    assert person.roles == ["front_desk", "supervisor"]
    assert person.check_password(NEW)
    assert identify_hasher(person.password).algorithm == "argon2"
    entry = AuditEntry.objects.get(verb="staff.add")
    assert (entry.door, entry.actor_id) == ("admin", desk.admin.pk)


def test_the_administration_changes_roles_and_the_log_ins_end(desk: World) -> None:
    theirs = log_in(desk.agent)
    client = log_in(desk.admin)
    form = form_of(desk.agent, roles=["auditor"])
    assert client.post(f"/admin/people/staff/{desk.agent.pk}/change/", form).status_code == 302
    desk.agent.refresh_from_db()
    assert desk.agent.roles == ["auditor"]
    assert not is_in(theirs)
    assert AuditEntry.objects.filter(verb="staff.change", thing=f"staff:{desk.agent.pk}", door="admin").count() == 1


def test_who_is_made_inactive_in_the_administration_has_no_log_in_left(desk: World) -> None:
    theirs = log_in(desk.agent)
    form = form_of(desk.agent, is_active="")
    assert log_in(desk.admin).post(f"/admin/people/staff/{desk.agent.pk}/change/", form).status_code == 302
    assert not Staff.objects.get(pk=desk.agent.pk).is_active
    assert not is_kept(theirs)


def test_the_administration_keeps_the_last_administrator(desk: World) -> None:
    client = log_in(desk.admin)
    for changed in ({"roles": ["auditor"]}, {"is_active": ""}):
        response = client.post(f"/admin/people/staff/{desk.admin.pk}/change/", form_of(desk.admin, **changed))
        assert response.status_code == 200
    desk.admin.refresh_from_db()
    assert desk.admin.is_staff


def test_the_administration_sets_a_password_and_audits_it(desk: World) -> None:
    theirs = log_in(desk.agent)
    client = log_in(desk.admin)
    url = f"/admin/people/staff/{desk.agent.pk}/password/"
    assert client.post(url, {"usable_password": "true", "password1": "123", "password2": "123"}).status_code == 200
    assert is_in(theirs)
    assert client.post(url, {"usable_password": "true", "password1": NEW, "password2": NEW}).status_code == 302
    assert not is_kept(theirs)
    assert not is_in(theirs)
    desk.agent.refresh_from_db()
    assert desk.agent.check_password(NEW)
    assert AuditEntry.objects.filter(verb="staff.change", thing=f"staff:{desk.agent.pk}").count() == 1


def test_nobody_is_deleted(desk: World) -> None:
    client = log_in(desk.admin)
    assert client.get(f"/admin/people/staff/{desk.agent.pk}/delete/").status_code == 403
    assert client.get(f"/admin/customers/customer/{desk.customer.pk}/delete/").status_code == 403


def test_overlapping_shifts_are_refused_in_the_administration_too(desk: World) -> None:
    form = {
        "role": "hotline",
        "staff": desk.colleague.pk,
        "starts_at_0": "2026-01-01",
        "starts_at_1": "00:00",
        "ends_at_0": "2035-01-01",
        "ends_at_1": "00:00",
    }
    response = log_in(desk.admin).post("/admin/people/dutyshift/add/", form)
    assert response.status_code == 200
    assert response.context["errors"]


def test_the_administration_of_customers_keeps_numbers_in_step(desk: World) -> None:
    contact = Contact.objects.create(customer=desk.customer, name="王建国")
    empty = {
        f"{name}-{count}_FORMS": "0" for name in ("contacts", "products", "numbers") for count in ("TOTAL", "INITIAL")
    }
    form = {
        "name": desk.customer.name,
        "address": "",
        "region": "",
        "is_active": "on",
        **empty,
        "numbers-TOTAL_FORMS": "1",
        "numbers-0-raw": "0755/2677-2892",
        "numbers-0-contact": contact.pk,
    }
    client = log_in(desk.admin)
    assert client.post(f"/admin/customers/customer/{desk.customer.pk}/change/", form).status_code == 302
    assert PhoneNumber.objects.get().e164 == "+8675526772892"
    assert AuditEntry.objects.filter(verb="customer.change").count() == 1
    assert Customer.objects.suggest("075526772892").get() == desk.customer
