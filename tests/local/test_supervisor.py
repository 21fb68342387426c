"""The supervisor: what dies comes back, what speaks is printed, what ends leaves nothing behind."""

import errno
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from service_desk.local.output import LONGEST_LINE, Lines, Log
from service_desk.local.processes import poll_until
from service_desk.local.supervisor import FIRST_DELAY, LONGEST_DELAY, Child, Supervisor, run_to_end

pytestmark = pytest.mark.processes

SPEAKER = "import os, time; print('here', os.getpid(), flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def watch(*programs: str) -> tuple[Supervisor, io.StringIO]:
    said = io.StringIO()
    children = [Child(f"child-{number}", [sys.executable, "-c", text]) for number, text in enumerate(programs, 1)]
    return Supervisor(children, dict(os.environ), Log(said)), said


def rounds(supervisor: Supervisor, until: Callable[[], bool]) -> None:
    def turn() -> bool:
        supervisor.round(0.05)
        return until()

    assert poll_until(turn, seconds=30, every=0)


def test_a_killed_child_is_started_again() -> None:
    supervisor, said = watch(SPEAKER)
    supervisor.start(first=1)
    rounds(supervisor, lambda: said.getvalue().count("here") == 1)
    process = supervisor.children[0].process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    rounds(supervisor, lambda: said.getvalue().count("here") == 2)
    supervisor.stop()
    assert "child-1 was killed by signal 9; starting it again in 0.5 s" in said.getvalue()


PULSE = "import os, pathlib; pathlib.Path(os.environ['DESK_PULSE']).touch(); " + SPEAKER


def test_a_child_whose_loop_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    supervisor, said = watch(PULSE)
    child = supervisor.children[0]
    child.pulse, child.stale_after = tmp_path / "child-1.pulse", 0.2
    supervisor.start(first=1)
    rounds(supervisor, lambda: said.getvalue().count("here") == 2)
    supervisor.stop()
    assert "child-1 has shown no sign of life for 0 s and is killed" in said.getvalue()
    assert "child-1 was killed by signal 9" in said.getvalue()


def test_a_child_whose_loop_turns_is_left_alone(tmp_path: Path) -> None:
    pulse = tmp_path / "child-1.pulse"
    child = Child("child-1", [], pulse=pulse, stale_after=10)
    assert not child.hangs(1000.0)  # still loading
    pulse.touch()
    assert not child.hangs(1000.0)
    os.utime(pulse, (1, 1))  # the wall clock has jumped; the pulse came all the same
    assert not child.hangs(1009.0)
    assert not child.hangs(1018.0)
    assert child.hangs(1019.5)


def test_back_off_doubles_up_to_its_limit() -> None:
    supervisor, said = watch("raise SystemExit(3)")
    child = supervisor.children[0]
    supervisor.start(first=1)
    delays = []
    for _turn in range(7):
        rounds(supervisor, lambda: child.process is None)
        delays.append(child.delay)
        supervisor.hurry()
        rounds(supervisor, lambda: child.process is not None)
    supervisor.stop()
    assert delays == [FIRST_DELAY, 1.0, 2.0, 4.0, 8.0, LONGEST_DELAY, LONGEST_DELAY]
    assert "ended with status 3" in said.getvalue()


def test_every_line_bears_the_name_of_its_process_and_last_words_are_kept() -> None:
    supervisor, said = watch("print('one\\ntwo'); print('no end', end='')", SPEAKER)
    supervisor.start(first=2)
    rounds(supervisor, lambda: "ended" in said.getvalue() and "here" in said.getvalue())
    supervisor.stop()
    lines = said.getvalue().splitlines()
    assert [line for line in lines if line.startswith("child-1 ")] == [
        "child-1    | one",
        "child-1    | two",
        "child-1    | no end",
    ]


def test_a_deaf_child_is_killed_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_desk.local.supervisor.PATIENCE", 0.2)
    supervisor, said = watch(DEAF)
    supervisor.start(first=1)
    rounds(supervisor, lambda: "deaf" in said.getvalue())
    supervisor.stop()
    assert "child-1 does not end and is killed" in said.getvalue()
    assert not supervisor.children[0].alive


def test_no_child_survives_a_killed_supervisor(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from service_desk.local.supervisor import Child, Supervisor\n"
        "from service_desk.local.output import Log\n"
        f"watch = Supervisor([Child('c', [sys.executable, '-c', {SPEAKER!r}])], os.environ, Log())\n"
        "watch.start(first=1)\n"
        "watch.run(until=lambda: False)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert owner.stdout is not None
    number = int(owner.stdout.readline().split()[-1])
    child = psutil.Process(number)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert poll_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=10)


def test_run_to_end_gives_the_status_and_the_words() -> None:
    said = io.StringIO()
    child = Child("prepare", [sys.executable, "-c", "print('working'); raise SystemExit(4)"])
    assert run_to_end(child, dict(os.environ), Log(said)) == 4
    assert said.getvalue() == "prepare    | working\n"


def test_lines_are_cut_from_bytes_and_an_endless_one_is_bounded() -> None:
    lines = Lines()
    assert lines.feed("气象".encode()[:4]) == []
    assert lines.feed("气象".encode()[4:] + b"\r\nrest") == ["气象"]
    assert lines.rest() == ["rest"]
    assert len(lines.feed(b"x" * (LONGEST_LINE + 1))[0]) == LONGEST_LINE + 1
    assert lines.rest() == []


class _Full(io.StringIO):
    """A log file on a disk without room."""

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_under_its_log_does_not_end_the_supervisor() -> None:
    stream = _Full()
    log = Log(stream)
    log.line("web-1", "said while there is no room")
    assert log.stream is stream
