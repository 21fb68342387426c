"""Backup and restore: what was saved comes back, what was there before is kept, a bad file changes nothing."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from service_desk.local import backup
from service_desk.local.processes import StartError
from service_desk.local.servers import EmbeddedServers
from tests.local.test_servers import query

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers = EmbeddedServers(tmp_path_factory.mktemp("backup"), {"REDIS_URL": "unused"}, fast=True)
    yield servers.start()["DATABASE_URL"]
    servers.stop()


def test_a_backup_is_private_and_restores_what_was_saved(url: str, tmp_path: Path) -> None:
    query(url, "CREATE TABLE note AS SELECT '气象' AS text")
    saved = backup.dump(url, tmp_path / "backups", "Asia/Shanghai")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert list(saved.parent.iterdir()) == [saved]
    query(url, "UPDATE note SET text = 'changed'")

    old = backup.restore(url, saved, stamp="1")

    assert query(url, "SELECT text FROM note") == [("气象",)]
    assert query(url.replace("/service_desk", f"/{old}", 1), "SELECT text FROM note") == [("changed",)]


def test_a_file_that_is_no_backup_changes_nothing(url: str, tmp_path: Path) -> None:
    query(url, "CREATE TABLE IF NOT EXISTS steady AS SELECT 1 AS one")
    (tmp_path / "bad.dump").write_text("no backup")
    with pytest.raises(StartError, match="pg_restore failed"):
        backup.restore(url, tmp_path / "bad.dump", stamp="2")
    assert query(url, "SELECT one FROM steady") == [(1,)]
    assert query(url, "SELECT 1 FROM pg_database WHERE datname LIKE '%restoring'") == []


def test_a_missing_file_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="There is no backup file"):
        backup.restore(url, tmp_path / "none.dump", stamp="3")


def test_a_running_desk_is_not_restored_under_its_feet(url: str, tmp_path: Path) -> None:
    saved = backup.dump(url, tmp_path, "Asia/Shanghai")
    connection = psycopg2.connect(url)
    try:
        with pytest.raises(StartError, match="1 connections are open"):
            backup.restore(url, saved, stamp="4")
    finally:
        connection.close()


def test_a_failed_backup_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="pg_dump failed"):
        backup.dump(f"postgresql://postgres:s3cret@/none?host={tmp_path}", tmp_path / "backups", "Asia/Shanghai")
    assert list((tmp_path / "backups").iterdir()) == []


def test_without_a_running_desk_the_embedded_server_is_started_for_it(tmp_path: Path) -> None:
    with backup.database(tmp_path, {}) as url:
        assert query(url, "SELECT 1") == [(1,)]
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)


def test_an_address_from_the_environment_is_used_as_it_is(tmp_path: Path) -> None:
    with backup.database(tmp_path, {"DATABASE_URL": "postgresql://desk@db.example/desk"}) as url:
        assert url == "postgresql://desk@db.example/desk"
    assert list(tmp_path.iterdir()) == []


def test_the_setting_that_old_servers_do_not_know_is_left_out() -> None:
    header = [b"SET lock_timeout = 0;\n", b"SET transaction_timeout = 0;\n", b"SET client_encoding = 'UTF8';\n"]
    assert list(backup.for_older_servers(header)) == [header[0], header[2]]


def test_a_backup_cut_short_changes_nothing(url: str, tmp_path: Path) -> None:
    query(url, "CREATE TABLE long AS SELECT number, md5(number::text) AS text FROM generate_series(1, 20000) number")
    whole = backup.dump(url, tmp_path, "Asia/Shanghai")
    cut = tmp_path / "cut.dump"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    query(url, "DELETE FROM long WHERE number > 7")
    with pytest.raises(StartError, match="failed"):
        backup.restore(url, cut, stamp="5")
    assert query(url, "SELECT count(*) FROM long") == [(7,)]
