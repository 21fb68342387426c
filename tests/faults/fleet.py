"""The desk's own processes, by the command lines of `manage.py up`: started, broken and ended by their process ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil

from service_desk.local import plan
from service_desk.local.processes import spawn
from service_desk.local.supervisor import FIRST_DELAY
from tests.faults import injection
from tests.faults.house import BASE, FULL, House, log_tails
from tests.nursery import Nursery

#: Started in this order; `web-1` serves pages, `webhooks` is wanted only where other programs are told.
DOORS = ("sentinel-1", "sentinel-2")
USUAL = (*DOORS, "critical", "beat", "dispatch", "audit")


@dataclass
class Member:
    """One process of the desk."""

    name: str
    command: Sequence[str]
    process: psutil.Process
    popen: subprocess.Popen[bytes] | None = None
    warm: bool = False  # it comes back as it came: from the nursery, or as a process that loads Python anew
    wanted: bool = True  # False: it was ended on purpose and `tend` leaves it alone
    died_at: float | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        if self.popen is not None:
            self.popen.poll()
        return not injection.gone(self.process)


@dataclass
class Fleet:
    """All processes of one desk; one thread starts them, because the kernel ties a child to the thread that made it."""

    house: House
    environment: dict[str, str]
    warm: bool = not FULL
    members: dict[str, Member] = field(default_factory=dict)
    starts: int = 0
    _nursery: Nursery | None = None

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        os.set_inheritable(self.listener.fileno(), True)
        self.port = int(self.listener.getsockname()[1])
        children = plan.children(base=BASE, data=self.house.folder, web_processes=4, listener=self.listener.fileno())
        self.plan: dict[str, list[str]] = {child.name: list(child.command) for child in children}

    # --- starting ----------------------------------------------------------------------------------------------
    def start(
        self,
        *names: str,
        warm: bool | None = None,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Start these members of the plan, or one `name` with a command of its own.

        `warm` forks them from the nursery; with an environment or a prefix of its own (`ip netns exec …`) a member is
        always a fresh process. `sentinel-3`, `beat-2`, `dispatch-2` … are further ones of the same kind.
        """
        for name in names:
            line = [*prefix, *(command or self._command(name))]
            fresh = bool(prefix or env) or not (self.warm if warm is None else warm)
            before = self.members.get(name)
            if before is not None and before.popen is not None and not before.alive:
                before.popen.wait(10)  # one that ended by itself, and that nobody has asked after
            self.members[name] = self._spawned(name, line, env or {}) if fresh else self._forked(name, line)
            self.starts += 1

    def _command(self, name: str) -> list[str]:
        if name in self.plan:
            return list(self.plan[name])
        kind, _, number = name.rpartition("-")
        if kind == "sentinel":
            return [*self.plan["sentinel-1"][:-1], name]
        if kind == "dispatch":
            return [*self.plan["dispatch"], "--name", name]
        if kind == "beat":
            return [part.replace("beat-schedule", f"beat-schedule-{number}") for part in self.plan["beat"]]
        if kind in ("critical", "bulk"):
            return [part.replace(f"={kind}@", f"={name}@") for part in self.plan[kind]]
        raise KeyError(name)

    def _spawned(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> Member:
        with self.log_of(name).open("ab") as log:
            popen = spawn(command, env={**self.environment, **env}, output=log, keep_fds=[self.listener.fileno()])
        return Member(name, command, psutil.Process(popen.pid), popen)

    def _forked(self, name: str, command: Sequence[str]) -> Member:
        if self._nursery is not None and not self._nursery.alive:
            self._nursery.close()
            self._nursery = None
        if self._nursery is None:
            keep = [self.listener.fileno()]
            self._nursery = Nursery(self.environment, self.log_of("nursery"), keep_fds=keep)
        return Member(name, command, self._nursery.fork(command, self.log_of(name)), warm=True)

    # --- breaking ----------------------------------------------------------------------------------------------
    def kill(self, name: str, *, again: bool = True) -> None:
        """kill -9; `tend` starts it again after the supervisor's delay unless `again` is False."""
        member = self.members[name]
        injection.kill(member.process)
        self._ended(member, again=again)

    def terminate(self, name: str, *, seconds: float = 20.0) -> float:
        """SIGTERM, and it leaves by itself; how long it took. It is not started again."""
        member = self.members[name]
        member.process.send_signal(signal.SIGTERM)
        took = injection.until(lambda: not member.alive, seconds=seconds, what=f"{name} has left", every=0.01)
        self._ended(member, again=False)
        return took

    def freeze(self, *names: str) -> None:
        """SIGSTOP to each, and to its pool where it has one."""
        for name in names:
            for process in self.family(name):
                injection.freeze(process)

    def thaw(self, *names: str) -> None:
        """SIGCONT to each."""
        for name in names:
            for process in self.family(name):
                injection.thaw(process)

    def lines_outside(self) -> list[str]:
        """Connections and open ports of any member, at this moment, that do not begin and end on loopback."""
        found = []
        for name in self.pids():
            for process in self.family(name):
                with suppress(psutil.NoSuchProcess):
                    ends = [end for line in process.net_connections("inet") for end in (line.laddr, line.raddr) if end]
                    found += [f"{name}: {end.ip}:{end.port}" for end in ends if not ip_address(end.ip).is_loopback]
        return found

    def family(self, name: str) -> list[psutil.Process]:
        """A member and its children (a worker's pool), the parent first."""
        process = self.members[name].process
        with suppress(psutil.NoSuchProcess):
            return [process, *process.children(recursive=True)]
        return []

    def _ended(self, member: Member, *, again: bool) -> None:
        member.wanted = again
        member.died_at = time.monotonic()
        if member.popen is not None:
            member.popen.wait(10)
        _end_group(member.pid)

    # --- watching ----------------------------------------------------------------------------------------------
    def tend(self) -> None:
        """Start again what has died and is wanted, after the delay that the supervisor has."""
        now = time.monotonic()
        for name, member in list(self.members.items()):
            if not member.wanted or member.alive:
                continue
            if member.died_at is None:
                self._ended(member, again=True)
            elif now - member.died_at >= FIRST_DELAY:
                self.start(name, command=member.command, warm=member.warm)

    def pids(self) -> dict[str, int]:
        """Who runs under which number; the same before and after means that nobody was started again."""
        return {name: member.pid for name, member in self.members.items() if member.alive}

    def until(self, ready: Any, *, seconds: float, what: str, tend: bool = False) -> float:
        """Wait for a condition; give the seconds, or fail with the last words of everybody."""

        def look() -> bool:
            if tend:
                self.tend()
            return bool(ready())

        try:
            return injection.until(look, seconds=seconds, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log_tails(self.house.folder, list(self.members))}") from None

    def until_ready(self, *names: str, seconds: float = 90.0) -> float:
        """Until each of these (all by default) shows a sign of life that is younger than this call."""
        since = self.house.one("SELECT clock_timestamp()")
        wanted = names or tuple(self.members)

        def alive() -> bool:
            dead = [name for name in wanted if not self.members[name].alive]
            assert not dead, f"{', '.join(dead)} ended while starting"
            return all(self._shows_life(name, since) for name in wanted)

        return self.until(alive, seconds=seconds, what=f"sign of life of {', '.join(wanted)}")

    def _shows_life(self, name: str, since: Any) -> bool:
        if name.startswith("web-"):
            return self.get("/livez")[0] == 200
        if name.startswith(("beat", "bulk", "webhooks")):
            return self.members[name].alive
        if name.startswith("dispatch"):
            called = "dispatch-1" if name == "dispatch" else name
            table, key = "notices_dispatcherbeat", ("name", called)
        else:
            called = {"critical": "celery", "audit": "auditor"}.get(name.partition("-")[0], name)
            table, key = "deadlines_heartbeat", ("process", called)
        return bool(self.house.ask(f"SELECT 1 FROM {table} WHERE {key[0]} = %s AND beat_at >= %s", key[1], since))

    def get(self, path: str, *, seconds: float = 10.0) -> tuple[int, bytes]:
        """GET a page of the web processes; (0, reason) when nobody answers in time."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError as error:
            return 0, str(error).encode()
        finally:
            connection.close()

    def log_of(self, name: str) -> Path:
        return self.house.folder / f"{name}.log"

    def said(self, name: str) -> str:
        """Everything that this member has written."""
        path = self.log_of(name)
        return path.read_text(errors="replace") if path.exists() else ""

    # --- ending ------------------------------------------------------------------------------------------------
    def stop(self) -> None:
        """End everybody, the frozen ones too, and wait for each."""
        for member in self.members.values():
            member.wanted = False
            if member.alive:
                for process in self.family(member.name):
                    with suppress(psutil.NoSuchProcess):
                        process.send_signal(signal.SIGCONT)
                        process.send_signal(signal.SIGKILL)
        for member in self.members.values():
            injection.until(lambda m=member: not m.alive, seconds=20, what=f"{member.name} ended")  # type: ignore[misc]
            if member.popen is not None:
                member.popen.wait(10)  # gone is a zombie too: whoever leaves it makes the next test fail with a warning
            _end_group(member.pid)
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
        self.listener.close()


def _end_group(pid: int) -> None:
    """What a killed member leaves in its own process group (the pool of a worker) ends with it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
