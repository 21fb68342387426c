"""`manage.py restore FILE`: a backup takes the place of the database, while the desk is stopped."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from service_desk.local import backup, file_backup
from service_desk.local.preconditions import is_owned
from service_desk.local.processes import StartError


class Command(BaseCommand):
    """Restore a backup file."""

    help = "Puts a backup in the place of the database. The old database is kept under another name."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the file."""
        parser.add_argument("file", type=Path, help="a file that `manage.py backup` has written")

    def handle(self, *_args: Any, file: Path, **_options: Any) -> None:
        """Restore it and say where the old data is."""
        stamp = f"{datetime.now(ZoneInfo(settings.TIME_ZONE)):%Y%m%d_%H%M%S}"
        try:
            if is_owned(settings.DATA_DIR):
                raise StartError("The desk is running. Stop it with Ctrl-C, then restore.")  # noqa: TRY301
            with backup.database(settings.DATA_DIR, os.environ) as url:
                old = backup.restore(url, file, stamp=stamp)
            brought = file_backup.unpack(file, settings.FILES_DIR)
        except StartError as error:
            self.stderr.write(str(error))
            sys.exit(1)
        self.stdout.write(f"Restored. The database as it was before is kept as '{old}'.")
        if brought is None:
            self.stdout.write(
                f"No files of cases lie beside it ({file_backup.pack_of(file)}); those on this machine stay."
            )
        else:
            self.stdout.write(f"{brought} files of cases were brought back; those that were there stay.")
