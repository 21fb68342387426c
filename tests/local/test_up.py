"""`manage.py up` as a user meets it: real processes, a real port, a real kill."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from service_desk.local.processes import poll_until

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("up")]

BASE = Path(__file__).parents[2]
OURS = ("DATABASE_URL", "REDIS_URL", "SERVICE_DESK_DATA", "DJANGO_SETTINGS_MODULE", "PLAIN_STATIC", "DESK_TEST_RUN")


class RunningDesk:
    """A `manage.py up` and what it has said."""

    def __init__(self, folder: Path, port: int, **more: str) -> None:
        self.folder = folder
        self.port = port
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder.with_suffix(".log")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=BASE,
                env=environment(folder, port, **more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, *, times: int = 1, seconds: float = 300) -> None:
        def settled() -> bool:
            return self.said().count(text) >= times or self.process.poll() is not None

        poll_until(settled, seconds=seconds)
        assert self.said().count(text) >= times, self.said()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(180)


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {
        **kept,
        "SERVICE_DESK_DATA": str(folder),
        "WEB_PORT": str(port),
        "WEB_PROCESSES": "1",
        "DEMO_DATA": "0",
        **more,
    }


def alive(process: psutil.Process) -> bool:
    """A zombie is dead; whoever adopted it has only not looked yet."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def status_of(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    running = RunningDesk(tmp_path_factory.mktemp("up") / "data", free_port())
    try:
        running.wait_for("The desk is open")
        yield running
    finally:
        if running.process.poll() is None:  # nor does one stay that did not open in time
            running.end()


def test_the_page_answers_at_the_printed_address(desk: RunningDesk) -> None:
    assert f"The desk is open: http://127.0.0.1:{desk.port}" in desk.said()
    assert status_of(desk.port) < 600


def test_other_commands_find_the_servers(desk: RunningDesk) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=BASE,
        env=environment(desk.folder, desk.port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_second_desk_on_the_same_folder_is_refused(desk: RunningDesk) -> None:
    second = RunningDesk(desk.folder.with_name("second"), free_port(), SERVICE_DESK_DATA=str(desk.folder))
    assert second.process.wait(60) == 1
    assert f"already running at http://127.0.0.1:{desk.port} (process {desk.process.pid})" in second.said()
    assert "Traceback" not in second.said()


def test_a_port_in_use_is_said_before_anything_starts(desk: RunningDesk) -> None:
    second = RunningDesk(desk.folder.with_name("other"), desk.port)
    assert second.process.wait(60) == 1
    assert f"Port {desk.port} on 127.0.0.1 is in use" in second.said()
    assert "Traceback" not in second.said()
    assert not (second.folder / "postgres").exists()


def test_a_broken_data_folder_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = RunningDesk(tmp_path / "log", free_port(), SERVICE_DESK_DATA=str(tmp_path / "file"))
    assert broken.process.wait(60) == 1
    assert "cannot be used: " in broken.said()
    assert "Set SERVICE_DESK_DATA to a folder" in broken.said()
    assert "Traceback" not in broken.said()


def test_an_unreachable_database_is_said_in_plain_words(tmp_path: Path) -> None:
    url = f"postgresql://desk:s3cret@127.0.0.1:{free_port()}/desk"
    lost = RunningDesk(tmp_path / "data", free_port(), DATABASE_URL=url)
    assert lost.process.wait(60) == 1
    assert "does not answer" in lost.said()
    assert "s3cret" not in lost.said()
    assert "Traceback" not in lost.said()


def test_killed_web_process_database_and_broker_come_back(desk: RunningDesk) -> None:
    by_name = {" ".join(process.cmdline()): process for process in desk.family()}
    for part in ("service_desk.local.web", "pginstall18/bin/postgres -D", "redis-server"):
        next(process for name, process in by_name.items() if part in name).kill()
    desk.wait_for("web-1 was killed by signal 9")
    desk.wait_for("PostgreSQL had died and has been started again")
    desk.wait_for("Redis had died and has been started again")
    assert poll_until(lambda: status_of(desk.port) < 600, seconds=60)


def test_ctrl_c_ends_everything_and_a_second_start_after_a_kill_keeps_the_data(desk: RunningDesk) -> None:
    if desk.process.poll() is not None:  # a second try of this test: the first has ended it
        desk = RunningDesk(desk.folder, desk.port)
        desk.wait_for("The desk is open")
    family = desk.family()
    assert len(family) > 5
    assert desk.end() == 0
    assert re.search(r"stopping.*\n[\s\S]*stopped\n", desk.said())
    assert not [process for process in family if alive(process)]
    assert not (desk.folder / "embedded.env").exists()
    key = (desk.folder / "secret_key").read_text()

    second = RunningDesk(desk.folder, desk.port)
    second.wait_for("The desk is open")
    assert "No migrations to apply" in second.said()
    family = second.family()
    second.process.kill()
    second.process.wait()
    assert (desk.folder / "embedded.env").exists()

    third = RunningDesk(desk.folder, desk.port)  # at once: while the orphans of the killed one are still ending
    third.wait_for("The desk is open")
    assert poll_until(lambda: not any(alive(process) for process in family), seconds=60)
    assert (desk.folder / "secret_key").read_text() == key
    assert third.end() == 0
