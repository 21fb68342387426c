"""What the processes of the desk take for a database that is away: everything that ends a session, nothing else."""

from __future__ import annotations

import psycopg2
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection

from service_desk.loop import connection_lost


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.DatabaseError])
def test_a_server_that_ends_or_does_not_answer_is_away(kind: type[Exception], db: None) -> None:
    assert connection_lost(kind("terminating connection"))


@pytest.mark.django_db(transaction=True)
def test_a_plain_database_error_counts_by_what_became_of_the_connection() -> None:
    connection.ensure_connection()
    assert not connection_lost(DatabaseError("server closed the connection unexpectedly"))
    assert not connection_lost(ProgrammingError("there is no such column"))
    connection.connection.close()
    assert connection_lost(DatabaseError("server closed the connection unexpectedly"))
    assert not connection_lost(ValueError("not of the database"))
    connection.close()
