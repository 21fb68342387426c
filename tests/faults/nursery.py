"""A warm interpreter that forks the desk's processes: the same commands, up in milliseconds instead of seconds.

A storm that kills a process every 0.4 s would otherwise measure how long Python takes to load. One request a line on
standard input, one answer a line on standard output; when the nursery ends, so do the children.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import runpy
import signal
import sys
from collections.abc import Sequence
from types import FrameType

_PR_SET_PDEATHSIG = 1


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
        pid = os.fork()
        if pid == 0:
            _become(wanted["command"], wanted["log"], wanted["env"], os.getppid())
        print(json.dumps({"pid": pid}), flush=True)


def _reap(_number: int, _frame: FrameType | None) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return


def _become(command: Sequence[str], log: str, env: dict[str, str], parent: int) -> None:
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
        os.environ.update(env)
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
