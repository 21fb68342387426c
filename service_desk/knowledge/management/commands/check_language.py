"""`manage.py check_language`: reads texts line by line and answers each with its findings, as long as it is fed."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from service_desk.knowledge.current import check_text
from service_desk.knowledge.rules import Direction, Speaker


class Command(BaseCommand):
    """Check lines of standard input with the release in force, which may change meanwhile."""

    help = "Checks each line of standard input and prints its findings as one line of JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--direction", choices=Direction.values, default=Direction.TRANSCRIPT.value)
        parser.add_argument("--speaker", choices=Speaker.values, default=Speaker.AGENT.value)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Until the input ends."""
        for line in sys.stdin:
            answer = check_text(line.rstrip("\n"), options["direction"], options["speaker"])
            found = [asdict(finding) for finding in answer.findings]
            self.stdout.write(json.dumps({"release": answer.release, "findings": found}, ensure_ascii=False))
            self.stdout.flush()
