"""C7, D10, D12: repeated until acknowledged, each time one step further up; after an outage once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from service_desk.notices.actions import acknowledge, repeat_due
from service_desk.notices.kinds import render
from service_desk.notices.models import Notice
from service_desk.people.models import Absence, DutyShift, Staff
from tests.notices.conftest import Company, older, on_duty, send


def of_repeat(notice: Notice, number: int) -> dict[str, Notice]:
    rows = Notice.objects.filter(chain=notice.chain, repeat_no=number).select_related("recipient")
    return {row.recipient.username if row.recipient else "nobody": row for row in rows}


def next_one(notice: Notice) -> Notice:
    return Notice.objects.get(chain=notice.chain, next_repeat_at__isnull=False)


def test_C7_nothing_is_repeated_before_its_time(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    older(notice, 890)
    assert repeat_due("test") == 0


def test_C7_a_repeat_goes_to_the_same_person_and_one_step_up(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900, level="emergency")
    older(notice, 901)
    assert repeat_due("test") == 1
    repeats = of_repeat(notice, 1)
    assert set(repeats) == {"agent", "chief"}
    assert repeats["agent"].dedup_key == f"{notice.chain}:1"
    assert repeats["chief"].dedup_key == f"{notice.chain}:up:1"
    assert repeats["agent"].next_repeat_at is not None
    assert repeats["chief"].next_repeat_at is None
    assert repeats["agent"].deliveries.count() == repeats["chief"].deliveries.count() == 1
    assert "员工agent" in render("test", repeats["chief"].facts, "en").subject
    assert render("test", repeats["agent"].facts, "en").subject.startswith("Repeat 1:")


def test_C7_each_repeat_climbs_and_where_the_line_ends_the_duty_manager_is_told(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    for _round in range(4):
        older(next_one(notice), 901)
        repeat_due("test")
    assert [set(of_repeat(notice, n)) for n in (1, 2, 3, 4)] == [
        {"agent", "chief"},
        {"agent", "head"},
        {"agent", "manager"},
        {"agent", "manager"},
    ]


def test_where_line_and_roster_end_only_the_same_person_is_told(company: Company) -> None:
    DutyShift.objects.all().delete()
    notice = send(company.admin, needs_ack=True, repeat_seconds=900)
    older(notice, 901)
    repeat_due("test")
    assert set(of_repeat(notice, 1)) == {"admin"}


def test_D10_a_repeat_finds_the_deputy_of_now(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    Absence.objects.create(
        staff=company.agent, deputy=company.colleague, starts_at=Now(), ends_at=Now() + timedelta(days=1)
    )
    older(notice, 901)
    repeat_due("test")
    repeats = of_repeat(notice, 1)
    assert set(repeats) == {"colleague", "chief"}
    assert repeats["colleague"].instead_of == company.agent
    Absence.objects.all().delete()
    older(next_one(notice), 901)
    repeat_due("test")
    assert set(of_repeat(notice, 2)) == {"agent", "head"}


def test_D10_a_notice_that_found_nobody_finds_the_duty_manager_of_now(company: Company) -> None:
    DutyShift.objects.all().delete()
    notice = send(None, slot="gm_marketing", needs_ack=True, repeat_seconds=900)
    on_duty("duty_manager", company.manager)
    older(notice, 901)
    repeat_due("test")
    repeats = of_repeat(notice, 1)
    assert set(repeats) == {"manager"}
    assert repeats["manager"].fallback is True


def test_D12_after_an_outage_one_repeat_and_not_the_backlog(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    older(notice, 10 * 900)
    assert repeat_due("test") == 1
    assert repeat_due("test") == 0
    repeat = of_repeat(notice, 1)["agent"]
    assert repeat.late_by_seconds == pytest.approx(9 * 900, abs=2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT next_repeat_at - statement_timestamp() FROM notices_notice WHERE id = %s", [repeat.pk])
        assert cursor.fetchone()[0].total_seconds() == pytest.approx(900, abs=2)


def test_an_answered_chain_is_not_repeated(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    older(notice, 901)
    acknowledge(notice=notice, actor=company.agent, via="screen")
    assert repeat_due("test") == 0


def test_many_due_repeats_need_more_than_one_batch(company: Company) -> None:
    for _each in range(205):
        older(send(company.outsider, needs_ack=True, repeat_seconds=60), 61)
    assert repeat_due("test") == 205
    assert Notice.objects.filter(recipient=company.outsider, repeat_no=1).count() == 205


def test_somebody_who_has_left_is_not_told_but_the_line_above_is(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    Staff.objects.filter(pk=company.agent.pk).update(is_active=False)
    older(notice, 901)
    repeat_due("test")
    repeats = of_repeat(notice, 1)
    assert set(repeats) == {"manager", "chief"}
    assert repeats["manager"].fallback is True
