"""A sentinel: fires due clocks with PostgreSQL alone, so that a dead Redis or a deaf worker delays nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from service_desk.audit.context import acting
from service_desk.deadlines.blockers import BlockerWatch
from service_desk.deadlines.clock_watch import ClockWatch
from service_desk.deadlines.engine import Sweep, beat, seconds_to_next, sweep
from service_desk.deadlines.rules import Door, look_again
from service_desk.loop import Loop


class Command(BaseCommand):
    """Run one sentinel until it is told to stop; two of them run on every desk."""

    requires_system_checks: list[str] = []  # up again at once after a crash; `manage.py check` is the tests' business
    help = "Fire due clocks in a loop; needs PostgreSQL and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="sentinel", help="The name under which it shows its heartbeat.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Name who holds up others, sweep, beat, wait."""
        name: str = options["name"]
        watch, blockers = ClockWatch(name), BlockerWatch()

        def work() -> float:
            blockers.look()
            done = sweep(Door.SENTINEL) if watch.may_fire() else Sweep()
            beat(name, Door.SENTINEL, done)
            return look_again(done.fired, seconds_to_next())

        with acting(door="worker", label=name):
            Loop(name=name, channel="deadlines", work=work).run()
