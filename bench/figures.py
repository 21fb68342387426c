"""Percentiles and medians, and what the machine was doing meanwhile."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import psutil

__all__ = ["load", "machine", "median", "percentile", "summary"]


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


def machine() -> dict[str, Any]:
    """The facts that every figure depends on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
