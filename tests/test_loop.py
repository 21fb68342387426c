"""What the processes of the desk take for a database that is away: everything that ends a session, nothing else."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from service_desk.loop import connection_lost, session_ended, show_life


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.DatabaseError])
def test_a_server_that_ends_or_does_not_answer_is_away(kind: type[Exception], db: None) -> None:
    assert connection_lost(kind("terminating connection"))


@pytest.mark.django_db(transaction=True)
def test_a_plain_error_without_a_code_of_the_server_ends_a_session_that_does_not_know_it_yet() -> None:
    connection.ensure_connection()
    ended = DatabaseError("server closed the connection unexpectedly")
    ended.__cause__ = psycopg2.DatabaseError("server closed the connection unexpectedly")
    assert session_ended(ended)
    assert connection_lost(ended)
    for other in (ProgrammingError("there is no such column"), DatabaseError("no row was saved"), ValueError("else")):
        assert not connection_lost(other)
    connection.connection.close()
    assert connection_lost(ProgrammingError("whatever it is called"))
    assert not connection_lost(ValueError("not of the database"))
    connection.close()


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_systemd_hears_that_a_loop_turns_and_a_deaf_one_is_no_error(kind: str, tmp_path: Path, settings: Any) -> None:
    address = str(tmp_path / "notify") if kind == "file" else f"@desk-{tmp_path.name}"
    settings.WATCHDOG_SOCKET = address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0") if kind == "abstract" else address)
        systemd.settimeout(5)
        show_life()
        assert systemd.recv(100) == b"WATCHDOG=1"
    show_life()
