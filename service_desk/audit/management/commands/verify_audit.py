"""`manage.py verify_audit`: whether the trail is what it was when it was sealed, and which rows are not."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from service_desk.audit import chain

_SHOWN = 100


class Command(BaseCommand):
    """Names each entry that was changed, removed or put in past the door; ends with 1 if there is any."""

    help = "Check the seals of the audit trail; names every entry that was tampered with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", type=_head, help="a head written down earlier (PLACE:DIGEST), to be found again")
        parser.add_argument("--after", type=_head, help="a head verified earlier: check only what came since")

    def handle(self, *args: Any, **options: Any) -> None:
        number = 0
        for number, found in enumerate(chain.verify(after=options["after"], head_was=options["head"]), 1):
            if number <= _SHOWN:
                where = f" (seal {found.place})" if found.place else ""
                self.stdout.write(f"audit entry {found.entry_id}{where}: {found.flaw.label}")
        if number:
            raise CommandError(f"The audit trail is not what it was: {number} places.")
        self.stdout.write(f"The audit trail is whole. Its head, to be kept off this machine: {chain.head()}")


def _head(text: str) -> chain.Head:
    try:
        return chain.Head.read(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no head; it looks like 1234:64 hexadecimal figures.") from error
