"""The dispatcher as a process of its own: sends, repeats, beats, survives PostgreSQL, leaves on SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from service_desk.notices.models import Delivery, DispatcherBeat, Notice
from tests.notices.conftest import Company, build, older, send
from tests.notices.sinks import MailSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
SECONDS = 90  # a process of the desk needs long to start on a busy machine


@pytest.fixture
def company(db: None) -> Company:
    return build()


def start(mail_sink: MailSink) -> subprocess.Popen[str]:
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return subprocess.Popen(
        [sys.executable, "manage.py", "dispatch_notices", "--name", "d1"],
        cwd=django_settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_sink.port)},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def dispatcher(company: Company, mail_sink: MailSink) -> Iterator[subprocess.Popen[str]]:
    process = start(mail_sink)
    yield process
    process.kill()
    process.communicate()


def end(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    return err


def test_it_sends_repeats_and_beats(company: Company, mail_sink: MailSink, dispatcher: Any) -> None:
    notice = send(company.agent, level="emergency", needs_ack=True, repeat_seconds=900)
    assert mail_sink.mails.get(timeout=SECONDS)["To"] == "agent@desk.example"
    older(notice, 901)
    repeated = {mail_sink.mails.get(timeout=SECONDS)["To"] for _each in range(2)}
    assert repeated == {"agent@desk.example", "chief@desk.example"}
    assert "Traceback" not in end(dispatcher)
    assert DispatcherBeat.objects.filter(name="d1", beat_at__gt=Now() - timedelta(seconds=SECONDS)).exists()
    assert set(Delivery.objects.values_list("state", "door")) == {("sent", "d1")}


def test_it_finds_its_way_back_to_postgresql(company: Company, mail_sink: MailSink, dispatcher: Any) -> None:
    send(company.agent)
    mail_sink.mails.get(timeout=SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    send(company.chief)
    assert mail_sink.mails.get(timeout=SECONDS)["To"] == "chief@desk.example"
    assert "PostgreSQL does not answer" in end(dispatcher)


def test_on_sigterm_a_letter_on_its_way_still_lands(company: Company, mail_sink: MailSink, dispatcher: Any) -> None:
    notice = send(company.agent)
    mail_sink.mails.get(timeout=SECONDS)
    end(dispatcher)
    assert notice.deliveries.get().state == "sent"


def test_killed_while_sending_the_letter_goes_out_again(company: Company, mail_sink: MailSink, dispatcher: Any) -> None:
    mail_sink.hang = True
    notice = send(company.agent)
    first = mail_sink.mails.get(timeout=SECONDS)
    dispatcher.kill()
    dispatcher.wait(SECONDS)
    assert notice.deliveries.get().state == "sending"
    mail_sink.hang = False
    Delivery.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(minutes=2))
    process = start(mail_sink)
    try:
        second = mail_sink.mails.get(timeout=SECONDS)
    finally:
        end(process)
    delivery = notice.deliveries.get()
    assert first["Message-ID"] == second["Message-ID"] == delivery.message_id
    assert (delivery.state, delivery.repeat_possible) == ("sent", True)
    assert Notice.objects.count() == 1
