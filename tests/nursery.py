"""A warm interpreter that forks the desk's processes: the same commands, up in milliseconds instead of seconds.

A storm that kills a process every 0.4 s would otherwise measure how long Python takes to load, and a test of six
processes cost twenty seconds of processor before it begins. One request a line on standard input, one answer a line on
standard output; when the nursery ends, so do the children.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from service_desk.local.processes import poll_until, tail

BASE = Path(__file__).parents[1]
_PR_SET_PDEATHSIG = 1


class Nursery:
    """The test's side of it; all that it forks has the environment with which it began."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, keep_fds: Sequence[int] = ()) -> None:
        """Start it and wait until it has loaded everything."""
        self.log = log
        self.forked: list[psutil.Process] = []
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery"],
                cwd=BASE,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                pass_fds=tuple(keep_fds),
                process_group=0,
            )
        self._answer()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def fork(self, command: Sequence[str], log: Path) -> psutil.Process:
        """That command line in a process of its own, a group of its own too."""
        self._ask(command=[str(part) for part in command], log=str(log))
        self.forked.append(psutil.Process(self._answer()["pid"]))
        return self.forked[-1]

    def status(self, process: psutil.Process) -> int | None:
        """With which status it has ended (a signal's number below zero); None while it runs."""
        self._ask(status_of=process.pid)
        found: int | None = self._answer()["status"]
        return found

    def end(self, *, patience: float = 20.0) -> None:
        """Ask everybody to leave, wait so long, and end with whoever is left."""
        for process in self.forked:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        poll_until(lambda: all(map(gone, self.forked)), seconds=patience)
        self.close()

    def close(self) -> None:
        """End it; what it has forked and still runs is killed by that."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self, **request: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the nursery has ended\n{tail(self.log, 30)}"
        answer: dict[str, Any] = json.loads(line)
        return answer


def gone(process: psutil.Process) -> bool:
    """Whether that very process (not another of its number) runs no more; a zombie does not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def main() -> None:
    """Load everything once, then fork on request."""
    import django

    django.setup()
    import celery.apps.beat
    import celery.apps.worker
    import celery.bin.celery  # noqa: F401
    import uvicorn  # noqa: F401
    from django.urls import get_resolver

    import service_desk.celery  # noqa: F401

    assert get_resolver().url_patterns
    signal.signal(signal.SIGCHLD, _reap)
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        if "status_of" in wanted:
            print(json.dumps({"status": _ended.get(wanted["status_of"])}), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _become(wanted["command"], wanted["log"], os.getppid())
        print(json.dumps({"pid": pid}), flush=True)


_ended: dict[int, int] = {}


def _reap(_number: int, _frame: FrameType | None) -> None:
    try:
        while (found := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            _ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    except ChildProcessError:
        return


def _become(command: Sequence[str], log: str, parent: int) -> None:
    """Run that command line in this fork; never returns."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        random.seed()
        status = _run(command)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # the last frame of a process: said, then left
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(command: Sequence[str]) -> int:
    """As the interpreter would: `python -m module …` or `python file …`."""
    _python, *rest = command
    if rest[0] == "-m":
        sys.argv = [rest[1], *rest[2:]]
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = rest
        runpy.run_path(rest[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    main()
