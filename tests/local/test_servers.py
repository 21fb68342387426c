"""The embedded servers: they start, keep what was written, and shrug off what a kill left behind."""

from pathlib import Path

import psycopg2
import pytest

from service_desk.local.servers import EmbeddedServers

pytestmark = pytest.mark.processes


def _query(servers: EmbeddedServers, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(servers.environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_smoke(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {}, fast=True)
    servers.start()
    assert _query(servers, "SELECT 1") == [(1,)]
    servers.stop()
