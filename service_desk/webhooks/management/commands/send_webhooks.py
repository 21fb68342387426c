"""Runs the sender of webhooks as a process of its own; any number may run at once."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from service_desk.audit.context import acting
from service_desk.webhooks.sender import Sender


class Command(BaseCommand):
    """`manage.py send_webhooks`."""

    requires_system_checks: list[str] = []  # up again at once after a crash; `manage.py check` is the tests' business
    help = "Send webhooks to other programs until stopped; several may run side by side."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: stopped.append(received))
        with acting(door="worker", label="webhooks"):
            Sender(stopping=lambda: bool(stopped)).run()
