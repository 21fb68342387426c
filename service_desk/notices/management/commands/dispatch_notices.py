"""Runs the dispatcher of notices as a process of its own; any number may run at once."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from service_desk.audit.context import acting
from service_desk.notices.dispatcher import Dispatcher


class Command(BaseCommand):
    """`manage.py dispatch_notices`."""

    requires_system_checks: list[str] = []  # up again at once after a crash; `manage.py check` is the tests' business
    help = "Send notices out of the house until stopped; several may run side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="dispatch-1", help="What the sign of life is called.")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: stopped.append(received))
        with acting(door="worker", label=options["name"]):
            Dispatcher(options["name"], stopping=lambda: bool(stopped)).run()
