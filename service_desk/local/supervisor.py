"""Keeps the processes of the desk alive: prints what they say, starts again what has died, ends all in order."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service_desk.local.output import Lines, Log
from service_desk.local.processes import spawn, wishes

FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
PROVEN_AFTER = 30.0  # a child that lived this long starts again without back-off
SOON = 5.0
STALE_AFTER = 60.0  # a loop that has not turned for so long hangs, though its process lives
PATIENCE = 20.0  # how long a child may take to end before it is killed


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    keep_fds: Sequence[int] = ()
    pulse: Path | None = None  # the file that its loop touches at each turn
    stale_after: float = STALE_AFTER
    process: subprocess.Popen[bytes] | None = None
    lines: Lines = field(default_factory=Lines)
    started: float = 0.0
    delay: float = 0.0
    start_at: float = 0.0
    felt: int = 0
    felt_at: float = 0.0

    @property
    def alive(self) -> bool:
        """Say whether the process runs at this moment."""
        return self.process is not None and self.process.poll() is None

    def hangs(self, now: float) -> bool:
        """Say whether the process runs and its loop does not: a pulse was felt in this life, and has not come again.

        The change counts and not the time that the file bears: the wall clock may jump.
        """
        if self.pulse is None or not self.pulse.exists():
            return False  # it has none, or is still loading
        felt = self.pulse.stat().st_mtime_ns
        if felt != self.felt:
            self.felt, self.felt_at = felt, now
        return now - self.felt_at > self.stale_after


class Supervisor:
    """The one loop; it runs in one thread, so that the kernel's tie between parent and child holds."""

    def __init__(self, children: Sequence[Child], env: Mapping[str, str], log: Log) -> None:
        """Plan to run `children` with the environment `env`."""
        self.children = list(children)
        self.env = dict(env)
        self.log = log
        self._selector = selectors.DefaultSelector()

    def start(self, first: int) -> None:
        """Start the first children now, the others soon: two cores serve the first page sooner that way."""
        for child in self.children[:first]:
            self._start(child)
        for child in self.children[first:]:
            child.start_at = time.monotonic() + SOON

    def hurry(self) -> None:
        """Let those that wait for their turn start with the next round."""
        for child in self.children:
            child.start_at = 0.0

    def run(self, until: Callable[[], bool]) -> None:
        """Watch over the children until `until` says so; it is asked after every round."""
        while not until():
            self.round()

    def round(self, seconds: float = 0.25) -> None:
        """Print what was said, note who has died, start whose turn has come."""
        self.read(seconds)
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and not child.alive:
                self._bury(child, now)
            elif child.process is None and now >= child.start_at:
                self._start(child)
            elif child.process is not None and child.hangs(now):
                self.log.plain(f"{child.name} has shown no sign of life for {child.stale_after:.0f} s and is killed")
                child.process.kill()

    def stop(self) -> None:
        """Ask every child to end, print their last words, kill what stays."""
        self._signal(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._living() and time.monotonic() < end:
            self.read(0.1)
        for child in self._living():
            self.log.plain(f"{child.name} does not end and is killed")
        self.kill()
        for child in self.children:
            if child.process is not None:
                child.process.wait()
                self._drain(child)

    def kill(self) -> None:
        """End every child at once, for someone who has pressed Ctrl-C twice."""
        self._signal(signal.SIGKILL)

    def _living(self) -> list[Child]:
        return [child for child in self.children if child.alive]

    def _signal(self, number: int) -> None:
        for child in self._living():
            if child.process is not None:
                child.process.send_signal(number)

    def _start(self, child: Child) -> None:
        env = self.env
        if child.pulse is not None:
            child.pulse.unlink(missing_ok=True)
            env = {**env, "DESK_PULSE": str(child.pulse)}
        child.process = spawn(child.command, env=env, output=subprocess.PIPE, keep_fds=child.keep_fds)
        child.started = time.monotonic()
        child.lines = Lines()
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _bury(self, child: Child, now: float) -> None:
        status = child.process.returncode if child.process is not None else 0
        self._drain(child)
        child.process = None
        if now - child.started > PROVEN_AFTER:
            child.delay = 0.0
        child.delay = min(max(child.delay * 2, FIRST_DELAY), LONGEST_DELAY)
        child.start_at = now + child.delay
        reason = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        self.log.plain(f"{child.name} {reason}; starting it again in {child.delay:.1f} s")

    def read(self, seconds: float) -> None:
        """Print what the children say within `seconds`."""
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _events in self._selector.select(seconds):
            child: Child = key.data
            data = os.read(key.fd, 65536)
            if data:
                for line in child.lines.feed(data):
                    self.log.line(child.name, line)
            else:
                self._selector.unregister(key.fileobj)

    def _drain(self, child: Child) -> None:
        """Print the last words of a dead child; what its own orphans still hold open is not waited for."""
        output = child.process.stdout if child.process is not None else None
        if output is None:
            return
        while data := _available(output.fileno()):
            for line in child.lines.feed(data):
                self.log.line(child.name, line)
        for line in child.lines.rest():
            self.log.line(child.name, line)
        if output.fileno() in self._selector.get_map():
            self._selector.unregister(output)
        output.close()


def run_to_end(child: Child, env: Mapping[str, str], log: Log) -> int:
    """Run one process to its end, print what it says, and return its exit status; a wish to stop ends it too."""
    supervisor = Supervisor([child], env, log)
    supervisor.start(first=1)
    try:
        while child.alive:
            wishes.heed()
            supervisor.read(0.1)
    finally:
        supervisor.stop()
    return child.process.returncode if child.process is not None else 1


def _available(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""
