"""The whole desk on one machine, from an empty folder to the log-in page and back to silence."""

import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from service_desk.local import plan
from service_desk.local.output import Log
from service_desk.local.preconditions import bound_port, reachable_database, redis_trouble, sole_owner, usable_folder
from service_desk.local.processes import StartError, wishes
from service_desk.local.question import Question
from service_desk.local.servers import EmbeddedServers
from service_desk.local.supervisor import Child, Supervisor, run_to_end

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The second line: said once by us instead of by every worker in six lines
FOR_CHILDREN = {"PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
AFTERMATH = 15.0  # seconds that processes of a killed owner may need to let go of the port


@dataclass(frozen=True)
class Place:
    """Where a desk lives and answers."""

    base: Path
    data: Path
    host: str
    port: int
    address: str
    web_processes: int


class Desk:
    """One run of `manage.py up`."""

    def __init__(self, place: Place, environ: Mapping[str, str], log: Log) -> None:
        """Plan a desk at `place`; `environ` is what the user has set."""
        self.place = place
        self.log = log
        self.address_file = place.data / "embedded.env"
        left_over = dotenv_values(self.address_file) if self.address_file.is_file() else {}
        # A killed owner leaves its addresses behind and the settings have read them: they are not the user's wish.
        self.environ = {name: value for name, value in environ.items() if left_over.get(name) != value}

    def run(self) -> None:
        """Start everything, watch over it, and on Ctrl-C or SIGTERM end everything in order."""
        for number in SIGNALS:
            signal.signal(number, wishes.ask)
        with ExitStack() as stack:
            try:
                self._run(stack)
            except KeyboardInterrupt:
                wishes.end = False  # what follows waits for things to end
                self.log.plain("stopping (press Ctrl-C again to kill at once)")
        self.log.plain("stopped")

    def _run(self, stack: ExitStack) -> None:
        place = self.place
        usable_folder(place.data)
        unclean = stack.enter_context(sole_owner(place.data, place.address))
        self.address_file.unlink(missing_ok=True)
        patience = AFTERMATH if unclean else 0.0
        listener = stack.enter_context(bound_port(place.host, place.port, patience=patience))
        servers = EmbeddedServers(place.data, self.environ, tell=self.log.plain)
        stack.callback(servers.stop)
        env = self._start_servers(servers, stack)
        self._prepare(env)
        supervisor = self._start_children(env, listener, stack)
        self._wait_for_the_page(supervisor)
        self._welcome()
        supervisor.run(until=lambda: self._mended(servers))

    def _start_servers(self, servers: EmbeddedServers, stack: ExitStack) -> dict[str, str]:
        began = time.monotonic()
        addresses = servers.start()
        env = {**self.environ, **addresses, **FOR_CHILDREN}
        reachable_database(env["DATABASE_URL"])
        if os.geteuid() == 0:
            self.log.plain("running as root; better give the desk an account of its own")
        trouble = redis_trouble(env["REDIS_URL"])
        if trouble:
            self.log.plain(f"{trouble}\nGoing on without: the sentinels keep every deadline; work in bulk waits.")
        if addresses:
            text = "".join(f"{name}='{value}'\n" for name, value in addresses.items())
            self.address_file.touch(mode=0o600)
            self.address_file.write_text(text)
            stack.callback(self.address_file.unlink, missing_ok=True)
        self.log.plain(f"database and broker answer ({time.monotonic() - began:.1f} s)")
        return env

    def _prepare(self, env: Mapping[str, str]) -> None:
        command = [sys.executable, str(self.place.base / "manage.py"), "prepare"]
        if run_to_end(Child("prepare", command), env, self.log):
            raise StartError("The desk could not be prepared; the lines above say why.")

    def _start_children(self, env: Mapping[str, str], listener: socket.socket, stack: ExitStack) -> Supervisor:
        place = self.place
        children = plan.children(
            base=place.base, data=place.data, web_processes=place.web_processes, listener=listener.fileno()
        )
        supervisor = Supervisor(children, env, self.log)

        def end() -> None:
            for number in SIGNALS:
                signal.signal(number, lambda _number, _frame: supervisor.kill())
            supervisor.stop()

        stack.callback(end)
        supervisor.start(first=plan.FIRST)
        return supervisor

    def _wait_for_the_page(self, supervisor: Supervisor) -> None:
        """Ask for the liveness page; any answer at all means that a web process serves."""
        began = said = time.monotonic()
        with Question(self.place.host, self.place.port, urlsplit(self.place.address).netloc) as question:
            while not question.answered():
                wishes.heed()
                supervisor.round()
                if time.monotonic() - said > 5:
                    said = time.monotonic()
                    self.log.plain(f"waiting for the first page ({said - began:.0f} s)")
        supervisor.hurry()

    def _welcome(self) -> None:
        self.log.plain(f"The desk is open: {self.place.address}")
        logins = self.place.data / "demo_logins.txt"
        if logins.is_file():
            self.log.plain("Demo log-ins (user, password, role):")
            for line in logins.read_text().splitlines():
                self.log.plain("  " + "  ".join(f"{part:<12}" for part in line.split("\t")).rstrip())
        self.log.plain("Ctrl-C stops everything.")

    def _mended(self, servers: EmbeddedServers) -> bool:
        """Start an embedded server again that has died; the watch ends by a signal alone."""
        wishes.heed()
        for told in servers.mend():
            self.log.plain(told)
        return False
