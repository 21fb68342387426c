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

    def a_round() -> bool:
        done = sweep(Door.SENTINEL) if watch.may_fire() else Sweep()
        beat("bench", Door.SENTINEL, done)
        seconds_to_next()
        return done.fired == 0

    return [
        {"what": name, "run": run, "load": load(), **summary(_timed(work))}
        for name, work in (("sweep", _idle), ("round of a sentinel", a_round))
        for run in range(runs)
    ]


def _idle() -> bool:
    return sweep(Door.SENTINEL).fired == 0


def _timed(work: Callable[[], bool]) -> list[float]:
    """The time of each call that found nothing due; cases of an earlier part may have something to fire meanwhile."""
    milliseconds: list[float] = []
    while len(milliseconds) < TIMES:
        began = time.perf_counter()
        idle = work()
        spent = time.perf_counter() - began
        if idle:
            milliseconds.append(spent * 1000)
    return milliseconds
