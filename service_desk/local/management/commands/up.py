"""`manage.py up`: the whole desk on one machine."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from service_desk.local.desk import Desk, Place
from service_desk.local.output import Log
from service_desk.local.processes import StartError


class Command(BaseCommand):
    """Start servers, prepare the data, run every process, until Ctrl-C."""

    help = (
        "Runs the whole desk on this machine: its own PostgreSQL and Redis unless DATABASE_URL and REDIS_URL are set."
    )
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until told to stop; what stands in the way is said in plain words."""
        place = Place(
            base=settings.BASE_DIR,
            data=settings.DATA_DIR,
            host=settings.WEB_HOST,
            port=settings.WEB_PORT,
            address=settings.SITE_URL,
            web_processes=max(1, settings.WEB_PROCESSES),
        )
        try:
            Desk(place, os.environ, Log()).run()
        except StartError as error:
            self.stderr.write(str(error))
            sys.exit(1)
