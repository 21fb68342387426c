"""Takes a year's holidays and make-up days from a file: date,is_working,name, a line each."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from service_desk.audit.context import acting
from service_desk.deadlines.calendar_changes import change_days, years_of
from service_desk.deadlines.calendar_file import parse_calendar_file
from service_desk.deadlines.models import Calendar
from service_desk.people.models import Staff


class Command(BaseCommand):
    """Put a new version of a calendar in force and list the clocks that moved."""

    help = "Import holidays and make-up working days into a working calendar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV: date,is_working,name (UTF-8 or GBK)")
        parser.add_argument("--user", required=True, help="The administrator in whose name it is done.")
        parser.add_argument("--calendar", help="The calendar's name; needed only when there are several.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the whole file first; one wrong line and nothing is written."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        read = parse_calendar_file(path.read_bytes())
        if read.errors:
            raise CommandError("\n".join(f"line {error.line}: {error.message}" for error in read.errors))
        calendars = Calendar.objects.filter(**({"name": options["calendar"]} if options["calendar"] else {}))
        if calendars.count() != 1:
            raise CommandError("Name one calendar with --calendar.")
        actor = Staff.objects.filter(username=options["user"], is_active=True).first()
        if actor is None:
            raise CommandError(f"There is nobody called {options['user']}.")
        with acting(door="command"):
            moved = change_days(
                calendar=calendars.get(),
                days=read.rows,
                confirmed_years=years_of(read.rows),
                note=path.name,
                actor=actor,
            )
        for move in moved:
            self.stdout.write(f"{move.clock}: {move.before.isoformat()} -> {move.after.isoformat()}")
        self.stdout.write(f"{len(read.rows)} days imported, {len(moved)} running clocks moved")
