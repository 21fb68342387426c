"""PostgreSQL and Redis of our own, where the environment names none."""

from collections.abc import Callable, Mapping
from pathlib import Path

from service_desk.local.postgres import Postgres
from service_desk.local.processes import StartError
from service_desk.local.redis_server import Redis

DATABASE = "service_desk"


class EmbeddedServers:
    """The servers that run inside a data folder; `environment` tells other processes where they answer."""

    def __init__(
        self,
        folder: Path,
        given: Mapping[str, str],
        *,
        fast: bool = False,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Plan a server for each address that `given` (the environment) lacks."""
        self.postgres = None if given.get("DATABASE_URL") else Postgres(folder / "postgres", fast=fast, tell=tell)
        self.redis = None if given.get("REDIS_URL") else Redis(folder / "redis")
        self.environment: dict[str, str] = {}

    def start(self) -> dict[str, str]:
        """Start what is ours and return its addresses, ready for the environment; on failure nothing stays behind."""
        try:
            if self.postgres:
                self.postgres.start()
                self.postgres.create_database(DATABASE)
                self.environment["DATABASE_URL"] = self.postgres.url(DATABASE)
            if self.redis:
                self.redis.start()
                self.environment["REDIS_URL"] = self.redis.url
        except BaseException:
            self.stop()
            raise
        return self.environment

    def stop(self) -> None:
        """End what is ours, the broker before the truth."""
        if self.redis:
            self.redis.stop()
        if self.postgres:
            self.postgres.stop()

    def mend(self) -> list[str]:
        """Start again, at the same address, each server of ours that has died; say what was done.

        A server that does not come back at once is tried again at the next call: the desk does not give up.
        """
        told = []
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            if server and server.process is not None and server.process.poll() is not None:
                try:
                    server.start()
                    told.append(f"{name} had died and has been started again")
                except StartError as error:
                    told.append(f"{name} has died and does not come back yet. {error}")
        return told
