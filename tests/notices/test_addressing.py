"""Of many notices at once the letters follow: none lost, none twice, whoever dies on the way."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from service_desk.cases.clockwork import CaseRoom
from service_desk.notices import addressing
from service_desk.notices.actions import NewNotice, choose_mailbox, send_many
from service_desk.notices.addressing import MANY, address_waiting
from service_desk.notices.models import ChannelAddress, Delivery, Notice, Unaddressed
from service_desk.notices.outbox import deliver_due
from service_desk.notices.tasks import deliver_due as celery_door
from tests.notices.conftest import Company, build, new
from tests.notices.sinks import MailSink


def storm(company: Company, **fields: Any) -> list[int]:
    return written([new(company.agent, **fields) for _each in range(MANY)])


def written(notices: Sequence[NewNotice]) -> list[int]:
    with transaction.atomic():
        return send_many(notices)


def test_fewer_have_their_letters_at_once(company: Company) -> None:
    written([new(company.agent) for _each in range(MANY - 1)])
    assert Delivery.objects.count() == MANY - 1
    assert not Unaddressed.objects.exists()


def test_of_many_the_numbers_are_kept_and_the_letters_follow(company: Company) -> None:
    numbers = storm(company)
    assert Notice.objects.count() == MANY
    assert not Delivery.objects.exists()
    assert Unaddressed.objects.get().notice_ids == numbers
    assert address_waiting()
    assert not address_waiting()
    assert sorted(Delivery.objects.values_list("notice_id", flat=True)) == numbers
    assert not Unaddressed.objects.exists()


def test_the_letters_are_those_that_each_notice_would_have_had_at_once(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_mailbox(actor=company.agent, target="home@example.com", min_level="breach", enabled=True)
    ChannelAddress.objects.create(kind="webhook", target="https://robot.example/", unit=company.agent.unit)
    levels = ("info", "warning", "breach", "emergency")
    people = (company.agent, company.chief, None)

    def notices() -> list[NewNotice]:
        return [
            new(person, level=level, private=private) for person in people for level in levels for private in (0, 1)
        ]

    def letters(pks: list[int]) -> list[tuple[Any, ...]]:
        rows = Delivery.objects.filter(notice__in=pks).order_by("notice_id", "channel")
        return [
            (pks.index(row.notice_id), row.channel, row.address_id, row.target, row.state, row.last_error, back(row))
            for row in rows
        ]

    def back(row: Delivery) -> int:
        return round((row.created_at - row.next_attempt_at).total_seconds())

    at_once = letters(written(notices()))
    monkeypatch.setattr("service_desk.notices.actions.sending.MANY", 1)
    later = written(notices())
    assert letters(later) == []
    assert address_waiting()
    assert letters(later) == at_once
    assert {letter[1] for letter in at_once} == {"email", "webhook"}
    assert {letter[4] for letter in at_once} == {"pending", "dead"}


def test_a_large_batch_is_addressed_in_pieces(company: Company) -> None:
    numbers = written([new(company.agent) for _each in range(2 * addressing._AT_ONCE + 1)])
    sizes = [len(batch.notice_ids) for batch in Unaddressed.objects.order_by("pk")]
    assert sizes == [addressing._AT_ONCE, addressing._AT_ONCE, 1]
    while address_waiting():
        pass
    assert Delivery.objects.count() == len(numbers)


def test_what_was_sent_before_has_no_letters_again(company: Company) -> None:
    batch = [new(company.agent) for _each in range(MANY)]
    written(batch)
    assert written(batch) == []
    assert Unaddressed.objects.count() == 1


def test_the_batch_is_not_lost_with_who_addresses_it(company: Company) -> None:
    storm(company)

    @transaction.atomic
    def dies() -> None:
        assert address_waiting()
        assert Delivery.objects.exists()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dies()
    assert not Delivery.objects.exists()
    assert Unaddressed.objects.count() == 1


def test_the_dispatcher_writes_and_sends_them(company: Company, mail_sink: MailSink) -> None:
    storm(company)
    assert deliver_due("test", limit=2 * MANY).sent == MANY
    assert len({mail["Message-ID"] for mail in mail_sink.all()}) == MANY


def test_the_celery_door_leaves_fresh_batches_to_the_dispatcher(company: Company) -> None:
    storm(company)
    celery_door()
    assert Unaddressed.objects.exists()
    Unaddressed.objects.update(created_at=F("created_at") - timedelta(seconds=6))
    celery_door()
    assert not Unaddressed.objects.exists()


def test_what_nobody_addresses_counts_as_stuck(company: Company) -> None:
    storm(company)
    assert CaseRoom().stuck() == 0
    Unaddressed.objects.update(created_at=F("created_at") - timedelta(seconds=61))
    assert CaseRoom().stuck() == MANY


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_write_each_letter_once() -> None:
    company = build()
    for _batch in range(4):
        storm(company)
    together = threading.Barrier(2)
    done: list[int] = []

    def run() -> None:
        try:
            together.wait(30)
            while address_waiting():
                done.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 4
    assert Delivery.objects.count() == Delivery.objects.values("notice_id").distinct().count() == 4 * MANY
