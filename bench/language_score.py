"""Scores the language check on labelled texts: findings by entry and place, clean texts flagged, offsets.

`python -m bench.language_score tests/knowledge/devset/a.jsonl` prints each miss; without a file every set is scored.
A line: {"text", "direction", "speaker", "kind", "expect": [[start, end, entry], …]}.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure, Order
from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release

BASE = Path(__file__).parent.parent
BOOK = BASE / "service_desk/knowledge/data/phrasebook.json"
HALVES = tuple(BASE / f"tests/knowledge/devset/{half}.jsonl" for half in "ab")
LATER = BASE / "tests/knowledge/devset/c.jsonl"  # written once both halves came out well


@dataclass
class Score:
    """What a set of texts came to."""

    texts: int = 0
    hits: int = 0
    missed: int = 0
    false: int = 0
    exact_offsets: int = 0
    clean: int = 0
    clean_flagged: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    mistakes: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    def line(self) -> str:
        return (
            f"{self.texts} texts: precision {self.precision:.3f}, recall {self.recall:.3f}, F1 {self.f1:.3f}; "
            f"offsets exact {self.exact_offsets / max(1, self.hits):.1%} of {self.hits}; "
            f"clean texts flagged {self.clean_flagged} of {self.clean} ({self.clean_flagged / max(1, self.clean):.1%})"
        )


def book() -> Compiled:
    return Compiled(Release.read(1, json.loads(BOOK.read_text("utf-8"))))


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def score(compiled: Compiled, items: Iterable[dict[str, Any]]) -> Score:
    """A finding is right if its entry is expected at a place that it overlaps."""
    total = Score()
    for item in items:
        found = check(compiled, item["text"], item["direction"], item["speaker"]).findings
        got = [(f.start, f.end, f.entry) for f in found if f.severity != "hint"]
        wanted = [tuple(e) for e in item["expect"]]
        total.texts += 1
        total.clean += not wanted
        total.clean_flagged += bool(got and not wanted)
        left = list(got)
        for start, end, entry in wanted:
            match = next((g for g in left if g[2] == entry and g[0] < end and start < g[1]), None)
            if match is None:
                total.missed += 1
                total.by_kind[f"missed {item['kind']}"] += 1
                total.mistakes.append(f"missed {entry} in {item['text']!r}")
                continue
            left.remove(match)
            total.hits += 1
            total.exact_offsets += match[:2] == (start, end)
            if match[:2] != (start, end):
                total.mistakes.append(f"offsets {entry}: {item['text'][match[0] : match[1]]!r} in {item['text']!r}")
        total.false += len(left)
        for start, end, entry in left:
            total.by_kind[f"false {item['kind']}"] += 1
            total.mistakes.append(f"false {entry} {item['text'][start:end]!r} in {item['text']!r}")
    return total


def figures(_order: Order) -> Iterator[Figure]:
    """The score of each set: no clock is in it, so that one run says all."""
    compiled = book()
    for path in (*HALVES, LATER):
        found = score(compiled, read(path))
        said = f"{found.texts} texts; precision {found.precision:.3f}, recall {found.recall:.3f}"
        yield Figure(f"language check, F1 on {path.stem}", [round(100 * found.f1, 1)], "%", note=said)


def main(arguments: list[str]) -> None:
    compiled = book()
    for path in map(Path, arguments) if arguments else (*HALVES, LATER):
        result = score(compiled, read(path))
        print(f"{path.name}: {result.line()}")
        print("  ", dict(result.by_kind))
        if arguments:
            print("\n".join(result.mistakes))


if __name__ == "__main__":
    main(sys.argv[1:])
