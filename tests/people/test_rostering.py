"""The verbs and the page of the roster (C18) and of absences (D10)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.local.processes import poll_until
from service_desk.people import actions
from service_desk.people.models import Absence, DutyShift
from service_desk.people.roster import on_duty_now, upcoming_gaps, week_of
from service_desk.people.rules import DutyRole
from service_desk.rest.errors import Conflict, Invalid, NotAllowed
from service_desk.telephony.actions import NewIntegration, add_extension, create_integration
from tests.factories import World, world

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def desk(db: None) -> World:
    return world()


def log_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def planned(desk: World, start: datetime, end: datetime, **fields: Any) -> DutyShift:
    fields.setdefault("actor", desk.manager)
    fields.setdefault("staff", desk.colleague)
    fields.setdefault("role", DutyRole.HOTLINE)
    return actions.plan_shift(starts_at=start, ends_at=end, **fields)


def test_C18_planning_is_the_supervisors_and_audited(desk: World) -> None:
    start = now() + 40 * DAY
    shift = planned(desk, start, start + 8 * HOUR)
    entry = AuditEntry.objects.get(verb="roster.plan")
    assert entry.thing == f"dutyshift:{shift.pk}"
    assert entry.actor_id == desk.manager.pk
    for person in (desk.agent, desk.engineer, desk.auditor, desk.inspector):
        with pytest.raises(NotAllowed):
            planned(desk, start + DAY, start + DAY + HOUR, actor=person)


def test_C18_never_two_for_one_role_and_the_refusal_names_who_is_on_duty_when(desk: World) -> None:
    start = datetime(2030, 11, 22, 8, tzinfo=SHANGHAI)
    planned(desk, start, start + 12 * HOUR)
    with pytest.raises(Invalid) as refused:
        planned(desk, start + 11 * HOUR, start + 20 * HOUR, staff=desk.agent)
    assert refused.value.field == "starts_at"
    assert "On 2030-11-22 08:00 – 2030-11-22 20:00 员工colleague is already on duty" in str(refused.value)
    assert AuditEntry.objects.filter(verb="roster.plan").count() == 1


def test_C18_shifts_that_touch_do_not_overlap(desk: World) -> None:
    start = now() + 40 * DAY
    planned(desk, start, start + 12 * HOUR)
    planned(desk, start + 12 * HOUR, start + 24 * HOUR, staff=desk.agent)
    planned(desk, start, start + 12 * HOUR, role=DutyRole.FIELD_ENGINEER)
    assert DutyShift.objects.filter(starts_at__gte=start).count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["dutyshift", "absence", "extension"])
def test_C18_who_writes_what_excludes_each_other_waits_for_a_turn_and_not_for_a_row(table: str) -> None:
    """Two that wait for each other's row are a deadlock, and one of them an error instead of a refusal."""
    desk = world()
    integration = create_integration(actor=desk.admin, data=NewIntegration(name="A")).integration
    start = now() + 40 * DAY
    times: Any = {"starts_at": start, "ends_at": start + HOUR}
    write: Any = {
        "dutyshift": lambda: planned(desk, start, start + HOUR),
        "absence": lambda: actions.set_absence(actor=desk.agent, staff=desk.agent, deputy=desk.colleague, **times),
        "extension": lambda: add_extension(
            actor=desk.admin, integration=integration, extension="8001", staff=desk.agent
        ),
    }[table]
    outcomes: list[Any] = []

    def second() -> None:
        try:
            outcomes.append(write())
        except (Invalid, Conflict) as refused:
            outcomes.append(refused)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        write()
        thread.start()
        assert poll_until(_somebody_waits, seconds=30)
        assert _waiting_for() == ["advisory"]
    thread.join(30)
    assert [type(outcome) for outcome in outcomes] == [Conflict if table == "extension" else Invalid]


