"""Migrations beside a desk at work (RELIABILITY 33): they wait for a table three seconds at most, then again."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import psycopg2.errors
import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connection

from service_desk.local.management.commands import migrate

pytestmark = pytest.mark.django_db


def limit() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return cursor.fetchone()[0]


def busy() -> OperationalError:
    error = OperationalError("canceling statement due to lock timeout")
    error.__cause__ = psycopg2.errors.LockNotAvailable()
    return error


def test_a_migration_in_one_transaction_has_the_limit_and_one_beside_the_desk_has_none() -> None:
    command = migrate.Command(stdout=io.StringIO())
    command.verbosity = 0
    command.migration_progress_callback("apply_start", SimpleNamespace(atomic=True))
    assert limit() == "3s"
    command.migration_progress_callback("apply_start", SimpleNamespace(atomic=False))
    assert limit() == "0"


def test_a_table_in_use_is_tried_again_and_everything_else_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Exception | None] = [busy(), busy(), None, OperationalError("the server is starting up")]

    def handle(_self: Any, *_args: Any, **_options: Any) -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(Migrate, "handle", handle)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.0)
    said = io.StringIO()
    call_command("migrate", stdout=said)
    assert said.getvalue().count("a table is in use") == 2
    with pytest.raises(OperationalError, match="starting up"):
        call_command("migrate", stdout=said)
    assert limit() == "0"
