"""The auditor: trusts nobody, looks every minute for clocks that are missing, wrong or late, and mends them."""

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from service_desk.audit.context import acting
from service_desk.deadlines import alive
from service_desk.deadlines.auditor import Auditor
from service_desk.deadlines.engine import Sweep, beat
from service_desk.deadlines.rules import Door
from service_desk.loop import Loop

#: What goes astray just behind a pass is mended within a minute: by the next pass, which takes its time and begins late
#: by up to the second for which the loop sleeps.
EVERY = 55.0


class Command(BaseCommand):
    """Run the auditor until it is told to stop."""

    requires_system_checks: list[str] = []  # up again at once after a crash; `manage.py check` is the tests' business
    help = "Audit all clocks in a loop and mend what is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every", type=float, default=EVERY, help="Seconds from the beginning of one pass to that of the next."
        )
        parser.add_argument("--once", action="store_true", help="One pass, then leave.")

    def handle(self, *args: Any, **options: Any) -> None:
        """A pass each minute, a beat each second."""
        auditor = Auditor()
        next_pass = 0.0

        def work() -> float:
            nonlocal next_pass
            fired = 0
            if monotonic() >= next_pass:
                next_pass = monotonic() + options["every"]
                fired = auditor.run().fired
                alive.call()
            beat("auditor", Door.AUDITOR, Sweep(fired=fired))
            return 1.0

        with acting(door="worker", label="auditor"):
            if options["once"]:
                self.stdout.write(str(auditor.run()))
            else:
                Loop(name="auditor", channel="auditor", work=work).run()
