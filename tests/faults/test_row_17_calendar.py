"""Row 17: the laws of working time and a count of every minute of 2020-2027; a year that is loaded late.

The laws and the oracle are those of `tests/deadlines`; the full form gives each 10,000 examples.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings

from service_desk.cases import actions
from service_desk.cases.models import CaseClockEvent, CaseDeadline
from service_desk.deadlines.calendar_changes import change_days
from service_desk.deadlines.calendar_data import china_calendar
from service_desk.deadlines.calendar_file import CalendarRow
from service_desk.deadlines.clock import now
from service_desk.deadlines.engine import sweep
from service_desk.deadlines.hours import explain_days, working_days_due
from service_desk.deadlines.models import Calendar, CalendarVersion, Policy
from service_desk.deadlines.rules import Door
from service_desk.local.reference import LADDER
from service_desk.notices.models import Notice
from tests.deadlines import test_hours_laws as laws
from tests.deadlines import test_hours_oracle as oracle
from tests.factories import World, world
from tests.faults.house import choose
from tests.faults.injection import seed_of_run

EXAMPLES = choose(full=10_000, short=40)
CASES = 20


def _drawn(module: ModuleType) -> list[Any]:
    """The tests of a module that draw examples."""
    return [test for name, test in vars(module).items() if name.startswith("test_") and hasattr(test, "hypothesis")]


def _with_more(test: Any, number: int) -> Any:
    kept = getattr(test, "_hypothesis_internal_use_settings", None)
    chosen = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    test._hypothesis_internal_use_settings = chosen
    seed(number)(test)
    return kept


@pytest.mark.parametrize("test", _drawn(laws), ids=lambda test: test.__name__)
def test_the_laws(test: Any) -> None:
    kept = _with_more(test, seed_of_run())
    try:
        test()
    finally:
        test._hypothesis_internal_use_settings = kept


@pytest.mark.parametrize("name", choose(full=tuple(oracle.CASES), short=("china",)))
@pytest.mark.parametrize("test", _drawn(oracle), ids=lambda test: test.__name__)
def test_the_count_of_every_minute(test: Any, name: str) -> None:
    kept = _with_more(test, seed_of_run())
    try:
        test() if "working_days" in test.__name__ else test(name=name)
    finally:
        test._hypothesis_internal_use_settings = kept


@pytest.mark.parametrize("name", choose(full=tuple(oracle.CASES), short=("china",)))
def test_every_minute_is_worked_as_the_wall_clock_says(name: str) -> None:
    oracle.test_D1_every_minute_is_worked_exactly_when_the_wall_clock_says_so(name)


def test_a_year_that_nobody_has_announced_is_provisional_and_no_error() -> None:
    calendar = china_calendar(range(2026, 2028))
    start = datetime(2026, 12, 29, 2, tzinfo=UTC)
    assert 2027 not in calendar.confirmed_years
    due = working_days_due(calendar, start, 5)
    assert due.year == 2027
    assert calendar.provisional_between(start, due)
    assert [line.provisional for line in explain_days(calendar, start, 5)][-1]
    assert not calendar.provisional_between(start, start + timedelta(days=1))


@pytest.fixture
def desk(db: None) -> World:
    """A company whose calendar does not know this year: the last days count as days off, provisionally."""
    made = world()
    today = now().date()
    data = china_calendar(range(today.year - 1, today.year + 2)).to_json()
    off = {"is_working": False, "periods": None, "name": "春节", "confirmed": False}
    data["exceptions"] = {**data["exceptions"], **{day.isoformat(): off for day in _window(today)}}
    data["confirmed_years"] = [today.year - 2]
    calendar = Calendar.objects.create(name="工作日历")
    calendar.current = CalendarVersion.objects.create(calendar=calendar, number=1, data=data)
    calendar.save()
    Policy.objects.filter(severity="minor").update(retired_at=now() - timedelta(days=60))
    Policy.objects.create(
        service_line=made.line, severity="minor", kind="solution", version=2, target_working_days=5,
        calendar=calendar, may_pause=True, steps=LADDER,
    )  # fmt: skip
    return made


def _window(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(10)]


def test_a_year_loaded_late_moves_every_armed_clock_and_fires_what_is_overdue_once(
    desk: World, say: Callable[[str], None]
) -> None:
    cases = [desk.register(severity="minor", accepted_at=now() - timedelta(days=10)) for _ in range(CASES)]
    met = cases.pop()
    actions.start(case=met, actor=desk.agent)
    actions.resolve(case=met, actor=desk.agent, outcome="已处理")
    ended = met.deadlines.get(kind="solution")
    clocks = CaseDeadline.objects.filter(case__in=cases, kind="solution")
    for clock in clocks.all():
        assert clock.due_at > now()
        assert clock.explain(now()).provisional
    sweep(Door.SENTINEL)
    assert not clocks.exclude(breached_at=None).exists()
    fired = CaseClockEvent.objects.filter(deadline__in=clocks, type="fired")
    before = fired.count()

    today = now().date()
    rows = [CalendarRow(line, day, True, "补班") for line, day in enumerate(_window(today))]
    moved = change_days(
        calendar=Calendar.objects.get(), days=rows, confirmed_years=range(today.year - 1, today.year + 2),
        note="国务院通知", actor=desk.admin,
    )  # fmt: skip
    assert {move.clock.pk for move in moved} == set(clocks.values_list("pk", flat=True))
    for clock in clocks.all():
        assert clock.due_at < now()
        assert not clock.explain(now()).provisional
    assert sweep(Door.SENTINEL).fired >= len(cases)
    assert fired.count() == before + len(cases)  # the step that is due now, and none of those before it
    assert sweep(Door.SENTINEL).fired == sweep(Door.CELERY).fired == 0
    assert clocks.filter(breached_at=None).count() == 0
    told = Notice.objects.filter(about__in=[f"case:{case.pk}" for case in cases], dedup_key__startswith="case_deadline")
    assert len(set(told.values_list("dedup_key", flat=True))) == told.count()
    assert CaseDeadline.objects.get(pk=ended.pk).due_at == ended.due_at
    say(f"{len(cases)} provisional clocks moved by the late load, each fired once")