def _waiting_for() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or a transaction sees for ever who was connected at first
        cursor.execute(
            "SELECT locktype FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return [kind for (kind,) in cursor.fetchall()]


def _somebody_waits() -> bool:
    return _waiting_for() != []


@pytest.mark.django_db(transaction=True)
def test_C18_two_planners_at_once_leave_one_shift() -> None:
    desk = world()
    start = now() + 40 * DAY
    barrier = threading.Barrier(2)
    outcomes: list[DutyShift | Invalid] = []

    def plan(person: Any) -> None:
        try:
            barrier.wait()
            outcomes.append(planned(desk, start, start + HOUR, staff=person))
        except Invalid as refused:
            outcomes.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=plan, args=[person]) for person in (desk.agent, desk.colleague)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert DutyShift.objects.filter(starts_at__gte=start).count() == 1
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DutyShift", "Invalid"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "boss"}, "role"),
        ({"ends": -HOUR}, "ends_at"),
        ({"ends": timedelta(0)}, "ends_at"),
        ({"ends": 32 * DAY}, "ends_at"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_beside_its_field(desk: World, changed: dict[str, Any], field: str) -> None:
    start = now() + 40 * DAY
    length = changed.pop("ends", HOUR)
    with pytest.raises(Invalid) as refused:
        planned(desk, start, start + length, **changed)
    assert refused.value.field == field


def test_nobody_who_has_left_is_put_on_duty(desk: World) -> None:
    actions.deactivate(actor=desk.admin, staff=desk.colleague)
    with pytest.raises(Invalid) as refused:
        planned(desk, now() + 40 * DAY, now() + 41 * DAY)
    assert refused.value.field == "staff"


def test_removing_a_coming_shift_deletes_it_and_a_running_one_ends_now(desk: World) -> None:
    start = now() + 40 * DAY
    coming = planned(desk, start, start + HOUR)
    actions.remove_shift(actor=desk.manager, shift=coming)
    assert not DutyShift.objects.filter(pk=coming.pk).exists()
    running = DutyShift.objects.get(role=DutyRole.HOTLINE)
    actions.remove_shift(actor=desk.manager, shift=running)
    running.refresh_from_db()
    assert running.ends_at <= now()
    with pytest.raises(Conflict):
        actions.remove_shift(actor=desk.manager, shift=running)
    assert AuditEntry.objects.filter(verb="roster.remove").count() == 2
    with pytest.raises(NotAllowed):
        actions.remove_shift(actor=desk.agent, shift=DutyShift.objects.get(role=DutyRole.DUTY_MANAGER))


def test_C18_gaps_ahead_are_counted(desk: World) -> None:
    assert upcoming_gaps(14) == []
    running = DutyShift.objects.get(role=DutyRole.DUTY_MANAGER)
    DutyShift.objects.filter(pk=running.pk).update(ends_at=now() + 3 * DAY)
    (gap,) = upcoming_gaps(14)
    assert gap.role == DutyRole.DUTY_MANAGER
    assert abs(gap.ends_at - gap.starts_at - 11 * DAY) < HOUR


def test_on_duty_now_shows_the_deputy_of_the_absent(desk: World) -> None:
    Absence.objects.create(staff=desk.agent, deputy=desk.colleague, starts_at=now() - HOUR, ends_at=now() + HOUR)
    hotline = next(duty for duty in on_duty_now() if duty.role == DutyRole.HOTLINE)
    assert hotline.shift is not None
    assert hotline.shift.staff == desk.agent
    assert hotline.stands_in == desk.colleague


def test_the_week_shows_each_day_in_the_desks_zone_with_its_open_times(desk: World) -> None:
    DutyShift.objects.all().delete()
    start = datetime(2030, 11, 20, 20, tzinfo=SHANGHAI)  # a Wednesday
    planned(desk, start, start + 12 * HOUR)
    row = next(row for row in week_of(datetime(2030, 11, 18).date()) if row.role == DutyRole.HOTLINE)  # noqa: DTZ001
    wednesday, thursday, friday = row.days[2:5]
    assert wednesday.open_times == [(start.replace(hour=0), start)]
    assert [shift.staff for shift in thursday.shifts] == [desk.colleague]
    assert thursday.open_times == [(start.replace(day=21, hour=8), start.replace(day=22, hour=0))]
    assert friday.shifts == []


def test_absence_own_by_oneself_others_by_who_leads(desk: World) -> None:
    start = now() + DAY
    times: dict[str, Any] = {"starts_at": start, "ends_at": start + DAY}
    actions.set_absence(actor=desk.agent, staff=desk.agent, deputy=desk.colleague, reason="年假", **times)
    with pytest.raises(NotAllowed):
        actions.set_absence(actor=desk.agent, staff=desk.engineer, deputy=desk.colleague, **times)
    absence = actions.set_absence(actor=desk.chief, staff=desk.engineer, deputy=desk.colleague, **times)
    assert AuditEntry.objects.filter(verb="absence.set").count() == 2
    with pytest.raises(NotAllowed):
        actions.end_absence(actor=desk.agent, absence=absence)
    actions.end_absence(actor=desk.chief, absence=absence)
    assert not Absence.objects.filter(staff=desk.engineer).exists()


def test_absence_refusals_name_their_field(desk: World) -> None:
    start = now() + DAY
    times: dict[str, Any] = {"starts_at": start, "ends_at": start + DAY}

    def field_of(**changed: Any) -> str | None:
        fields: dict[str, Any] = {
            "actor": desk.agent,
            "staff": desk.agent,
            "deputy": desk.colleague,
            **times,
            **changed,
        }
        with pytest.raises(Invalid) as refused:
            actions.set_absence(**fields)
        return refused.value.field

    assert field_of(deputy=desk.agent) == "deputy"
    assert field_of(ends_at=start) == "ends_at"
    assert field_of(ends_at=start + 400 * DAY) == "ends_at"
    assert field_of(reason="长" * 10_000) == "reason"
    assert field_of(reason="a\x00") == "reason"
    actions.set_absence(actor=desk.agent, staff=desk.agent, deputy=desk.colleague, **times)
    assert field_of(deputy=desk.chief) == "starts_at"


def test_an_absence_that_has_begun_ends_now_and_stays_known(desk: World) -> None:
    absence = Absence.objects.create(
        staff=desk.agent, deputy=desk.colleague, starts_at=now() - DAY, ends_at=now() + DAY
    )
    actions.end_absence(actor=desk.agent, absence=absence)
    absence.refresh_from_db()
    assert absence.ends_at <= now()


def test_the_page_is_bounded_and_says_gaps_loudly_with_numbers_masked(
    desk: World, django_assert_max_num_queries: Any
) -> None:
    desk.manager.mobile = "13800138000"
    desk.manager.save()
    DutyShift.objects.get(role=DutyRole.GM_PRODUCT).delete()
    client = log_in(desk.manager)
    client.get("/roster/")
    with django_assert_max_num_queries(11):
        page = client.get("/roster/").content.decode()
    assert "nobody: <strong>" in page
    assert "138****8000" in page
    assert "13800138000" not in page


@pytest.mark.parametrize("week", ["2026-11-16", "nonsense", "9999-12-31", "0001-01-01", "", "2026-W47"])
def test_any_week_may_be_asked_for(desk: World, week: str) -> None:
    assert log_in(desk.agent).get("/roster/", {"week": week}).status_code == 200


def test_the_form_plans_a_night_with_times_as_they_are_spoken(desk: World) -> None:
    form = {"role": "hotline", "staff_text": "员工colleague", "starts_at": "2030-11-22 20:00", "ends_at": "08:00"}
    response = log_in(desk.manager).post("/roster/plan/", form)
    assert response.status_code == 302
    shift = DutyShift.objects.latest("pk")
    assert shift.staff == desk.colleague
    assert shift.ends_at - shift.starts_at == 12 * HOUR
    again = log_in(desk.manager).post("/roster/plan/", form)
    assert again.status_code == 422
    assert "already on duty" in str(again.context["shift_form"].errors["starts_at"])
    assert "2030-11-22 20:00" in again.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "never"),
        ("ends_at", "x" * 10_000),
        ("staff_text", "查无此人"),
        ("staff_text", "a\x00"),
        ("role", "a\x00"),
        ("staff_text", ""),
    ],
)
def test_bad_input_to_a_shift_is_answered_beside_its_field(desk: World, field: str, value: str) -> None:
    form = {
        "role": "hotline",
        "staff_text": "员工colleague",
        "starts_at": "2030-11-22 20:00",
        "ends_at": "08:00",
        field: value,
    }
    response = log_in(desk.manager).post("/roster/plan/", form)
    assert response.status_code == 422
    assert field.removesuffix("_text") in response.context["shift_form"].errors


