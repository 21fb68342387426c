"""The figures as Markdown tables: medians of the runs, the large desk beside the small one, the peers, the aims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bench.figures import median

#: Measured on such a machine with two web processes each, for a ticket and nothing more.
PEERS = (
    ("django-helpdesk 2.6", "31 ms", "62/s", "a sweep with 1 % due at 1M open tickets: 128 s"),
    ("Request Tracker 5", "314 ms", "9/s", "a sweep with 1 % due at 100k open tickets: 98 s"),
)


def report(small: dict[str, Any], large: dict[str, Any]) -> str:
    """Everything that was measured; parts that were not are left out."""
    parts = [_machine(large), _generation(large)]
    for part, table in (("a", _registering), ("b", _storm), ("c", _idle)):
        if part in large:
            parts.append(table(small.get(part, []), large[part]))
    parts.append(_table(("Peer", "Ticket p50", "at concurrency 8", "Deadlines"), PEERS))
    return "\n\n".join(parts) + "\n"


def _machine(large: dict[str, Any]) -> str:
    facts = large["machine"]
    return f"Machine: {facts['processor']}, {facts['memory']} memory, {facts['system']}, Python {facts['python']}."


def _generation(large: dict[str, Any]) -> str:
    rows = "; ".join(f"{count:,} {name}" for name, count in large["rows"].items())
    spent = sum(large["seconds"].values())
    took = f" Made in {spent:.0f} s (load {large['generation_load']:.1f})." if spent else ""
    return f"Desk: {rows}; {large['bytes'] / 1e9:.1f} GB.{took}"


def _registering(small: list[Any], large: list[Any]) -> str:
    lines = []
    for key in dict.fromkeys((run["name"], run["callers"]) for run in large):
        here, there = _of(large, name=key[0], callers=key[1]), _of(small, name=key[0], callers=key[1])
        lines.append(
            (
                *key,
                *(f"{_mid(here, name):.1f}" for name in ("p50", "p95", "p99", "max")),
                f"{_mid(here, 'per_second'):.0f}/s",
                _ratio(_mid(here, "p50"), _mid(there, "p50")) if there else "",
                _loads(here),
            )
        )
    head = ("(a) registered through REST", "callers", "p50 ms", "p95 ms", "p99 ms", "max ms", "throughput",
            "p50 large : small", "load")  # fmt: skip
    return f"Aim: p50 ≤ 15 ms, p95 ≤ 30 ms with 1 caller, ≥ 120/s with 8.\n\n{_table(head, lines)}"


def _storm(_small: list[Any], large: list[Any]) -> str:
    lines = []
    for whole in (False, True):
        runs = _of(large, whole_desk=whole)
        if not runs:
            continue
        doors: dict[str, int] = {}
        for run in runs:
            for door, count in run["doors"].items():
                doors[door] = doors.get(door, 0) + count
        lines.append(
            (
                "whole desk of `make run`" if whole else "two sentinels alone",
                len(runs),
                f"{median(run['running'] for run in runs):,.0f}",
                f"{runs[0]['fired']:,} / {median(run['notices'] for run in runs):,.0f}",
                *(f"{_mid(runs, name):.2f}" for name in ("p50", "p95", "p99", "max")),
                f"{max(run['max'] for run in runs):.2f}",
                ", ".join(f"{door} {count:,}" for door, count in doors.items()),
                _loads(runs),
            )
        )
    head = ("(b) due in one second", "runs", "running", "fired / notices", "p50 s", "p95 s", "p99 s", "max s",
            "worst run's max", "doors", "load")  # fmt: skip
    return f"Aim: p99 ≤ 1 s, max ≤ 2 s, from the due time to the commit of the notice.\n\n{_table(head, lines)}"


def _idle(small: list[Any], large: list[Any]) -> str:
    lines = []
    for what in dict.fromkeys(run["what"] for run in large):
        here, there = _of(large, what=what), _of(small, what=what)
        lines.append(
            (
                what,
                *(f"{_mid(here, name):.2f}" for name in ("p50", "p95", "p99")),
                f"{_mid(there, 'p50'):.2f}" if there else "",
                _ratio(_mid(here, "p50"), _mid(there, "p50")) if there else "",
                _loads(here),
            )
        )
    head = ("(c) nothing due", "p50 ms", "p95 ms", "p99 ms", "p50 on the small desk", "large : small", "load")
    return f"Aim: ≤ 5 ms.\n\n{_table(head, lines)}"


def _of(runs: list[Any], **wanted: Any) -> list[Any]:
    return [run for run in runs if all(run[name] == value for name, value in wanted.items())]


def _mid(runs: list[Any], name: str) -> float:
    return median(run[name] for run in runs)


def _loads(runs: list[Any]) -> str:
    return f"{min(run['load'] for run in runs):.1f}–{max(run['load'] for run in runs):.1f}"


def _ratio(large: float, small: float) -> str:
    return f"{large / small:.2f}"


def _table(head: Iterable[Any], lines: Iterable[Iterable[Any]]) -> str:
    rows = [list(head), ["---"] * len(list(head)), *(list(line) for line in lines)]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
