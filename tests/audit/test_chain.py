"""The seals of the trail: nobody changes, removes or adds an entry without the check naming it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from service_desk.audit import chain
from service_desk.audit.actions import Deed, record, record_many
from service_desk.audit.chain import Tampering
from service_desk.audit.models import AuditEntry, AuditSeal
from service_desk.audit.rules import Flaw
from service_desk.audit.tasks import seal_trail


@pytest.fixture
def trail(db: None) -> list[int]:
    """Seven sealed entries."""
    record_many(Deed("case.note", f"case:{n}", detail={"n": n, "text": "用户报修 ☎", "share": 0.1}) for n in range(7))
    assert chain.seal() == 7
    return list(AuditEntry.objects.order_by("id").values_list("pk", flat=True))


@contextmanager
def as_the_databases_own_administrator() -> Iterator[None]:
    """No trigger stands in the way of who owns the machine."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")


def sql(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> list[Tampering]:
    return list(chain.verify())


def test_a_trail_that_nobody_touched_is_whole_and_grows(trail: list[int]) -> None:
    assert found() == []
    record(verb="case.close", thing="case:1", actor=None)
    seal_trail()
    assert found() == []
    assert chain.head().place == 8
    assert chain.seal() == 0


@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
@pytest.mark.parametrize("attempt", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_entries_and_seals_are_append_only(trail: list[int], table: str, attempt: str) -> None:
    column = "verb" if table.endswith("entry") else "place"
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(attempt.format(table, column, column))
    assert found() == []


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'case.cancel'",
        "detail = jsonb_set(detail, '{n}', '99')",
        "at = at + interval '1 microsecond'",
        "actor_label = 'x'",
        "outcome = 'refused'",
        "ip = '192.0.2.1'",
    ],
)
def test_a_changed_entry_is_named(trail: list[int], change: str) -> None:
    with as_the_databases_own_administrator():
        sql(f"UPDATE audit_auditentry SET {change} WHERE id = %s", trail[3])
    assert found() == [Tampering(Flaw.CHANGED, trail[3], 4)]


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_removed_entry_is_named_the_last_one_too(trail: list[int], place: int) -> None:
    with as_the_databases_own_administrator():
        sql("DELETE FROM audit_auditentry WHERE id = %s", trail[place])
    assert found() == [Tampering(Flaw.REMOVED, trail[place], place + 1)]


def test_an_entry_removed_with_its_seal_leaves_a_gap(trail: list[int]) -> None:
    with as_the_databases_own_administrator():
        sql("DELETE FROM audit_auditentry WHERE id = %s", trail[3])
        sql("DELETE FROM audit_auditseal WHERE entry_id = %s", trail[3])
    assert found() == [Tampering(Flaw.SEAL_MISSING, trail[4], 4)]


def test_an_entry_put_in_long_afterwards_has_no_seal(trail: list[int]) -> None:
    sql(
        "INSERT INTO audit_auditentry (at, actor_label, door, verb, thing, outcome, detail, request_id)"
        " VALUES (now() - interval '2 days', '', 'screen', 'case.note', 'case:1', 'done', '{}', '')"
    )
    newest = AuditEntry.objects.order_by("-id")[0].pk
    assert found() == [Tampering(Flaw.UNSEALED, newest)]


def test_who_makes_all_seals_anew_is_found_by_a_head_that_was_taken_away(trail: list[int]) -> None:
    kept = chain.head()
    with as_the_databases_own_administrator():
        sql("UPDATE audit_auditentry SET verb = 'case.cancel' WHERE id = %s", trail[3])
        sql("DELETE FROM audit_auditseal")
    chain.seal()
    assert found() == []
    assert list(chain.verify(head_was=kept)) == [Tampering(Flaw.HEAD_DIFFERS, trail[6], 7)]


def test_who_cuts_off_the_end_is_found_by_the_head(trail: list[int]) -> None:
    kept = chain.head()
    with as_the_databases_own_administrator():
        sql("DELETE FROM audit_auditentry WHERE id = %s", trail[6])
        sql("DELETE FROM audit_auditseal WHERE place = 7")
    assert [item.flaw for item in chain.verify(head_was=kept)] == [Flaw.SEAL_MISSING]


def test_what_was_verified_before_need_not_be_read_again(trail: list[int]) -> None:
    verified = chain.head()
    record(verb="case.close", thing="case:1", actor=None)
    chain.seal()
    with as_the_databases_own_administrator():
        sql("UPDATE audit_auditentry SET verb = 'case.cancel' WHERE id = %s", trail[3])
    assert list(chain.verify(after=verified)) == []


def test_the_command_names_the_row_and_ends_badly(trail: list[int]) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    head = out.getvalue().split()[-1]
    assert chain.Head.read(head) == chain.head()
    with as_the_databases_own_administrator():
        sql("UPDATE audit_auditentry SET thing = 'case:99' WHERE id = %s", trail[2])
    out = StringIO()
    with pytest.raises(CommandError, match="1 places"):
        call_command("verify_audit", stdout=out, head=chain.Head.read(head))
    assert f"audit entry {trail[2]} (seal 3): was changed" in out.getvalue()


@pytest.mark.parametrize("odd", ["", "12", "12:", "x:00", "12:zz", "12:00", "-"])
def test_a_head_that_is_none_is_refused_in_words(db: None, odd: str) -> None:
    with pytest.raises(CommandError, match="is no head"):
        call_command("verify_audit", f"--head={odd}")


@pytest.mark.django_db(transaction=True)
def test_many_sealers_at_once_and_entries_that_commit_late_make_one_chain() -> None:
    started, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            record(verb="case.note", thing="case:late", actor=None)
            started.set()
            assert go_on.wait(20)
        connection.close()

    def sealer() -> None:
        for _turn in range(20):
            with transaction.atomic():
                record(verb="case.note", thing="case:1", actor=None)
            chain.seal(limit=7)
        connection.close()

    slow = threading.Thread(target=late)
    slow.start()
    assert started.wait(20)
    threads = [threading.Thread(target=sealer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    go_on.set()
    slow.join(20)
    while chain.seal():
        pass
    assert AuditSeal.objects.count() == AuditEntry.objects.count() == 81
    assert found() == []
