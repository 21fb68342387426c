"""The dispatcher as a process of its own: sends, repeats, beats, survives PostgreSQL, leaves on SIGTERM."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from service_desk.local.processes import poll_until
from service_desk.notices.models import Delivery, DispatcherBeat, Notice
from tests.notices.conftest import Company, build, older, send
from tests.notices.sinks import MailSink
from tests.nursery import Nursery, gone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes, pytest.mark.xdist_group("dispatcher")]
SECONDS = 90  # a process of the desk needs long to start on a busy machine


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailSink]:
    sink = MailSink()
    yield sink
    sink.stop()


@pytest.fixture
def mail_sink(mail_server: MailSink) -> MailSink:
    """The one of the module: its port is in the environment of what is forked."""
    mail_server.hang, mail_server.answers, mail_server.mails = False, [], queue.Queue()
    return mail_server


@pytest.fixture(scope="module")
def nursery(
    django_db_setup: None, mail_server: MailSink, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nursery]:
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_server.port)}
    made = Nursery({**os.environ, "DATABASE_URL": address, **mail}, tmp_path_factory.mktemp("dispatcher") / "log")
    yield made
    made.end()


@pytest.fixture
def company(db: None) -> Company:
    return build()


@dataclass
class Dispatcher:
    """One that runs, and what it says."""

    nursery: Nursery
    log: Path

    def __post_init__(self) -> None:
        command = [sys.executable, "manage.py", "dispatch_notices", "--name", "d1"]
        self.process = self.nursery.fork(command, self.log)

    def kill(self) -> None:
        self.process.kill()
        assert poll_until(lambda: gone(self.process), seconds=SECONDS)

    def end(self) -> str:
        """Asked to leave, it does so with the status of success; its last words."""
        self.process.terminate()
        assert poll_until(lambda: self.nursery.status(self.process) is not None, seconds=SECONDS)
        assert self.nursery.status(self.process) == 0
        return self.log.read_text()


@pytest.fixture
def dispatcher(company: Company, mail_sink: MailSink, nursery: Nursery, tmp_path: Path) -> Iterator[Dispatcher]:
    made = Dispatcher(nursery, tmp_path / "d1.log")
    yield made
    if not gone(made.process):
        made.kill()


def test_it_sends_repeats_and_beats(company: Company, mail_sink: MailSink, dispatcher: Dispatcher) -> None:
    notice = send(company.agent, level="emergency", needs_ack=True, repeat_seconds=900)
    assert mail_sink.mails.get(timeout=SECONDS)["To"] == "agent@desk.example"
    older(notice, 901)
    repeated = {mail_sink.mails.get(timeout=SECONDS)["To"] for _each in range(2)}
    assert repeated == {"agent@desk.example", "chief@desk.example"}
    assert "Traceback" not in dispatcher.end()
    assert DispatcherBeat.objects.filter(name="d1", beat_at__gt=Now() - timedelta(seconds=SECONDS)).exists()
    assert set(Delivery.objects.values_list("state", "door")) == {("sent", "d1")}


def test_it_finds_its_way_back_to_postgresql(company: Company, mail_sink: MailSink, dispatcher: Dispatcher) -> None:
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
    assert "PostgreSQL does not answer" in dispatcher.end()


def test_on_sigterm_a_letter_on_its_way_still_lands(
    company: Company, mail_sink: MailSink, dispatcher: Dispatcher
) -> None:
    notice = send(company.agent)
    mail_sink.mails.get(timeout=SECONDS)
    dispatcher.end()
    assert notice.deliveries.get().state == "sent"


def test_killed_while_sending_the_letter_goes_out_again(
    company: Company, mail_sink: MailSink, dispatcher: Dispatcher
) -> None:
    mail_sink.hang = True
    notice = send(company.agent)
    first = mail_sink.mails.get(timeout=SECONDS)
    dispatcher.kill()
    assert notice.deliveries.get().state == "sending"
    mail_sink.hang = False
    Delivery.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(minutes=2))
    again = Dispatcher(dispatcher.nursery, dispatcher.log)
    try:
        second = mail_sink.mails.get(timeout=SECONDS)
    finally:
        again.end()
    delivery = notice.deliveries.get()
    assert first["Message-ID"] == second["Message-ID"] == delivery.message_id
    assert (delivery.state, delivery.repeat_possible) == ("sent", True)
    assert Notice.objects.count() == 1
