"""`manage.py check_translations`: fails while a string of the product lacks its translation."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from service_desk.local.catalogues import complaints


class Command(BaseCommand):
    """Extract all strings into a scratch copy and compare. Needs gettext's xgettext."""

    help = "Fails if a committed translation file lacks, leaves empty or merely guesses a string."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print every complaint; end with status 1 if there is one."""
        found = complaints(settings.BASE_DIR)
        for line in found:
            self.stdout.write(line)
        if found:
            self.stderr.write(f"{len(found)} strings need work in locale/*/LC_MESSAGES/django.po")
            sys.exit(1)
