"""C2, C3, C5: what is written once stays: queryset, save, bulk, admin, SQL (screen and REST: files of their own)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, ProtectedError
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def by_update(case: Case, field: str, value: Any) -> None:
    Case.objects.filter(pk=case.pk).update(**{field: value})


def by_save(case: Case, field: str, value: Any) -> None:
    setattr(case, field, value)
    case.save()


def by_bulk_update(case: Case, field: str, value: Any) -> None:
    setattr(case, field, value)
    Case.objects.bulk_update([case], [field])


def by_sql(case: Case, field: str, value: Any) -> None:
    column = getattr(Case._meta.get_field(field), "column")  # noqa: B009 - a column of the table
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE cases_case SET "{column}" = %s WHERE id = %s', [getattr(value, "pk", value), case.pk])


DOORS: list[Callable[[Case, str, Any], None]] = [by_update, by_save, by_bulk_update, by_sql]
each_door = pytest.mark.parametrize("door", DOORS)


def refused(door: Callable[[Case, str, Any], None], case: Case, field: str, value: Any) -> str:
    before = Case.objects.values_list(field, flat=True).get(pk=case.pk)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        door(case, field, value)
    assert Case.objects.values_list(field, flat=True).get(pk=case.pk) == before
    return str(caught.value)


@each_door
@pytest.mark.parametrize("value", ["minor", None])
def test_C2_a_graded_severity_never_changes(desk: World, door: Any, value: str | None) -> None:
    case = desk.register(severity="critical")
    assert "severity" in refused(door, case, "severity", value)


@each_door
@pytest.mark.parametrize("field", ["accepted_at", "registered_at"])
def test_C3_acceptance_and_registration_times_never_change(desk: World, door: Any, field: str) -> None:
    case = desk.register()
    assert field in refused(door, case, field, now() - timedelta(hours=1))


@each_door
def test_C5_the_first_responder_never_changes(desk: World, door: Any) -> None:
    case = desk.register()
    assert "first_responder" in refused(door, case, "first_responder", desk.colleague)


@each_door
def test_numbers_and_subjects_never_change(desk: World, door: Any) -> None:
    case = desk.register()
    refused(door, case, "number", "CALL-20200101-0001")
    case.refresh_from_db()
    refused(door, case, "subject", "别的")


def test_C2_only_the_first_responder_can_have_graded_whatever_the_door(desk: World) -> None:
    case = desk.register()
    with pytest.raises(IntegrityError, match="case_graded_by_first_responder"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(severity="minor", graded_at=now(), graded_by=desk.colleague)
    with pytest.raises(IntegrityError, match="case_graded_by_first_responder"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(severity="minor")


def test_C2_the_first_responder_grades_once_and_only_when_qualified(desk: World) -> None:
    case = desk.register()
    with pytest.raises(NotAllowed):
        actions.grade(case=case, actor=desk.chief, severity="minor")
    actions.grade(case=case, actor=desk.agent, severity="minor")
    with pytest.raises(Conflict, match="never changes"):
        actions.grade(case=case, actor=desk.agent, severity="critical")
    unqualified = desk.register(actor=desk.colleague)
    with pytest.raises(NotAllowed, match="not qualified"):
        actions.grade(case=unqualified, actor=desk.colleague, severity="minor")
    with pytest.raises(Invalid) as caught:
        desk.register(actor=desk.colleague, severity="minor")
    assert caught.value.errors[0].field == "severity"


def test_C2_impact_is_observed_beside_the_grade_and_may_start_the_emergency_process(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.observe(case=case, actor=desk.agent, text="影响扩大到全区", level="critical", start_process=True)
    case.refresh_from_db()
    assert case.severity == "minor"
    assert case.emergency_started_at is not None
    clock = case.deadlines.get(kind="emergency")
    assert clock.due_at == case.emergency_started_at + timedelta(hours=4)
    assert case.impacts.get().started_emergency


def test_C3_the_registration_time_is_the_databases_clock_and_never_typed(desk: World) -> None:
    long_ago = now() - timedelta(days=30)
    case = desk.register()
    fields = {
        f.attname: getattr(case, f.attname)
        for f in Case._meta.concrete_fields
        if f.attname not in {"id", "late_registration"}
    }
    typed = Case(**fields | {"number": "CALL-20200101-0001", "registered_at": long_ago, "token": None})
    typed.save(force_insert=True)
    assert Case.objects.get(pk=typed.pk).registered_at > now() - timedelta(minutes=1)


def test_C3_an_acceptance_in_the_future_is_refused_by_verb_and_by_database(desk: World) -> None:
    with pytest.raises(Invalid) as caught:
        desk.register(accepted_at=now() + timedelta(minutes=2))
    assert caught.value.errors[0].field == "accepted_at"
    case = desk.register()
    case.pk, case.number, case.token = None, "CALL-20200101-0002", None
    case.accepted_at = now() + timedelta(minutes=2)
    with pytest.raises(IntegrityError, match="future"), transaction.atomic():
        case.save(force_insert=True)
    assert desk.register(accepted_at=now() + timedelta(seconds=30)).accepted_at <= now()


@pytest.mark.parametrize(("hours", "late"), [(0, False), (23.99, False), (24.01, True), (400, True)])
def test_C3_registered_later_than_24_hours_after_acceptance_is_late(desk: World, hours: float, late: bool) -> None:
    case = desk.register(accepted_at=now() - timedelta(hours=hours))
    case.refresh_from_db()
    assert case.late_registration is late
    assert case.events.get(type="registered").data["late"] is late


def test_a_case_is_never_deleted(desk: World) -> None:
    case = desk.register()
    for attempt in (case.delete, Case.objects.all().delete):
        with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
            attempt()
        assert Case.objects.filter(pk=case.pk).exists()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_case")


def test_the_timeline_is_append_only(desk: World) -> None:
    event = desk.register().events.get()
    for attempt in (lambda: type(event).objects.update(text=F("text")), event.delete):
        with pytest.raises(Exception, match="append-only"), transaction.atomic():
            attempt()


def test_C2_C3_C5_the_admin_shows_cases_and_changes_none(desk: World, client: Client) -> None:
    case = desk.register(severity="minor")
    client.force_login(desk.admin)
    address = f"/admin/cases/case/{case.pk}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"severity": "critical"}).status_code == 403
    assert client.post(f"/admin/cases/case/{case.pk}/delete/", {"post": "yes"}).status_code == 403
    case.refresh_from_db()
    assert case.severity == "minor"


def test_P6_a_confidential_case_is_not_in_the_admin_of_others(desk: World, client: Client) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(confidential=True)
    client.force_login(desk.admin)
    assert case.number not in client.get("/admin/cases/case/").content.decode()
    assert client.get(f"/admin/cases/case/{case.pk}/change/").status_code == 302


def test_every_verb_writes_its_audit_entry_in_the_same_transaction(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == ["case.register", "case.start"]
    with pytest.raises(Conflict):
        actions.start(case=case, actor=desk.agent)
    assert AuditEntry.objects.count() == 2
