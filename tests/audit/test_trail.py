"""The trail: written with the change, lost with the change, and refused to whoever would alter it."""

import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from service_desk.audit.actions import Deed, NotInTransaction, record, record_many, record_refusal
from service_desk.audit.admin import AuditEntryAdmin
from service_desk.audit.context import acting, current, set_label
from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff


@pytest.fixture
def agent(db: None) -> Staff:
    return Staff.objects.create_user("wang", full_name="王芳")


def test_an_entry_says_who_what_when_and_through_which_door(agent: Staff) -> None:
    with acting(door="rest", ip="192.0.2.7", label="key:1 robot", request_id="r1"):
        written = record(verb="case.register", thing="case:1", actor=agent, detail={"severity": "critical"})
    entry = AuditEntry.objects.get(pk=written.pk)
    assert (entry.actor_id, entry.verb, entry.thing, entry.door) == (agent.pk, "case.register", "case:1", "rest")
    assert (entry.ip, entry.actor_label, entry.request_id) == ("192.0.2.7", "key:1 robot", "r1")
    assert (entry.outcome, entry.detail) == ("done", {"severity": "critical"})
    assert entry.at == written.at


def test_the_database_clock_gives_the_time_and_nothing_is_read_back(
    agent: Staff, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        written = record(verb="case.register", thing="case:1", actor=agent)
        assert written.at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        assert written.at <= cursor.fetchone()[0]


def test_nobody_in_particular_is_no_actor(db: None) -> None:
    assert record(verb="clock.fire", thing="deadline:1", actor=None, door="worker").actor_id is None
    assert record(verb="notice.acknowledge", thing="notice:1", actor=AnonymousUser(), door="link").actor_id is None


def test_an_unknown_door_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="window"):
        record(verb="case.register", thing="case:1", actor=None, door="window")


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(NotInTransaction, match=r"case\.register"):
        record(verb="case.register", thing="case:1", actor=None)
    with pytest.raises(NotInTransaction):
        record_many([Deed("case.register", "case:1")])
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_lost_with_its_change_and_a_refusal_is_kept_after_it() -> None:
    with transaction.atomic():
        record(verb="case.close", thing="case:1", actor=None)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()
    record_refusal(verb="case.close", thing="case:1", actor=None, reason="no outcome")
    assert [(e.outcome, e.detail) for e in AuditEntry.objects.all()] == [("refused", {"reason": "no outcome"})]


def test_a_batch_is_one_insert(agent: Staff, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        written = record_many((Deed("roster.import", f"duty:{n}", agent) for n in range(500)), door="command")
    assert written == 500
    assert AuditEntry.objects.filter(verb="roster.import", door="command", actor=agent).count() == 500
    assert record_many([]) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET verb = 'nothing'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_plain_sql_cannot_change_remove_or_empty_the_trail(db: None, sql: str) -> None:
    record(verb="case.close", thing="case:1", actor=None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else TRUNCATE is refused for the foreign key's sake
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.get().verb == "case.close"


def test_the_orm_cannot_either(db: None) -> None:
    entry = record(verb="case.close", thing="case:1", actor=None)
    for attempt in (
        lambda: AuditEntry.objects.update(verb="nothing"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["thing"]),
        entry.save,
        entry.delete,
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
    assert AuditEntry.objects.count() == 1


def test_staff_who_have_acted_cannot_be_removed(agent: Staff) -> None:
    record(verb="case.close", thing="case:1", actor=agent)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="foreign key"), transaction.atomic():
        agent.delete()
    assert AuditEntry.objects.by_actor(agent.pk).count() == 1


def test_the_story_of_a_thing_is_read_from_its_index(db: None) -> None:
    for verb in ("case.register", "case.restore"):
        record(verb=verb, thing="case:1", actor=None)
    record(verb="case.register", thing="case:2", actor=None)
    assert [entry.verb for entry in AuditEntry.objects.of_thing("case:1")] == ["case.restore", "case.register"]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "audit_by_thing" in AuditEntry.objects.of_thing("case:1").explain()
    assert "audit_by_actor" in AuditEntry.objects.by_actor(1).explain()


def test_circumstances_nest_and_end() -> None:
    assert (current().door, current().ip) == ("command", None)
    with acting(door="screen", ip="192.0.2.7"):
        with acting(label="import"):
            assert (current().door, current().ip, current().label) == ("screen", "192.0.2.7", "import")
        set_label("key:7")
        assert current().label == "key:7"
    assert current().label == ""
    set_label("nobody takes this back")
    assert current().label == ""


def test_circumstances_belong_to_one_thread() -> None:
    seen: list[str] = []
    with acting(door="admin"):
        thread = threading.Thread(target=lambda: seen.append(current().door))
        thread.start()
        thread.join()
    assert seen == ["command"]


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2.7:80", "1.2.3.4, 5.6.7.8", "\x00"])
def test_a_forwarded_header_with_nonsense_is_no_address(address: str) -> None:
    with acting(ip=address):
        assert current().ip is None


def test_the_admin_page_only_reads() -> None:
    request = RequestFactory().get("/admin/")
    page = AuditEntryAdmin(AuditEntry, admin_site=None)  # type: ignore[arg-type]
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
