"""(f) What a long list costs: rows a second, the longest slice, and memory, for both kinds of file.

Run it on a folder that `python -m bench --keep` has left: `python -m bench.exports --folder=var/bench/desk-1000000`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, Order, load
from bench.house import opened

#: Not all of them: benches register cases, and a desk that has grown beyond the most rows of one file is refused.
QUERY = "state=open&sort=newest&cols=number,matter,severity,state,due,handler"
KINDS, LASTING = ("csv", "xlsx"), 11.0


def figures(order: Order) -> Iterator[Figure]:
    """Rows a second of each kind of file; each run begins the whole list anew and is stopped after some seconds."""
    for kind in KINDS:
        found = []
        for _run in range(order.runs):
            before = load()
            found.append(measure(kind, order.share * LASTING) | {"load": before})
            print(kind, found[-1]["rows a second"], "rows a second", flush=True)
        loads = [run["load"] for run in found]
        rates = [run["rows a second"] for run in found]
        grown = max(run["memory at its peak, megabytes"] - run["memory before, megabytes"] for run in found)
        said = f"{found[-1]['rows']:,} rows a run; memory grew by at most {grown} MB"
        yield Figure(f"export as {kind}, rows a second", rates, "/s", at_least=True, loads=loads, note=said)
        longest = [run["longest slice"] for run in found]
        yield Figure(f"export as {kind}, longest slice", longest, "s", main=False, loads=loads)


def main() -> None:
    """Open the desk, write both files, print what they cost."""
    parser = argparse.ArgumentParser(prog="python -m bench.exports", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a desk with cases; it stays")
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop after so long, with what was written")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which files, with commas")
    given = parser.parse_args()
    with opened(given.folder):
        for kind in given.kinds.split(","):
            print(json.dumps(measure(kind, given.seconds), ensure_ascii=False))


def measure(kind: str, most: float) -> dict[str, Any]:
    """Write all cases as one file, the way the worker does."""
    from service_desk.people.models import Staff
    from service_desk.people.rules import Role
    from service_desk.reports import actions, jobs, vault
    from service_desk.reports.models import Export
    from service_desk.reports.rules import ExportState

    user = Staff.objects.filter(is_active=True, roles__contains=[Role.SUPERVISOR]).order_by("id").first()
    before = _peak()
    export = actions.ask(actor=user, what="cases", query=QUERY, file_format=kind, language="zh-hans")
    slices: list[float] = []
    following: int | None = 0
    began, used = time.perf_counter(), time.process_time()
    while following is not None and time.perf_counter() - began < most:
        at = time.perf_counter()
        following = jobs.go_on(export.pk, following)
        slices.append(time.perf_counter() - at)
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    done = Export.objects.get(pk=export.pk)
    if done.state == ExportState.REFUSED:
        raise RuntimeError(f"the list was refused: {done.problem}")
    figures = {
        "file": kind,
        "state": done.state,
        "rows": done.rows_done,
        "seconds": round(seconds, 1),
        "processor seconds": round(processor, 1),
        "rows a second": round(done.rows_done / seconds),
        "slices": len(slices),
        "longest slice": round(max(slices[:-1], default=0.0), 1),
        "binding": round(slices[-1], 1),
        "megabytes": round((done.size or 0) / 1e6, 1),
        "memory before, megabytes": before,
        "memory at its peak, megabytes": _peak(),
    }
    vault.discard(str(done.key))
    done.delete()
    return figures


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
