"""`manage.py backup`: the whole database in one file and the files of cases in another, while the desk runs."""

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from service_desk.local import backup, file_backup
from service_desk.local.processes import StartError


class Command(BaseCommand):
    """Write a dated backup file."""

    help = "Writes a backup of the database and of the files of cases. The desk may run meanwhile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the folder be chosen."""
        parser.add_argument("--folder", type=Path, default=settings.DATA_DIR / "backups", help="where it goes")

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        """Write it and say where it is."""
        try:
            with backup.database(settings.DATA_DIR, os.environ) as url:
                path = backup.dump(url, folder, settings.TIME_ZONE)
            files = file_backup.pack(path, settings.FILES_DIR)
        except StartError as error:
            self.stderr.write(str(error))
            sys.exit(1)
        for written in (path, files):
            self.stdout.write(f"{written} ({written.stat().st_size / 2**20:.1f} MB)")
