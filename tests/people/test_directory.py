"""Who is told: roster, deputies through chains, the line upward, the duty manager when nobody is found (D10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service_desk.deadlines.clock import now
from service_desk.people.directory import Directory, Resolved
from service_desk.people.models import Absence, DutyShift, Staff, Unit
from service_desk.people.rules import DutyRole, UnitKind
from tests.factories import World, staff, world

DAY = timedelta(days=1)


@pytest.fixture
def desk(db: None) -> World:
    return world()


def away(person: Staff, deputy: Staff, start: timedelta = -DAY, end: timedelta = DAY) -> None:
    moment = now()
    Absence.objects.create(staff=person, deputy=deputy, starts_at=moment + start, ends_at=moment + end)


def resolve(slot: str, **people: Staff | None) -> Resolved:
    return Directory.load().resolve(slot, {name: person.pk if person else None for name, person in people.items()})


def test_D10_a_person_of_the_case_is_told_directly(desk: World) -> None:
    assert resolve("handler", handler=desk.agent) == Resolved("handler", desk.agent.pk)


def test_D10_a_duty_role_is_told_from_the_roster_of_this_moment(desk: World) -> None:
    assert resolve("gm_marketing").staff_id == desk.gm_marketing.pk
    shift = DutyShift.objects.get(role=DutyRole.GM_MARKETING)
    shift.ends_at = now() - timedelta(seconds=1)
    shift.save()
    DutyShift.objects.create(
        role=DutyRole.GM_MARKETING, staff=desk.president, starts_at=shift.ends_at, ends_at=now() + DAY
    )
    assert resolve("gm_marketing").staff_id == desk.president.pk


def test_D10_a_deputy_stands_in_and_for_whom_is_known(desk: World) -> None:
    away(desk.agent, desk.colleague)
    assert resolve("handler", handler=desk.agent) == Resolved("handler", desk.colleague.pk, instead_of=desk.agent.pk)


def test_D10_deputies_stand_in_through_chains(desk: World) -> None:
    away(desk.agent, desk.colleague)
    away(desk.colleague, desk.engineer)
    away(desk.engineer, desk.chief)
    assert resolve("handler", handler=desk.agent) == Resolved("handler", desk.chief.pk, instead_of=desk.agent.pk)


def test_D10_a_loop_of_deputies_goes_to_the_duty_manager(desk: World) -> None:
    away(desk.agent, desk.colleague)
    away(desk.colleague, desk.agent)
    found = resolve("handler", handler=desk.agent)
    assert found == Resolved("handler", desk.manager.pk, instead_of=desk.agent.pk, fallback=True)


def test_D10_an_absence_that_is_over_or_to_come_changes_nothing(desk: World) -> None:
    away(desk.agent, desk.colleague, -2 * DAY, -DAY)
    away(desk.agent, desk.colleague, DAY, 2 * DAY)
    assert resolve("handler", handler=desk.agent).staff_id == desk.agent.pk


def test_D10_chief_is_the_section_chief_head_the_department_head(desk: World) -> None:
    assert resolve("handler_chief", handler=desk.agent).staff_id == desk.chief.pk
    assert resolve("handler_head", handler=desk.agent).staff_id == desk.head.pk


def test_D10_the_chiefs_own_chief_is_the_next_one_up(desk: World) -> None:
    assert resolve("handler_chief", handler=desk.chief).staff_id == desk.head.pk
    assert resolve("handler_chief", handler=desk.head).staff_id == desk.president.pk
    assert resolve("handler_head", handler=desk.head).staff_id == desk.president.pk


def test_D10_the_top_of_the_house_has_nobody_above_so_the_duty_manager_is_told(desk: World) -> None:
    found = resolve("handler_chief", handler=desk.president)
    assert (found.staff_id, found.fallback) == (desk.manager.pk, True)


def test_D10_the_line_upward_names_each_leader_once(desk: World) -> None:
    desk.unit.department_head = desk.head
    desk.unit.save()
    line = Directory.load().superiors(desk.agent.pk)
    assert line == [desk.chief.pk, desk.head.pk, desk.president.pk]


def test_D10_units_in_a_circle_end(desk: World) -> None:
    department = desk.unit.parent
    assert department is not None
    Unit.objects.filter(pk=department.pk).update(parent=desk.unit)
    directory = Directory.load()
    assert directory.superiors(desk.agent.pk) == [desk.chief.pk, desk.head.pk]
    assert directory.department_head(desk.agent.pk) == desk.head.pk
    Unit.objects.update(department_head=None)
    assert Directory.load().department_head(desk.agent.pk) is None


def test_D10_an_absent_chief_is_replaced_by_the_deputy(desk: World) -> None:
    away(desk.chief, desk.engineer)
    found = resolve("handler_chief", handler=desk.agent)
    assert (found.staff_id, found.instead_of) == (desk.engineer.pk, desk.chief.pk)


@pytest.mark.parametrize("slot", ["emergency_group", "handler", "handler_chief", "nonsense", "nonsense_chief", ""])
def test_D10_an_empty_slot_goes_to_the_duty_manager_who_is_told_so(desk: World, slot: str) -> None:
    DutyShift.objects.filter(role=DutyRole.EMERGENCY_GROUP).delete()
    found = resolve(slot, handler=None)
    assert (found.staff_id, found.fallback) == (desk.manager.pk, True)


def test_D10_nobody_at_all_is_said_and_not_invented(desk: World) -> None:
    DutyShift.objects.all().delete()
    assert resolve("gm_product") == Resolved("gm_product", None, fallback=True)


def test_D10_people_who_left_are_never_told(desk: World) -> None:
    Staff.objects.filter(pk__in=[desk.agent.pk, desk.chief.pk]).update(is_active=False)
    assert resolve("handler", handler=desk.agent).fallback
    away(desk.colleague, desk.agent)
    assert resolve("handler", handler=desk.colleague).fallback
    chief = resolve("handler_chief", handler=desk.colleague)
    assert chief.staff_id == desk.head.pk


def test_D10_the_chief_of_one_who_left_is_still_found(desk: World) -> None:
    Staff.objects.filter(pk=desk.agent.pk).update(is_active=False)
    assert resolve("handler_chief", handler=desk.agent).staff_id == desk.chief.pk


def test_D10_an_absent_duty_manager_is_replaced_too(desk: World) -> None:
    away(desk.manager, desk.head)
    assert resolve("nobody").staff_id == desk.head.pk


def test_somebody_without_a_unit_has_no_superiors(desk: World) -> None:
    loner = staff("loner")
    assert Directory.load().superiors(loner.pk) == []
    assert Directory.load().superior(None) is None


def test_everything_is_read_in_one_query(desk: World, django_assert_num_queries: Any) -> None:
    for number in range(30):
        Unit.objects.create(name=f"代表处 {number}", kind=UnitKind.FIELD_OFFICE, parent=desk.unit)
    with django_assert_num_queries(1):
        directory = Directory.load()
        for slot in ("handler", "handler_chief", "handler_head", "gm_product", "emergency_group"):
            directory.resolve(slot, {"handler": desk.agent.pk})
