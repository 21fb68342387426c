"""What the processes of the desk take for a database that is away: everything that ends a session, nothing else."""

from __future__ import annotations

import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from service_desk.loop import connection_lost, session_ended


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
