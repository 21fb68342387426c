"""RELIABILITY 21: after the clock has gone back no export, sum or scheduled report waits for the old time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from service_desk.deadlines.clock import now
from service_desk.reports import jobs, schedules, tasks, went_back
from service_desk.reports.models import Export, LongSum, ReportSchedule, SentReport
from service_desk.reports.rules import CLOSING, LEASE, MAX_TRIES, TRY_AGAIN
from service_desk.reports.schedules import zone
from tests.factories import World
from tests.reports.test_exports import ask, desk  # noqa: F401  (the fixture)
from tests.reports.test_schedules import is_due, make

AHEAD = timedelta(hours=2)


def test_an_export_that_waits_or_was_claimed_by_the_time_before_goes_on(
    desk: World,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    poked: list[int] = []
    monkeypatch.setattr(jobs, "begin", lambda export_id, _fence: poked.append(export_id))
    waiting, claimed = ask(desk.agent), ask(desk.chief)
    Export.objects.filter(pk=waiting.pk).update(poked_at=Now() + AHEAD)
    Export.objects.filter(pk=claimed.pk).update(
        state="writing", fence=1, attempts=1, lease_until=Now() + AHEAD, poked_at=Now() + AHEAD
    )
    assert went_back.bring_near() == 3
    claimed.refresh_from_db()
    assert claimed.lease_until is not None
    assert claimed.lease_until <= now() + LEASE  # its worker, if it lives, can still take its word
    assert went_back.bring_near() == 0
    past = Now() - timedelta(seconds=30)
    Export.objects.update(poked_at=past)
    Export.objects.filter(pk=claimed.pk).update(lease_until=past)
    poked.clear()
    jobs.tend()
    assert sorted(poked) == sorted([waiting.pk, claimed.pk])


def test_what_is_leased_and_put_off_by_the_time_that_is_stays(desk: World) -> None:  # noqa: F811
    export = ask(desk.agent)
    Export.objects.filter(pk=export.pk).update(state="writing", fence=1, attempts=1, lease_until=Now() + CLOSING)
    schedule = make(desk.chief)
    ReportSchedule.objects.filter(pk=schedule.pk).update(retry_at=Now() + TRY_AGAIN * MAX_TRIES)
    assert (went_back.bring_near(), went_back.set_right()) == (0, 0)


def test_a_sum_that_was_asked_for_in_the_time_before_wakes_a_worker_again(desk: World) -> None:  # noqa: F811
    asked = LongSum.objects.create(
        owner=desk.chief, report="registered", question={}, digest="x", asked_at=now() + AHEAD
    )
    assert went_back.bring_near() == 1
    asked.refresh_from_db()
    assert asked.asked_at <= now()


def test_a_scheduled_report_is_due_by_the_time_that_is_and_sends_no_period_twice(desk: World) -> None:  # noqa: F811
    schedule = make(desk.chief)
    is_due(schedule)
    assert schedules.send_due() == 1
    schedule.refresh_from_db()
    right = schedule.slots.first_after(now(), zone())
    ReportSchedule.objects.update(next_at=Now() + timedelta(days=365), retry_at=Now() + AHEAD)
    assert (went_back.bring_near(), went_back.set_right()) == (1, 1)
    schedule.refresh_from_db()
    assert schedule.next_at == right
    assert schedule.retry_at is not None
    assert schedule.retry_at <= now()
    is_due(schedule)
    schedules.send_due()
    assert SentReport.objects.count() == 1


def test_the_workers_ask_time_and_again(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    called: list[Any] = []
    monkeypatch.setattr(went_back, "bring_near", lambda: called.append("near"))
    monkeypatch.setattr(went_back, "set_right", lambda: called.append("right"))
    tasks.tend_exports()
    tasks.sweep_exports()
    assert called == ["near", "right"]
