"""Row 20: the trail refuses every change to the application, and names the row that a superuser changed behind it."""

from __future__ import annotations

from contextlib import closing
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from service_desk.audit import chain
from service_desk.audit.models import AuditEntry
from service_desk.cases import actions
from tests.factories import shift_time
from tests.faults.conftest import Run
from tests.faults.house import reconnect

ROLE = "desk_app"
REFUSED = ("UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE")
#: What would open the way round the triggers.
ROUNDABOUT = (
    "SET session_replication_role = replica",
    "ALTER TABLE audit_auditentry DISABLE TRIGGER ALL",
    "DROP TABLE audit_auditseal",
)
MARK = "case:tampered-with"
TABLES = {"audit_auditentry": "verb", "audit_auditseal": "place"}


def _history(run: Run) -> list[int]:
    """A day's work, sealed; the numbers of its entries."""
    case = run.world.register(severity="major")
    actions.start(case=case, actor=run.world.agent)
    actions.note(case=case, actor=run.world.agent, text="更换主控板 ☎")
    shift_time(case, hours=1)
    while chain.seal():
        pass
    found = list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))
    assert len(found) >= 3
    return found


def test_a_trail_that_is_tampered_with(run: Run) -> None:
    before = _history(run)
    _refused_to_the_application(run, before)
    _one_byte_changed_by_a_superuser(run, before)
    _one_byte_changed_in_the_file(run)


def _application(run: Run) -> Any:
    """A session as the desk's own account would have it: it may write every table, and is no superuser."""
    run.house.ask(f"CREATE ROLE {ROLE} LOGIN")
    run.house.ask(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
    run.house.ask(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
    session = psycopg2.connect(run.house.postgres.url("service_desk").replace("postgres@", f"{ROLE}@"))
    session.autocommit = True
    return session


def _refused_to_the_application(run: Run, before: list[int]) -> None:
    with closing(_application(run)) as session, session.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (ROLE, False)
        for table, column in TABLES.items():
            for attempt in REFUSED:
                with pytest.raises(psycopg2.Error, match="append-only"):
                    cursor.execute(attempt.format(table, column, column))
                with pytest.raises(
                    psycopg2.Error, match="append-only"
                ):  # the embedded desk's own account, which owns it
                    run.house.ask(attempt.format(table, column, column))
        for statement in ROUNDABOUT:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
        cursor.execute(
            "INSERT INTO audit_auditentry (at, actor_label, door, verb, thing, outcome, detail, request_id)"
            " VALUES (now(), '', 'screen', 'case.note', %s, 'done', '{}', '')",
            [MARK],
        )  # what it may do: write further
    assert list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))[: len(before)] == before
    while chain.seal():
        pass
    assert list(chain.verify()) == []


def _one_byte_changed_by_a_superuser(run: Run, before: list[int]) -> None:
    """Past the triggers, one letter of one verb; found and named, and found no more once it is put back."""
    entries = list(AuditEntry.objects.order_by("pk").values_list("pk", flat=True))
    chosen = run.chance.choice(before)
    was = run.house.one("SELECT verb FROM audit_auditentry WHERE id = %s", chosen)
    _as_superuser(run, "UPDATE audit_auditentry SET verb = overlay(verb placing 'X' from 1) WHERE id = %s", chosen)
    assert run.house.one("SELECT verb FROM audit_auditentry WHERE id = %s", chosen) == "X" + was[1:] != was
    out = StringIO()
    with pytest.raises(CommandError, match="1 places"):
        call_command("verify_audit", stdout=out)
    assert f"audit entry {chosen} (seal {entries.index(chosen) + 1}): was changed" in out.getvalue()
    _as_superuser(run, "UPDATE audit_auditentry SET verb = %s WHERE id = %s", was, chosen)
    assert list(chain.verify()) == []


def _as_superuser(run: Run, statement: str, *values: Any) -> None:
    run.house.ask("SET session_replication_role = replica")
    run.house.ask(statement, *values)
    run.house.ask("SET session_replication_role = origin")


def _one_byte_changed_in_the_file(run: Run) -> None:
    """Past PostgreSQL itself: the server stopped, one byte of the table's file changed, the server started."""
    chosen = AuditEntry.objects.get(thing=MARK).pk
    run.house.ask("CHECKPOINT")
    path = run.house.postgres.data / run.house.one("SELECT pg_relation_filepath('audit_auditentry')")
    guarded = run.house.one("SHOW data_checksums") == "on"
    reconnect()
    run.house.close()
    content = path.read_bytes()
    assert content.count(MARK.encode()) == 1
    path.write_bytes(content.replace(MARK.encode(), MARK[:-1].encode() + b"X"))
    run.house.servers.start()
    if guarded:  # the server itself refuses the page, by its own checksum
        with pytest.raises(DatabaseError, match="invalid page"):
            list(chain.verify())
        run.house.ask("ALTER SYSTEM SET ignore_checksum_failure = on")
        run.house.ask("SELECT pg_reload_conf()")
        reconnect()
    assert [item.entry_id for item in chain.verify()] == [chosen]
