"""D2: a changed calendar is a new version; running clocks move and are listed, ended ones stay as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.deadlines.calendar_changes import change_days
from service_desk.deadlines.calendar_file import CalendarRow
from service_desk.deadlines.models import Calendar
from service_desk.rest.errors import NotAllowed
from tests.deadlines.working_week import desk_with_a_working_week
from tests.factories import World


@pytest.fixture
def desk(db: None) -> World:
    return desk_with_a_working_week()


def off(desk: World, case: Case) -> CalendarRow:
    """The day on which the case's clock is due becomes a holiday."""
    return CalendarRow(1, case.deadlines.get(kind="solution").due_at.date(), False, "临时放假")


def test_D2_running_clocks_move_and_are_listed_and_ended_ones_stay(desk: World) -> None:
    running, ended = desk.register(severity="minor"), desk.register(severity="minor")
    actions.start(case=ended, actor=desk.agent)
    actions.resolve(case=ended, actor=desk.agent, outcome="已处理")
    before = {case.pk: case.deadlines.get(kind="solution").due_at for case in (running, ended)}
    moved = change_days(calendar=Calendar.objects.get(), days=[off(desk, running)], note="停电", actor=desk.admin)
    assert [(move.clock.case_id, move.before) for move in moved] == [(running.pk, before[running.pk])]  # type: ignore[attr-defined]
    clock = running.deadlines.get(kind="solution")
    assert clock.due_at >= before[running.pk] + timedelta(days=1)
    assert clock.calendar_version is not None
    assert clock.calendar_version.number == 2
    assert clock.history.get(type="recomputed").detail["why"] == "calendar"
    assert ended.deadlines.get(kind="solution").due_at == before[ended.pk]


def test_D2_a_paused_clock_takes_the_new_days_when_it_resumes(desk: World) -> None:
    case = desk.register(severity="minor")
    actions.start(case=case, actor=desk.agent)
    row = off(desk, case)
    before = case.deadlines.get(kind="solution").due_at
    actions.wait(case=case, actor=desk.agent, waiting_for="customer", text="等客户")
    assert change_days(calendar=Calendar.objects.get(), days=[row], note="停电", actor=desk.admin) == []
    actions.resume(case=case, actor=desk.agent)
    assert case.deadlines.get(kind="solution").due_at >= before + timedelta(hours=20)


def test_only_an_administrator_changes_a_calendar(desk: World) -> None:
    with pytest.raises(NotAllowed):
        change_days(calendar=Calendar.objects.get(), days=[], note="", actor=desk.chief)


def test_D2_a_years_file_is_imported_whole_or_not_at_all(desk: World, tmp_path: Path) -> None:
    good, bad = tmp_path / "2027.csv", tmp_path / "bad.csv"
    lines = [f"2027-02-{day:02d},0,春节" for day in range(5, 13)] + ["2027-02-14,1,补班", "2027-10-01,0,国庆节"]
    good.write_text("date,is_working,name\n" + "\n".join(lines))
    bad.write_text("date,is_working,name\n2027-02-06,0,春节\n2027-02-31,0,错\n")
    with pytest.raises(CommandError, match="line 3"):
        call_command("import_calendar", str(bad), user="admin")
    assert Calendar.objects.get().versions.count() == 1
    said = StringIO()
    call_command("import_calendar", str(good), user="admin", stdout=said)
    assert "10 days imported" in said.getvalue()
    current = Calendar.objects.get().current
    assert current is not None
    calendar = current.work_calendar()
    assert 2027 in calendar.confirmed_years
    assert calendar.is_makeup_day(datetime(2027, 2, 14, tzinfo=UTC).date())
