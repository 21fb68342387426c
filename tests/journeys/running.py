"""The desk as it runs on a real machine: the product's own processes, one by one, against the tests' database.

They are forked from one interpreter that has loaded the desk once: five that load it each cost as much processor as
fifty tests. That the command lines start by themselves is shown where `manage.py up` is started (tests/local).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from psutil import Process

from service_desk.local.plan import children
from service_desk.local.processes import poll_until, tail
from service_desk.local.redis_server import Redis
from tests.nursery import BASE, Nursery, gone

#: Each kind of process once: that two of a kind do not get in each other's way is shown by tests of its own.
WANTED = ("web-1", "sentinel-1", "dispatch", "critical", "beat")


class RunningDesk:
    """Web, sentinel, dispatcher, Celery worker and beat, with a Redis of their own."""

    def __init__(self, folder: Path, *, mail_port: int = 0, more: Mapping[str, str] | None = None) -> None:
        """Plan a desk whose data lie in `folder`; without a mail server it writes mail into that folder."""
        self.folder = folder
        self.redis = Redis(folder / "redis")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.nursery: Nursery | None = None
        self.processes: dict[str, Process] = {}
        self.environment = {
            **os.environ,
            "DATABASE_URL": self._database(),
            "REDIS_URL": self.redis.url,
            "SERVICE_DESK_DATA": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "SITE_URL": self.url,
            "PLAIN_STATIC": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            **({"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail_port)} if mail_port else {}),
            **(more or {}),
        }

    @staticmethod
    def _database() -> str:
        """The address of the database this process works with, which pytest-django has given a name of its own."""
        given = urlsplit(os.environ["DATABASE_URL"])
        return given._replace(path=f"/{connection.settings_dict['NAME']}").geturl()

    def start(self) -> None:
        """Start everything and wait until the log-in page answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis.start()
        plan = children(base=BASE, data=self.folder, web_processes=1, listener=self.listener.fileno())
        by_name = {child.name: child for child in plan}
        self._collect_static()
        self.nursery = Nursery(self.environment, self._log("nursery"), keep_fds=[self.listener.fileno()])
        for name in WANTED:
            self.processes[name] = self.nursery.fork(by_name[name].command, self._log(name))
        if not poll_until(self._answers, seconds=180):  # six processes start; a busy machine is no fault
            raise AssertionError(f"The web process does not answer. It said:\n{tail(self._log('web-1'), 30)}")

    def stop(self) -> None:
        """End each process by its own number, the broker last; say so if one had died before."""
        dead = [name for name, process in self.processes.items() if gone(process)]
        said = {name: tail(self._log(name), 20) for name in dead}
        if self.nursery is not None:
            self.nursery.end()
        self.redis.stop()
        self.listener.close()
        assert said == {}

    def log_of(self, name: str) -> str:
        """Everything a process has said."""
        return self._log(name).read_text(errors="replace")

    def _collect_static(self) -> None:
        with override_settings(STATIC_ROOT=self.folder / "static"):
            call_command("collectstatic", interactive=False, verbosity=0)

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _answers(self) -> bool:
        if gone(self.processes["web-1"]):
            return True
        web = HTTPConnection("127.0.0.1", int(self.url.rpartition(":")[2]), timeout=30)
        try:
            web.request("GET", "/livez")
            return web.getresponse().status == 200
        except OSError:
            return False
        finally:
            web.close()
