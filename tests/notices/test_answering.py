"""Acknowledged once, by whoever may, through any door; stopped when the matter is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from service_desk.audit.models import AuditEntry
from service_desk.notices.actions import acknowledge, may_acknowledge, read, repeat_due, stop_chain
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import Absence
from service_desk.rest.errors import NotAllowed
from tests.notices.conftest import Company, older, send


def test_C7_one_acknowledgement_answers_the_whole_chain(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    older(notice, 901)
    repeat_due("test")
    repeats = Notice.objects.filter(chain=notice.chain, repeat_no=1)
    assert repeats.count() == 2
    assert acknowledge(notice=repeats[0], actor=company.chief, via="screen") is True
    for row in Notice.objects.filter(chain=notice.chain):
        assert row.acked_by == company.chief
        assert row.acked_via == "screen"
        assert row.next_repeat_at is None
    assert set(Delivery.objects.filter(notice__in=repeats).values_list("state", flat=True)) == {"cancelled"}
    assert notice.deliveries.get().state == "pending"


def test_acknowledging_twice_changes_nothing_and_is_recorded_once(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    assert acknowledge(notice=notice, actor=company.agent, via="rest") is True
    first = Notice.objects.get(pk=notice.pk).acked_at
    assert acknowledge(notice=notice, actor=company.chief, via="screen") is False
    notice.refresh_from_db()
    assert (notice.acked_at, notice.acked_by, notice.acked_via) == (first, company.agent, "rest")
    entry = AuditEntry.objects.get(verb="notice.acknowledge")
    assert (entry.thing, entry.actor) == ("case:7", company.agent)


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("agent", True),
        ("chief", True),
        ("head", True),
        ("supervisor", True),
        ("colleague", False),
        ("outsider", False),
        ("manager", False),
        ("admin", False),
    ],
)
def test_who_may_acknowledge(company: Company, who: str, may: bool) -> None:
    notice = send(company.agent, needs_ack=True)
    assert bool(may_acknowledge(getattr(company, who), notice)) is may


def test_the_deputy_may_acknowledge_while_standing_in(company: Company) -> None:
    notice = send(company.agent, needs_ack=True)
    assert not may_acknowledge(company.colleague, notice)
    Absence.objects.create(
        staff=company.agent, deputy=company.colleague, starts_at=Now(), ends_at=Now() + timedelta(days=1)
    )
    assert may_acknowledge(company.colleague, notice)


def test_whoever_was_stood_in_for_may_acknowledge(company: Company) -> None:
    notice = send(company.colleague, needs_ack=True, instead_of_id=company.outsider.pk)
    assert may_acknowledge(company.outsider, notice)


def test_a_refused_acknowledgement_leaves_no_trace(company: Company) -> None:
    notice = send(company.agent, needs_ack=True)
    with pytest.raises(NotAllowed):
        acknowledge(notice=notice, actor=company.outsider, via="screen")
    notice.refresh_from_db()
    assert notice.is_open


def test_read_is_for_the_recipient(company: Company) -> None:
    notice = send(company.agent)
    with pytest.raises(NotAllowed):
        read(notice=notice, actor=company.chief)
    assert read(notice=notice, actor=company.agent) is True
    assert read(notice=notice, actor=company.agent) is False
    assert not Notice.objects.of(company.agent).unread().exists()


def test_C7_restoration_stops_the_repeats_of_the_case_alone(company: Company) -> None:
    here = send(company.agent, needs_ack=True, repeat_seconds=900)
    there = send(company.agent, needs_ack=True, repeat_seconds=900, about="case:8")
    older(here, 901)
    repeat_due("test")
    assert stop_chain(about="case:7", reason="restored") == 3
    older(there, 901)
    assert repeat_due("test") == 1
    rows = Notice.objects.filter(about="case:7")
    assert {row.next_repeat_at for row in rows} == {None}
    assert not rows.waiting().exists()
    states = Delivery.objects.filter(notice__about="case:7").values_list("notice__repeat_no", "state")
    assert set(states) == {(0, "pending"), (1, "cancelled")}
    assert AuditEntry.objects.get(verb="notice.stop").detail == {"notices": 3, "reason": "restored"}


def test_stopping_nothing_writes_nothing(company: Company) -> None:
    assert stop_chain(about="case:7", reason="restored") == 0
    assert not AuditEntry.objects.filter(verb="notice.stop").exists()


def test_stop_of_one_chain_leaves_the_others(company: Company) -> None:
    one = send(company.agent, needs_ack=True, repeat_seconds=900)
    other = send(company.chief, needs_ack=True, repeat_seconds=900)
    assert stop_chain(about="case:7", chains=[one.chain], reason="merged") == 1
    other.refresh_from_db()
    assert other.is_open
