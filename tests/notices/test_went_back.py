"""RELIABILITY 21: after the database's clock has gone back, no letter and no repeat waits for the old time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from service_desk.notices.models import Delivery, Notice
from service_desk.notices.outbox import deliver_due
from service_desk.notices.rules import LEASE_SECONDS, RETRY_SECONDS
from service_desk.notices.went_back import bring_near
from tests.notices.conftest import Company, send
from tests.notices.sinks import MailSink

AHEAD = timedelta(hours=2)


def seconds_to(moment: datetime) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM %s - statement_timestamp())", [moment])
        [(seconds,)] = cursor.fetchall()
    return float(seconds)


def test_a_letter_written_by_the_time_before_goes_out_at_once(company: Company, mail_sink: MailSink) -> None:
    send(company.agent)
    Delivery.objects.update(created_at=Now() + AHEAD, next_attempt_at=Now() + AHEAD)
    assert deliver_due("test").claimed == 0
    assert bring_near() == 1
    assert deliver_due("test").sent == 1


def test_a_letter_on_its_way_keeps_a_lease_and_its_sender_the_word(company: Company) -> None:
    send(company.agent)
    Delivery.objects.update(
        state="sending", fence=1, attempts=1, next_attempt_at=Now() + AHEAD, lease_until=Now() + AHEAD
    )
    assert bring_near() == 1
    row = Delivery.objects.get()
    assert row.lease_until is not None
    assert row.state == "sending"
    assert row.next_attempt_at == row.lease_until
    assert seconds_to(row.next_attempt_at) == pytest.approx(LEASE_SECONDS, abs=5)


def test_what_waits_by_its_own_schedule_is_left_alone(company: Company) -> None:
    send(company.agent, needs_ack=True, repeat_seconds=7 * 86_400)
    Delivery.objects.update(next_attempt_at=Now() + timedelta(seconds=RETRY_SECONDS[-1] * 1.19))
    assert bring_near() == 0


def test_a_repeat_comes_after_its_own_pause_again(company: Company) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    Notice.objects.update(next_repeat_at=F("next_repeat_at") + AHEAD)
    assert bring_near() == 1
    notice.refresh_from_db()
    assert notice.next_repeat_at is not None
    assert seconds_to(notice.next_repeat_at) == pytest.approx(900, abs=5)
