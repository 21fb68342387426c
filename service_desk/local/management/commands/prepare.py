"""`manage.py prepare`: everything between an empty database and a desk that can open, repeatable at will."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from service_desk.local.static_files import collect
from service_desk.local.translations import compile_all


class Command(BaseCommand):
    """Migrate, collect static files, compile translations, load reference data and, on an empty desk, the demo."""

    help = "Migrates, collects static files, compiles translations and loads the first data. Safe to repeat."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do each step in turn and say what takes long."""
        self._step("migrating the database", lambda: call_command("migrate", interactive=False, verbosity=1))
        self._step("compiling translations", compile_all)
        self._step("collecting static files", collect)
        self._step("loading reference data", lambda: call_command("load_reference_data"))
        if settings.DEMO_DATA and not get_user_model().objects.exists():
            self._step("loading the demo company", lambda: call_command("load_demo"))

    def _step(self, name: str, work: Callable[[], object]) -> None:
        self.stdout.write(f"- {name}")
        began = time.monotonic()
        work()
        self.stdout.write(f"  done in {time.monotonic() - began:.1f} s")
