"""`manage.py compile_translations`: for installations that do not start with `manage.py up`."""

from typing import Any

from django.core.management.base import BaseCommand

from service_desk.local.translations import compile_all


class Command(BaseCommand):
    """Compile changed translations."""

    help = "Compiles locale/*/LC_MESSAGES/*.po where they have changed."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Compile and name what was written."""
        for path in compile_all():
            self.stdout.write(str(path))
