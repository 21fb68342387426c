"""(c) What a sweep costs when nothing is due, whatever the number of running clocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.figures import Figure, Order, load, of_runs, summary
from service_desk.deadlines.clock_watch import ClockWatch
from service_desk.deadlines.engine import Sweep, beat, seconds_to_next, sweep
from service_desk.deadlines.rules import Door

TIMES, AIM = 200, 5.0


def figures(order: Order) -> Iterator[Figure]:
    """The sweep alone, and a sentinel's whole round with its heartbeat."""
    found = measure(runs=order.runs, times=order.some(TIMES, 20))
    for what, most in (("sweep", AIM), ("round of a sentinel", None)):
        runs = [run for run in found if run["what"] == what]
        yield from of_runs(f"nothing due: {what}", runs, {"p50": most} if most else None)


def measure(*, runs: int, times: int = TIMES) -> list[dict[str, Any]]:
    """The figures of each run, of so many sweeps each."""
    watch = ClockWatch("bench")

    def a_round() -> bool:
        done = sweep(Door.SENTINEL) if watch.may_fire() else Sweep()
        beat("bench", Door.SENTINEL, done)
        seconds_to_next()
        return done.fired == 0

    return [
        {"what": name, "run": run, "load": load(), **summary(_timed(work, times))}
        for name, work in (("sweep", _idle), ("round of a sentinel", a_round))
        for run in range(runs)
    ]


def _idle() -> bool:
    return sweep(Door.SENTINEL).fired == 0


def _timed(work: Callable[[], bool], times: int) -> list[float]:
    """The time of each call that found nothing due; cases of an earlier part may have something to fire meanwhile."""
    milliseconds: list[float] = []
    while len(milliseconds) < times:
        began = time.perf_counter()
        idle = work()
        spent = time.perf_counter() - began
        if idle:
            milliseconds.append(spent * 1000)
    return milliseconds
