"""One bench on one desk, in a process of its own: Django is bound to one database for life.

`python -m bench.one NAME --desk KIND --folder FOLDER --out FILE`; `python -m bench` starts it for each.
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bench.catalogue import NONE, named
from bench.figures import Figure, Order, load, revision


def say(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}", flush=True)  # UTC: Django moves the zone


def end_tidily() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that its servers are stopped."""

    def stop(_number: int, _frame: Any) -> None:
        sys.exit(143)

    signal.signal(signal.SIGTERM, stop)


def main() -> None:
    """Measure, and keep the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--desk", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0)
    given = parser.parse_args()
    end_tidily()
    order = Order(given.folder.resolve(), given.runs, given.share)
    began, before = time.time(), load()
    found = _measured(given.name, given.desk, order)
    given.out.write_text(
        json.dumps(
            {
                "bench": given.name,
                "desk": given.desk,
                "began": began,
                "seconds": time.time() - began,
                "load": before,
                "revision": revision(),
                "share": given.share,
                "figures": [figure.plain() for figure in found],
            },
            indent=1,
            ensure_ascii=False,
        )
    )


def _measured(name: str, desk: str, order: Order) -> list[Figure]:
    path = f"bench.{named(name).module}"
    if desk == NONE:
        return list(importlib.import_module(path).figures(order))
    from bench.house import forget_mail, opened

    with opened(order.folder):
        forget_mail()
        return list(importlib.import_module(path).figures(order))  # only now: models need the settings


if __name__ == "__main__":
    main()