def test_agents_see_no_form_to_plan_and_their_post_is_refused_and_audited(desk: World) -> None:
    client = log_in(desk.agent)
    assert "roster/plan" not in client.get("/roster/").content.decode()
    assert client.post("/roster/plan/", {}).status_code == 403
    assert AuditEntry.objects.filter(verb="roster.plan", outcome="refused", actor_id=desk.agent.pk).exists()


def test_an_absence_is_entered_and_ended_on_the_page(desk: World) -> None:
    client = log_in(desk.agent)
    form = {"deputy_text": "员工colleague", "starts_at": "2030-11-22", "ends_at": "2030-11-25", "reason": "年假 🙂"}
    assert client.post("/roster/absences/", form).status_code == 302
    absence = Absence.objects.get()
    assert (absence.staff, absence.deputy) == (desk.agent, desk.colleague)
    assert "年假 🙂" in client.get("/roster/").content.decode()
    assert client.post("/roster/absences/", form).status_code == 422
    assert client.post("/roster/absences/", {**form, "staff_text": "员工engineer"}).status_code == 403
    assert client.post(f"/roster/absences/{absence.pk}/end/").status_code == 302
    assert not Absence.objects.exists()


def test_the_page_of_a_shift_removes_it(desk: World) -> None:
    shift = planned(desk, now() + 40 * DAY, now() + 41 * DAY)
    assert "Take off the roster" not in log_in(desk.agent).get(f"/roster/shifts/{shift.pk}/").content.decode()
    client = log_in(desk.manager)
    assert "Take off the roster" in client.get(f"/roster/shifts/{shift.pk}/").content.decode()
    assert client.post(f"/roster/shifts/{shift.pk}/").status_code == 302
    assert not DutyShift.objects.filter(pk=shift.pk).exists()
    assert client.get(f"/roster/shifts/{'9' * 30}/").status_code == 404


def test_a_colleagues_mobile_is_shown_to_who_may_ring_and_recorded(desk: World) -> None:
    desk.manager.mobile = "13800138000"
    desk.manager.save()
    url = f"/staff/{desk.manager.pk}/mobile/"
    assert "13800138000" in log_in(desk.agent).post(url).content.decode()
    assert log_in(desk.auditor).post(url).status_code == 403
    assert AuditEntry.objects.filter(verb="staff.reveal").values_list("outcome", flat=True).count() == 2


def test_people_are_found_by_name_initials_and_user_name(desk: World, django_assert_num_queries: Any) -> None:
    desk.engineer.full_name = "欧阳慧敏"
    desk.engineer.save()
    client = log_in(desk.agent)
    client.get("/staff/suggest/")
    for text in ("欧阳", "慧敏", "oyhm", "OY", "engin"):
        with django_assert_num_queries(3):
            found = client.get("/staff/suggest/", {"q": text}).json()["results"]
        assert [entry["id"] for entry in found] == [desk.engineer.pk]
    assert len(client.get("/staff/suggest/", {"q": "员工"}).json()["results"]) == 10
    for nothing in ("", "a\x00", "x" * 10_000):
        assert client.get("/staff/suggest/", {"q": nothing}).json()["results"] == []
