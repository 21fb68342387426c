"""A small company, real receivers, and the one way to send that the tests use."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import DutyShift, Staff, Unit
from service_desk.people.rules import DutyRole, Role, UnitKind
from tests.notices.sinks import MailSink, WebSink

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


@dataclass
class Company:
    agent: Staff
    colleague: Staff
    chief: Staff
    head: Staff
    manager: Staff
    supervisor: Staff
    admin: Staff
    outsider: Staff
    section: Unit
    department: Unit


def person(username: str, unit: Unit | None, *roles: str) -> Staff:
    return Staff.objects.create_user(
        username, PASSWORD, full_name=f"员工{username}", unit=unit, email=f"{username}@desk.example", roles=list(roles)
    )


def on_duty(role: str, staff: Staff) -> DutyShift:
    return DutyShift.objects.create(
        role=role, staff=staff, starts_at=Now() - timedelta(days=1), ends_at=Now() + timedelta(days=1)
    )


def build() -> Company:
    department = Unit.objects.create(name="客户服务部", kind=UnitKind.DEPARTMENT)
    section = Unit.objects.create(name="热线一科", kind=UnitKind.SECTION, parent=department)
    elsewhere = Unit.objects.create(name="代表处", kind=UnitKind.FIELD_OFFICE)
    company = Company(
        agent=person("agent", section, Role.FRONT_DESK),
        colleague=person("colleague", section, Role.FRONT_DESK),
        chief=person("chief", section, Role.FIELD_ENGINEER),
        head=person("head", department, Role.DEPARTMENT_HEAD),
        manager=person("manager", elsewhere, Role.PRODUCT_EXPERT),
        supervisor=person("supervisor", elsewhere, Role.SUPERVISOR),
        admin=person("admin", None, Role.ADMINISTRATOR),
        outsider=person("outsider", elsewhere, Role.FRONT_DESK),
        section=section,
        department=department,
    )
    section.section_chief = company.chief
    section.save()
    department.department_head = company.head
    department.save()
    on_duty(DutyRole.DUTY_MANAGER, company.manager)
    return company


@pytest.fixture(autouse=True)
def _desk(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def company(db: None) -> Company:
    return build()


def new(recipient: Staff | None, **fields: Any) -> NewNotice:
    number = next(_numbers)
    fields.setdefault("slot", "handler")
    fields.setdefault("chain", f"case_deadline:{number}:1:due:{fields['slot']}")
    fields.setdefault("dedup_key", f"{fields['chain']}:{fields.get('repeat_no', 0)}")
    fields.setdefault("kind", "test")
    fields.setdefault("level", "breach")
    fields.setdefault("facts", {"by": "somebody"})
    fields.setdefault("about", "case:7")
    return NewNotice(recipient_id=recipient.pk if recipient else None, **fields)


def send(recipient: Staff | None, **fields: Any) -> Notice:
    with transaction.atomic():
        [pk] = send_many([new(recipient, **fields)])
    return Notice.objects.get(pk=pk)


def sooner(**where: Any) -> int:
    """The waiting time of open deliveries (or of claimed ones: their lease) is over."""
    return Delivery.objects.open().filter(**where).update(next_attempt_at=Now() - timedelta(seconds=1))


def older(notice: Notice, seconds: float) -> None:
    """Move a notice's repeat into the past."""
    Notice.objects.filter(pk=notice.pk).update(next_repeat_at=F("next_repeat_at") - timedelta(seconds=seconds))


@pytest.fixture
def mail_sink(settings: Any) -> Iterator[MailSink]:
    sink = MailSink()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    yield sink
    sink.stop()


@pytest.fixture
def web_sink(settings: Any) -> Iterator[WebSink]:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    sink = WebSink()
    yield sink
    sink.stop()


@pytest.fixture
def english(client: Any) -> Callable[[Staff], Any]:
    """A logged-in browser in English."""

    def log_in(staff: Staff) -> Any:
        client.force_login(staff)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    return log_in
