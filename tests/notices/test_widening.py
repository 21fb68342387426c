"""An emergency that is stuck in one channel opens the next beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from service_desk.notices.actions import escalating, open_next_channel
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from tests.notices.conftest import Company, send


@pytest.fixture
def ways(company: Company) -> list[ChannelAddress]:
    make: Any = ChannelAddress.objects.create
    return [
        make(kind="wecom", target="wecombot://desk", min_level="emergency"),
        make(kind="feishu", unit=company.section, target="feishu://unit", min_level="emergency"),
        make(kind="dingtalk", staff=company.agent, target="dingtalk://own", enabled=False),
    ]


def stuck(notice: Notice, **state: Any) -> None:
    notice.deliveries.filter(widened_at=None).update(**state)


def addresses(notice: Notice) -> list[str]:
    return [row.address.target for row in notice.deliveries.order_by("id").select_related("address") if row.address]


def only_mail(notice: Notice) -> Notice:
    notice.deliveries.exclude(channel="email").delete()
    return notice


def test_after_two_failures_the_persons_own_channel_opens_even_if_switched_off(
    company: Company, ways: list[ChannelAddress]
) -> None:
    notice = only_mail(send(company.agent, level="emergency"))
    stuck(notice, attempts=1, fence=1)
    assert open_next_channel() == 0
    stuck(notice, attempts=2, fence=2)
    assert open_next_channel() == 1
    assert addresses(notice) == ["dingtalk://own"]
    assert open_next_channel() == 0


def test_after_a_minute_it_opens_too_and_each_stuck_one_opens_one_more(
    company: Company, ways: list[ChannelAddress]
) -> None:
    notice = only_mail(send(company.agent, level="emergency"))
    for expected in (
        ["dingtalk://own"],
        ["dingtalk://own", "feishu://unit"],
        ["dingtalk://own", "feishu://unit", "wecombot://desk"],
    ):
        stuck(notice, created_at=F("created_at") - timedelta(seconds=61))
        assert open_next_channel() == 1
        assert addresses(notice) == expected
    stuck(notice, created_at=F("created_at") - timedelta(seconds=61))
    assert open_next_channel() == 0


def test_a_dead_letter_opens_the_next_channel_at_once(company: Company, ways: list[ChannelAddress]) -> None:
    notice = only_mail(send(company.agent, level="emergency"))
    stuck(notice, state="dead")
    assert open_next_channel() == 1


def test_lesser_matters_wait(company: Company, ways: list[ChannelAddress]) -> None:
    notice = only_mail(send(company.agent, level="breach"))
    stuck(notice, attempts=3, fence=3, created_at=F("created_at") - timedelta(seconds=61))
    assert open_next_channel() == 0


def test_what_was_sent_is_not_looked_at_again(company: Company, ways: list[ChannelAddress]) -> None:
    """A million sent letters cost the dispatcher a second at each of its rounds before there was an index for it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        values: dict[str, Any] = {"tries": 2, "seconds": 60.0, "batch": 200, "domain": "desk"}
        cursor.execute(f"EXPLAIN {escalating._WIDEN}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "delivery_to_widen on notices_delivery d" in plan


def test_P6_a_private_emergency_stays_off_the_robots_of_groups(company: Company, ways: list[ChannelAddress]) -> None:
    notice = send(company.outsider, level="emergency", private=True)
    stuck(notice, attempts=2, fence=2)
    assert open_next_channel() == 0
    assert Delivery.objects.filter(notice=notice).count() == 1
