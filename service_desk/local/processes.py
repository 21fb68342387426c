"""Child processes that never outlive their parent, because an orphaned server would lock the data folder."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class StartError(Exception):
    """Something on this machine stands in the way; the text says what and what to do, for a person to read."""


class Wishes:
    """What signals have asked for; heeded at chosen points only.

    A handler that raised would be swallowed now and then (Python drops exceptions in at-fork and clean-up code).
    """

    def __init__(self) -> None:
        """Nobody has asked for an end yet."""
        self.end = False

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """Remember the wish; fit to be a signal handler."""
        self.end = True

    def heed(self) -> None:
        """Raise KeyboardInterrupt if the end has been asked for."""
        if self.end:
            raise KeyboardInterrupt


wishes = Wishes()


def _bound_to(parent: int, death_signal: int) -> Callable[[], None]:
    """Make the function that ties a child to its parent: the kernel sends `death_signal` when the parent dies.

    It runs between fork and exec, so it allocates nothing and takes no lock. The look at the parent closes the gap
    in which the parent died before the tie was made.
    """

    def bind() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return bind


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: int = signal.SIGTERM,
    user: int | None = None,
    group: int | None = None,
    env: Mapping[str, str] | None = None,
    output: int | IO[bytes] | None = None,
    keep_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own (Ctrl-C reaches only us) that dies when this process dies."""
    return subprocess.Popen(  # noqa: S603 - the commands are our own
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if env is None else dict(env),
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
        pass_fds=tuple(keep_fds),
        process_group=0,
        preexec_fn=_bound_to(os.getpid(), death_signal),
    )


def stop(process: subprocess.Popen[bytes], *, ask: int = signal.SIGTERM, patience: float = 15.0) -> int:
    """Ask a child to end, insist after `patience` seconds, and return its exit status."""
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def poll_until(ready: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Look again and again until `ready` says yes (True) or the time is over (False)."""
    end = time.monotonic() + seconds
    while not ready():
        wishes.heed()
        if time.monotonic() >= end:
            return False
        time.sleep(every)
    return True


def tail(path: Path, lines: int = 8) -> str:
    """Read the last lines of a log, for a message to a person; empty when there is no log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
