"""What every bench hands in, and what a figure is made of: runs, percentiles, medians, and the machine meanwhile."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import psutil

__all__ = ["Figure", "Order", "fsync_ms", "load", "machine", "median", "of_runs", "percentile", "revision", "summary"]

BASE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Order:
    """What is asked of a bench: the desk, how many runs, and what share of its usual amounts (1 unless it is tried)."""

    folder: Path
    runs: int = 5
    share: float = 1.0

    def some(self, usual: int, least: int = 1) -> int:
        """So many instead of the usual number."""
        return max(least, round(usual * self.share))


@dataclass(frozen=True)
class Figure:
    """One line of the table: a value of each run, and what it should be."""

    what: str
    runs: Sequence[float]
    unit: str = "ms"
    aim: float | None = None
    at_least: bool = False  # whether more is better
    main: bool = True  # stands in the table above, not among the details alone
    over: str = ""  # the figure of the same bench that this one is set against: loaded over idle
    loads: Sequence[float] = field(default_factory=lambda: [load()])
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As it is kept in a file."""
        return asdict(self)


def of_runs(
    what: str,
    runs: Iterable[Mapping[str, Any]],
    aims: Mapping[str, float] | None = None,
    *,
    names: Sequence[str] = ("p50", "p95"),
    **more: Any,
) -> list[Figure]:
    """A figure for each percentile of some runs, each of which is a summary with its load."""
    taken = list(runs)
    loads = [run["load"] for run in taken]
    over = more.pop("over", "")
    return [
        Figure(
            f"{what}, {name}",
            [run[name] for run in taken],
            aim=(aims or {}).get(name),
            over=f"{over}, {name}" if over else "",
            loads=loads,
            **more,
        )
        for name in names
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that truly occurred."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Half, most, nearly all, the worst."""
    return {
        "p50": percentile(values, 0.50),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": max(values),
    }


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def machine(folder: Path) -> dict[str, Any]:
    """The facts that every figure depends on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "disk": f"a page written and forced to the disk in {fsync_ms(folder):.2f} ms (median of 50)",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "revision": revision(),
    }


def fsync_ms(folder: Path) -> float:
    """How long the disk takes for a page of PostgreSQL's log, in milliseconds."""
    path = folder / "fsync.tmp"
    spent = []
    line = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for place in range(50):
            began = time.perf_counter()
            os.pwrite(line, bytes(8192), place * 8192)
            os.fdatasync(line)
            spent.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(line)
        path.unlink()
    return median(spent)


def revision() -> str:
    """The version of the code that is measured, and whether it was changed since."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=BASE, capture_output=True, text=True)
    return said.stdout.strip() or "unknown"
