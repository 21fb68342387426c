"""`manage.py relay_asterisk`: reads Asterisk's manager interface and reports its calls to the desk."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from service_desk.audit.context import acting
from service_desk.telephony.ami import AmiAddress
from service_desk.telephony.models import Integration
from service_desk.telephony.relay import Relay
from service_desk.telephony.rules import IntegrationKind


class Command(BaseCommand):
    """The relay of one Asterisk system; run one process for each."""

    help = "Reads Asterisk's manager interface (AMI) and reports its calls to the desk."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Which system, where, as whom."""
        parser.add_argument("integration", help="the name of the phone system, as set up on the screen")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=5038)
        parser.add_argument("--username", required=True)
        parser.add_argument("--secret-file", type=Path, required=True, help="a file that holds the manager's secret")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to end."""
        integration = Integration.objects.filter(name=options["integration"], kind=IntegrationKind.ASTERISK).first()
        if integration is None or not integration.is_active:
            raise CommandError(f"There is no active Asterisk system named {options['integration']!r}.")
        try:
            secret = options["secret_file"].read_text().strip()
        except OSError as error:
            raise CommandError(f"The secret cannot be read: {error.strerror}.") from error
        relay = Relay(integration, AmiAddress(options["host"], options["port"], options["username"], secret))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.end())
        with acting(door="worker", label=f"asterisk:{integration.pk}"):
            relay.run()
        self.stdout.write(f"{relay.taken} events taken in.")
