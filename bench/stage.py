"""One desk of one size: made or taken over, measured part by part, its figures kept in a JSON file.

A process of its own for each size, because Django's settings are bound to one database for life.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import load, machine
from bench.house import House


def say(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> None:
    """Measure what is asked for; whatever was measured is kept even when a later part fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--due", type=int, required=True)
    parser.add_argument("--parts", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    house = House(given.folder, say)
    try:
        house.open()
        _measure(given, house)
    finally:
        house.close(keep=given.keep)


def _measure(given: argparse.Namespace, house: House) -> None:
    result: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}
    result |= {"machine": machine(), **_filled(given.cases, house)} if "rows" not in result else {}
    _keep(given.out, result)
    for part, measure in _parts(given).items():
        if part in given.parts:
            say(f"({part}) on {given.cases:,} cases")
            result[part] = measure()
            _keep(given.out, result)


def _filled(cases: int, house: House) -> dict[str, Any]:
    from django.core.management import call_command

    from bench.generate import counts, generate
    from service_desk.people.models import Staff

    call_command("migrate", interactive=False, verbosity=0)
    if Staff.objects.exists():
        return {"rows": counts(), "seconds": {}, "bytes": house.size()}
    before = load()
    made = generate(cases=cases, tell=say)
    return {"rows": made.rows, "seconds": made.seconds, "bytes": house.size(), "generation_load": before}


def _parts(given: argparse.Namespace) -> dict[str, Callable[[], Any]]:
    from bench import due_storm, idle_sweep, registering

    return {
        "c": lambda: idle_sweep.measure(runs=given.runs),
        "b": lambda: (
            due_storm.measure(runs=given.runs, count=given.due, whole_desk=False)
            + due_storm.measure(runs=given.runs, count=given.due, whole_desk=True)
        ),
        "a": lambda: registering.measure(runs=given.runs),
    }


def _keep(out: Path, result: dict[str, Any]) -> None:
    out.write_text(json.dumps(result, indent=1, default=str))


if __name__ == "__main__":
    main()
