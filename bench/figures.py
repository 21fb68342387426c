"""Percentiles and medians, and what the machine was doing meanwhile."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Any

import psutil

__all__ = ["load", "machine", "median", "medians", "percentile", "summary"]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: a value that truly occurred."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 1).__int__() - 1))]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Half, most, nearly all, the worst."""
    return {
        "p50": percentile(values, 0.50),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": max(values),
    }


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over several runs."""
    return {name: median(run[name] for run in runs) for name in runs[0]}


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def machine() -> dict[str, Any]:
    """The facts that every figure depends on."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
