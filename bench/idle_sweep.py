"""(c) What a sweep costs when nothing is due, whatever the number of running clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from bench.figures import load, summary
from service_desk.deadlines.clock_watch import ClockWatch
from service_desk.deadlines.engine import Sweep, beat, seconds_to_next, sweep
from service_desk.deadlines.rules import Door

TIMES = 200


def measure(*, runs: int) -> list[dict[str, Any]]:
    """The figures of each run: the sweep alone, and a sentinel's whole round with its heartbeat."""
    watch = ClockWatch("bench")

    def a_round() -> None:
        done = sweep(Door.SENTINEL) if watch.may_fire() else Sweep()
        beat("bench", Door.SENTINEL, done)
        seconds_to_next()

    return [
        {"what": name, "run": run, "load": load(), **summary(_timed(work))}
        for name, work in (("sweep", _idle), ("round of a sentinel", a_round))
        for run in range(runs)
    ]


def _idle() -> None:
    done: Sweep = sweep(Door.SENTINEL)
    if done.fired:
        raise RuntimeError("something was due: this sweep was not idle")


def _timed(work: Callable[[], None]) -> list[float]:
    work()
    milliseconds = []
    for _time in range(TIMES):
        began = time.perf_counter()
        work()
        milliseconds.append((time.perf_counter() - began) * 1000)
    return milliseconds
