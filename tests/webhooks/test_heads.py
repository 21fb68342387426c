"""The head of the audit trail leaves the machine once a day, and with it a chain made anew is found."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from service_desk.audit import chain
from service_desk.audit.actions import record
from service_desk.audit.models import AuditSeal
from service_desk.audit.rules import Flaw
from service_desk.notices.models import Delivery, Notice
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.webhooks.heads import send_head
from tests.factories import staff


@pytest.fixture
def auditor(db: None) -> Staff:
    person = staff("shen", Role.AUDITOR)
    with transaction.atomic():
        for number in range(3):
            record(verb="note.add", thing=f"note:{number}", actor=person)
    chain.seal()
    return person


def test_the_head_goes_out_once_a_day_to_auditors_administrators_and_an_address_elsewhere(
    auditor: Staff, settings: Any
) -> None:
    settings.AUDIT_HEAD_TO = "vault@elsewhere.example"
    admin = staff("admin", Role.ADMINISTRATOR)
    staff("agent")
    assert send_head() is True
    assert send_head() is False
    told = Notice.objects.filter(kind="audit_head")
    assert {n.recipient_id for n in told} == {auditor.pk, admin.pk}
    assert {n.facts["head"] for n in told} == {str(chain.head())}
    assert set(Delivery.objects.values_list("target", flat=True)) == {
        auditor.email,
        admin.email,
        "vault@elsewhere.example",
    }


def test_with_the_head_that_left_a_trail_sealed_anew_is_found(auditor: Staff) -> None:
    send_head()
    kept = chain.Head.read(Notice.objects.filter(kind="audit_head")[:1].get().facts["head"])
    with connection.cursor() as cursor:  # as the database's own administrator, who can take triggers away
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE audit_auditseal DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditentry SET verb = 'note.read' WHERE thing = 'note:1'")
    AuditSeal.objects.all().delete()
    chain.seal()
    assert list(chain.verify()) == []
    assert [found.flaw for found in chain.verify(head_was=kept)] == [Flaw.HEAD_DIFFERS]


def test_an_empty_trail_has_no_head_to_send(db: None) -> None:
    staff("admin", Role.ADMINISTRATOR)
    assert chain.head().place == 0
    assert send_head() is False
