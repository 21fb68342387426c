"""Case numbers: gapless per local day under concurrent registration and after roll-backs, never given twice."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connections, transaction

from service_desk.cases.actions.registering import next_number
from service_desk.cases.models import Case, DailyNumber
from service_desk.deadlines.clock import now
from tests.factories import World, world


@pytest.mark.django_db(transaction=True)
def test_numbers_of_a_day_have_no_gap_under_concurrent_registration_with_failures() -> None:
    desk = world()
    barrier = threading.Barrier(8)

    class BrokenError(Exception):
        pass

    def run(worker: int) -> None:
        barrier.wait()
        try:
            for turn in range(6):
                if (worker + turn) % 3 == 0:
                    with pytest.raises(BrokenError), transaction.atomic():  # noqa: PT012
                        desk.register(fault=f"回滚 {worker}-{turn}")
                        raise BrokenError
                else:
                    desk.register(fault=f"故障 {worker}-{turn}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    numbers = sorted(Case.objects.values_list("number", flat=True))
    days = {number.split("-")[1] for number in numbers}
    assert len(numbers) == 32
    for day in days:
        of_day = [number for number in numbers if f"-{day}-" in number]
        assert of_day == [f"CALL-{day}-{n:04d}" for n in range(1, len(of_day) + 1)]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_registers_one_case_also_when_both_clicks_are_at_work() -> None:
    desk = world()
    token = uuid.uuid4()
    barrier = threading.Barrier(4)

    def click(_: int) -> int:
        barrier.wait()
        try:
            return desk.register(token=token).pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(click, range(4)))
    assert len(made) == 1
    assert Case.objects.count() == 1


def test_the_number_bears_the_local_day(db: None) -> None:
    with transaction.atomic():
        assert next_number(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)) == "CALL-20261120-0001"
        assert next_number(datetime(2026, 11, 20, 16, 1, tzinfo=UTC)) == "CALL-20261121-0001"


def test_more_than_9999_cases_a_day_have_longer_numbers(db: None) -> None:
    today = now().astimezone(ZoneInfo("Asia/Shanghai")).date()
    DailyNumber.objects.create(day=today, last=9999)
    assert next_number(now()).endswith("-10000")


def test_numbers_are_never_given_twice(db: None) -> None:
    day = DailyNumber.objects.create(day=datetime(2026, 11, 21, tzinfo=UTC).date(), last=5)
    attempts: list[Any] = [
        lambda: DailyNumber.objects.update(last=4),
        day.delete,
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="never given twice"), transaction.atomic():
            attempt()


def test_C1_the_subject_is_composed_of_its_three_fields(db: None) -> None:
    desk: World = world()
    case = desk.register(fault="  整站   断站 ")
    assert case.subject == "深圳市福田区政务服务中心 基站主设备 整站 断站"
