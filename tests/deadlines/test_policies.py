"""C6, D8: policies are data that an administrator edits; an edit is a new version, and no version ever changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.dashboard.engine import calendar_warnings
from service_desk.deadlines.actions import edit_policy
from service_desk.deadlines.models import CalendarVersion, Policy
from service_desk.local import reference
from service_desk.rest.errors import Invalid, NotAllowed
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def policy(desk: World) -> Policy:
    return Policy.objects.get(severity="critical", kind="restoration")


def test_C6_shipped_targets_are_those_of_the_sources(db: None) -> None:
    reference.load()
    shipped = {
        (p.service_line_id, p.severity, p.kind): p.target_seconds or p.target_working_days
        for p in Policy.objects.in_force().filter(subject="call")
    }
    assert shipped["telecom", "critical", "restoration"] == 4 * 3600
    assert shipped["telecom", "", "emergency"] == 4 * 3600
    assert shipped["property", "", "first_response"] == shipped["property", "", "feedback"] == 4 * 3600
    assert shipped["property", "critical", "on_site"] == 30 * 60
    assert shipped["property", "minor", "restoration"] == 8 * 3600
    assert shipped["property", "major", "restoration"] == 48 * 3600


def test_D8_a_version_never_changes_and_is_never_deleted(policy: Policy) -> None:
    for attempt in (lambda: Policy.objects.filter(pk=policy.pk).update(target_seconds=1), policy.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_C6_an_administrator_edits_through_the_admin_and_gets_a_new_version(
    desk: World, policy: Policy, client: Client
) -> None:
    client.force_login(desk.admin)
    answer = client.post(
        f"/admin/deadlines/policy/{policy.pk}/change/", {"target_seconds": 7200, "steps": json.dumps(policy.steps)}
    )
    assert answer.status_code == 302
    newer = Policy.objects.in_force().get(severity="critical", kind="restoration")
    assert (newer.version, newer.target_seconds, newer.created_by) == (2, 7200, desk.admin)
    assert AuditEntry.objects.get(verb="policy.edit").detail["replaces"] == policy.pk


def test_a_wrong_ladder_is_refused_beside_its_field_naming_the_key(desk: World, policy: Policy, client: Client) -> None:
    client.force_login(desk.admin)
    steps = [{"code": "Warn!", "at": {"share": 7}, "slots": [], "kind": "shout"}]
    answer = client.post(
        f"/admin/deadlines/policy/{policy.pk}/change/", {"target_seconds": 7200, "steps": json.dumps(steps)}
    )
    errors = answer.context["adminform"].form.errors["steps"]
    assert {e.split(":")[0] for e in errors} == {
        "steps[0].code", "steps[0].at.share", "steps[0].slots", "steps[0].kind",
    }  # fmt: skip
    with pytest.raises(Invalid):
        edit_policy(policy=policy, changes={"steps": steps}, actor=desk.admin)
    assert Policy.objects.in_force().get(severity="critical", kind="restoration") == policy


def test_only_an_administrator_edits(desk: World, policy: Policy) -> None:
    with pytest.raises(NotAllowed):
        edit_policy(policy=policy, changes={"target_seconds": 1}, actor=desk.chief)
    with pytest.raises(Invalid, match="cannot be changed"):
        edit_policy(policy=policy, changes={"severity": "minor"}, actor=desk.admin)


def test_D2_calendar_versions_are_immutable(db: None) -> None:
    reference.load()
    with pytest.raises(DatabaseError), transaction.atomic():
        CalendarVersion.objects.update(note="anders")


def test_D2_a_year_without_official_holidays_is_a_loud_warning(db: None) -> None:
    reference.load()
    assert calendar_warnings(datetime(2026, 6, 1, tzinfo=UTC)) == []
    assert "2027" in calendar_warnings(datetime(2026, 11, 15, 12, tzinfo=UTC))[0]
    assert "2027" in calendar_warnings(datetime(2027, 1, 1, 12, tzinfo=UTC))[0]
