"""One running desk for all journeys: committed data, live processes, a mail server and a browser, all real."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser

from service_desk.customers.models import Customer, InstalledProduct
from service_desk.local.processes import poll_until
from service_desk.local.translations import compile_all
from service_desk.notices.models import Delivery
from service_desk.people.models import Staff
from tests.browsers import chromium_running
from tests.factories import PASSWORD, World, world
from tests.journeys.running import RunningDesk
from tests.journeys.visitor import Visitor, open_browser
from tests.notices.sinks import MailSink


class Mailbox:
    """Everything the mail server has taken, by recipient."""

    def __init__(self, sink: MailSink) -> None:
        self.sink = sink
        self.mails: list[EmailMessage] = []

    def to(self, person: Staff, *parts: str) -> list[EmailMessage]:
        """Mails to `person` whose subject or text holds all of `parts`."""
        self.mails += self.sink.all()
        return [
            mail
            for mail in self.mails
            if person.email in str(mail["To"]) and all(part in str(mail["Subject"]) + text_of(mail) for part in parts)
        ]

    def wait(self, person: Staff, *parts: str, count: int = 1, seconds: float = 30) -> EmailMessage:
        """The last of at least `count` such mails, as soon as they have come."""
        came = poll_until(lambda: len(self.to(person, *parts)) >= count, seconds=seconds)
        got = [str(mail["Subject"]) for mail in self.to(person)]
        ways = list(Delivery.objects.filter(notice__recipient=person).values_list("state", "attempts", "last_error"))
        assert came, f"No such mail to {person}: {parts}. There are {got}; deliveries: {ways}"
        return self.to(person, *parts)[-1]


def text_of(mail: EmailMessage) -> str:
    """The plain part of a mail."""
    body = mail.get_body(("plain",))
    return "\n".join(str(body.get_content()).splitlines()) if body is not None else ""


@dataclass
class Journey:
    """What a journey has at hand."""

    desk: RunningDesk
    world: World
    mail: Mailbox
    visit: Callable[..., Visitor]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture(scope="package")
def database(django_test_environment: None, django_db_blocker: Any) -> Iterator[str]:
    """A test database for the journeys alone: their data are committed and their processes stay connected."""
    given = connection.settings_dict["NAME"]
    options = connection.settings_dict["TEST"]
    name, options["NAME"] = options["NAME"], f"journeys_{os.getpid()}"
    with django_db_blocker.unblock():
        connection.close()
        yield connection.creation.create_test_db(verbosity=0, autoclobber=True)
        connection.creation.destroy_test_db(given, verbosity=0)
    options["NAME"] = name


@pytest.fixture(scope="package")
def company(database: str) -> World:
    """The small company of the tests, with passwords."""
    made = world()
    for person in made.people.values():
        person.language = "en"
        person.set_password(PASSWORD)
        person.save()
    other = Customer.objects.create(name="深圳市气象局")
    InstalledProduct.objects.create(customer=other, product_type=made.product, model="BTS-3900")
    return made


@pytest.fixture(scope="package")
def mailbox() -> Iterator[Mailbox]:
    sink = MailSink()
    yield Mailbox(sink)
    sink.stop()


@pytest.fixture(scope="package")
def running(
    chromium: Browser, company: World, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDesk]:
    compile_all()
    folder: Path = tmp_path_factory.mktemp("journeys")
    desk = RunningDesk(folder, mail_port=mailbox.sink.port)
    try:
        desk.start()
        yield desk
    finally:
        desk.stop()


@pytest.fixture
def journey(chromium: Browser, running: RunningDesk, company: World, mailbox: Mailbox) -> Iterator[Journey]:
    """Everything at hand; afterwards every window must have been free of errors."""
    visitors: list[Visitor] = []

    def visit(staff: Staff | None = None, **options: Any) -> Visitor:
        visitors.append(open_browser(chromium, running.url, staff=staff, **options))
        return visitors[-1]

    yield Journey(running, company, mailbox, visit)
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
