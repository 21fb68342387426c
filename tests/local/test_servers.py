"""The embedded servers: they start, keep what was written, and shrug off what a kill left behind."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from service_desk.local.postgres import SOCKET_LIMIT
from service_desk.local.processes import StartError, poll_until
from service_desk.local.servers import EmbeddedServers

pytestmark = pytest.mark.processes


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_second_start_keeps_the_data_and_no_tcp_port_is_open(tmp_path: Path) -> None:
    first = EmbeddedServers(tmp_path, {}, fast=True)
    first.start()
    query(first.environment["DATABASE_URL"], "CREATE TABLE kept AS SELECT 7 AS seven")
    assert query(first.environment["DATABASE_URL"], "SHOW listen_addresses") == [("",)]
    client = redis.Redis.from_url(first.environment["REDIS_URL"])
    assert client.config_get("port") == {"port": "0"}
    client.close()
    first.stop()

    second = EmbeddedServers(tmp_path, {}, fast=True)
    second.start()
    assert query(second.environment["DATABASE_URL"], "SELECT seven FROM kept") == [(7,)]
    second.stop()


def test_only_missing_servers_are_started(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {"DATABASE_URL": "postgresql://desk@db.example/desk"})
    assert set(servers.start()) == {"REDIS_URL"}
    servers.stop()
    assert not (tmp_path / "postgres").exists()


def test_folders_are_private(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {}, fast=True)
    servers.start()
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("postgres", "redis")}
    servers.stop()
    assert modes == {"postgres": 0o700, "redis": 0o700}


def test_a_long_path_gets_short_sockets_and_keeps_them_when_mended(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25)
    assert len(str(folder)) > SOCKET_LIMIT
    servers = EmbeddedServers(folder, {}, fast=True)
    before = dict(servers.start())
    assert servers.postgres is not None
    assert servers.redis is not None
    for server in (servers.postgres, servers.redis):
        assert server.process is not None
        server.process.kill()
        server.process.wait()
    assert servers.mend() == [
        "PostgreSQL had died and has been started again",
        "Redis had died and has been started again",
    ]
    assert servers.environment == before
    assert query(before["DATABASE_URL"], "SELECT 1") == [(1,)]
    servers.postgres.stop()
    assert not servers.postgres.sockets.exists()
    servers.postgres.start()  # whoever was told the address finds it there again
    assert query(before["DATABASE_URL"], "SELECT 1") == [(1,)]
    servers.stop()
    assert not servers.postgres.sockets.exists()


def test_stale_pid_file_of_a_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    first = EmbeddedServers(tmp_path, {}, fast=True)
    first.start()
    first.stop()
    # after a crash the number may belong to anyone; take a process that lives for sure: this one
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'postgres'}\n")
    second = EmbeddedServers(tmp_path, {}, fast=True)
    second.start()
    assert query(second.environment["DATABASE_URL"], "SELECT 1") == [(1,)]
    second.stop()


OWNER = """
import sys, time
from pathlib import Path
from service_desk.local.servers import EmbeddedServers
servers = EmbeddedServers(Path(sys.argv[1]), {}, fast=True)
servers.start()
print(servers.postgres.process.pid, servers.redis.process.pid, flush=True)
time.sleep(600)
"""


def test_servers_of_a_killed_owner_end_and_the_next_owner_starts(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    numbers = [int(number) for number in owner.stdout.readline().split()]
    servers_of_owner = [psutil.Process(number) for number in numbers]
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    following = EmbeddedServers(tmp_path, {}, fast=True)
    following.start()
    assert query(following.environment["DATABASE_URL"], "SELECT 1") == [(1,)]
    assert poll_until(lambda: not any(process.is_running() for process in servers_of_owner), seconds=30)
    following.stop()


def test_a_folder_with_foreign_files_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "diary.txt").write_text("not a database")
    with pytest.raises(StartError, match="holds files but no PostgreSQL data"):
        EmbeddedServers(tmp_path, {}, fast=True).start()
    assert (tmp_path / "postgres" / "diary.txt").read_text() == "not a database"


def test_a_damaged_cluster_is_named_with_its_remedy(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {}, fast=True)
    servers.start()
    servers.stop()
    (tmp_path / "postgres" / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(StartError, match=r"does not start on .*\n[\s\S]*restore the last backup"):
        EmbeddedServers(tmp_path, {}, fast=True).start()


def test_workers_of_a_killed_server_are_waited_for_and_the_data_survives(tmp_path: Path) -> None:
    servers = EmbeddedServers(tmp_path, {"REDIS_URL": "unused"})  # not fast: what is committed must be on disk
    url = servers.start()["DATABASE_URL"]
    query(url, "CREATE TABLE kept AS SELECT 7 AS seven")
    busy = psycopg2.connect(url)
    busy.cursor().execute("BEGIN")
    assert servers.postgres is not None
    assert servers.postgres.process is not None
    workers = psutil.Process(servers.postgres.process.pid).children()
    servers.postgres.process.kill()
    servers.postgres.process.wait()
    assert servers.mend() == ["PostgreSQL had died and has been started again"]
    assert not [process for process in workers if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert query(url, "SELECT seven FROM kept") == [(7,)]
    busy.close()
    servers.stop()


def test_a_server_that_does_not_come_back_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = EmbeddedServers(tmp_path, {"DATABASE_URL": "unused"})
    servers.start()
    assert servers.redis is not None
    assert servers.redis.process is not None
    servers.redis.process.kill()
    servers.redis.process.wait()
    with monkeypatch.context() as broken:
        broken.setattr("service_desk.local.redis_server.REDIS_SERVER_PATH", "/bin/false")
        assert "Redis has died and does not come back yet" in servers.mend()[0]
    assert servers.mend() == ["Redis had died and has been started again"]
    servers.stop()
