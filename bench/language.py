"""Measures the language check: 2 000 characters against 10 000 forms, checks a second on two cores, bulk text, memory.

`python -m bench.language` prints one line a figure and ends with 1 if a target is missed; with `--cpu` it counts
processor time, which other work on the machine lengthens less.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil

from bench.figures import Figure, Order, load
from bench.language_score import BOOK, HALVES, read
from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release

clock = time.process_time if "--cpu" in sys.argv else time.perf_counter
FORMS, ALLOWED = 10_000, 5_000
SECONDS = 5.0


def release(forms: int = FORMS, allowed: int = ALLOWED) -> Release:
    """The shipped phrasebook and as many made-up entries of common characters as the figures ask for."""
    chance = random.Random(7)
    common = (
        "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然"
        "没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长"
    )
    words: list[dict[str, Any]] = [
        {"code": f"X{n}", "text": "".join(chance.sample(common, chance.randint(3, 8))), "category": "impolite"}
        for n in range(forms)
    ]
    for word in words[: max(1, allowed // 5)]:
        word["allow"] = [word["text"] + "".join(chance.sample(common, 2)) for _ in range(5)]
    return Release.read(1, [*json.loads(BOOK.read_text("utf-8")), *words])


def texts(size: int, count: int, seed: int = 1) -> list[str]:
    """Desk talk of about `size` characters, a phrase to be found about every 1 000; of the labelled texts."""
    chance = random.Random(seed)
    items = [item for half in HALVES for item in read(half)]
    clean = [item["text"] for item in items if item["kind"] == "clean"]
    other = [item["text"] for item in items if item["kind"] != "clean"]
    made = []
    for _ in range(count):
        lines: list[str] = []
        while sum(map(len, lines)) < size:
            lines.append(chance.choice(other if chance.random() < 0.04 else clean))
        made.append("\n".join(lines)[:size])
    return made


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def timed(compiled: Compiled, samples: list[str]) -> list[float]:
    taken = []
    for text in samples:
        start = clock()
        check(compiled, text, "to_customer")
        taken.append((clock() - start) * 1000)
    return taken


def typing(number: int, answers: multiprocessing.Queue[tuple[int, float]]) -> None:
    """One process of agents typing: paragraphs of 60 to 2 000 characters for some seconds."""
    compiled = Compiled(release())
    samples = [t for size in (60, 200, 600, 2000) for t in texts(size, 25, seed=number)]
    timed(compiled, samples)
    taken: list[float] = []
    end = clock() + SECONDS
    while clock() < end:
        taken += timed(compiled, samples)
    answers.put((len(taken), percentile(taken, 0.95)))


def measure() -> list[tuple[str, float, float, bool]]:
    """Each figure with its name, its target, and whether at least that is wanted."""
    process = psutil.Process()
    check(
        Compiled(Release.read(1, [{"code": "X", "text": "老家伙", "category": "impolite"}])),
        "这个老家伙",
        "to_customer",
    )
    before = process.memory_info().rss
    start = clock()
    compiled = Compiled(release())
    build = clock() - start
    timed(compiled, texts(2000, 20))
    memory = (process.memory_info().rss - before) / 2**20
    long, short = timed(compiled, texts(2000, 300, 2)), timed(compiled, texts(60, 500, 3))
    bulk = "\n".join(texts(20_000, 20, 4))
    start = clock()
    for at in range(0, len(bulk), 20_000):
        check(compiled, bulk[at : at + 20_000], "transcript", "agent")
    speed = len(bulk.encode()) / (clock() - start) / 1e6
    answers: multiprocessing.Queue[tuple[int, float]] = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=typing, args=(n, answers)) for n in range(2)]
    for worker in workers:
        worker.start()
    done = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    rate = sum(count for count, _ in done) / SECONDS
    return [
        (f"forms {len(compiled.forms)}, built in ms", build * 1000, 2000, False),
        ("2 000 characters, p95 ms", percentile(long, 0.95), 5, False),
        ("60 characters, p95 ms", percentile(short, 0.95), 1, False),
        ("transcripts, MB/s a process", speed, 1, True),
        ("two processes, checks/s", rate, 250, True),
        ("two processes, p95 ms", max(p for _, p in done), 5, False),
        ("matcher beyond the tokeniser, MiB", memory, 40, False),
    ]


def figures(order: Order) -> Iterator[Figure]:
    """Each figure of the check alone, so many times in one process; its memory the first time only."""
    loads, found = [], []
    for _run in range(order.runs):
        loads.append(load())
        found.append(measure())
    for same in zip(*found, strict=True):
        name, _value, target, at_least = same[0]
        runs = [value for _name, value, _target, _at_least in same]
        only = runs[:1] if name.endswith("MiB") else runs
        yield Figure(f"language check: {name}", only, "", target, at_least, loads=loads)


def main() -> int:
    missed = 0
    for name, value, target, at_least in measure():
        good = value >= target if at_least else value <= target
        missed += not good
        bound = "at least" if at_least else "at most"
        print(f"{'ok    ' if good else 'MISSED'} {name}: {value:.2f} (target {bound} {target})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
