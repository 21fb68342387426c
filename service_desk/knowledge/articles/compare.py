"""Two versions of a text side by side, word by word: what a reviewer has to read is what changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import rjieba

Pieces = list[tuple[str, bool]]
_MOST_WORDS = 600  # of a line; of a longer one the whole line is said to have changed
_AROUND = 2


@dataclass(frozen=True, slots=True)
class Row:
    """A line before and after, in pieces that changed or not; `kind`: same, changed, added, gone, or skipped."""

    kind: str
    before: Pieces = field(default_factory=list)
    after: Pieces = field(default_factory=list)
    skipped: int = 0


def side_by_side(before: str, after: str, *, whole: bool = False) -> list[Row]:
    """The rows of both; long stretches without a change are left out, with their number."""
    old, new = before.splitlines(), after.splitlines()
    rows: list[Row] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=len(old) > 2000).get_opcodes():
        if tag == "equal":
            rows += [Row("same", [(line, False)], [(line, False)]) for line in old[a:b]]
        else:
            rows += _changed(old[a:b], new[c:d])
    return rows if whole else list(_folded_up(rows))


def _changed(old: list[str], new: list[str]) -> Iterator[Row]:
    for number in range(max(len(old), len(new))):
        if number >= len(old):
            yield Row("added", [], [(new[number], True)])
        elif number >= len(new):
            yield Row("gone", [(old[number], True)], [])
        else:
            yield Row("changed", *_words(old[number], new[number]))


def _words(old: str, new: str) -> tuple[Pieces, Pieces]:
    one, two = _cut(old), _cut(new)
    if len(one) > _MOST_WORDS or len(two) > _MOST_WORDS:
        return [(old, True)], [(new, True)]
    before: Pieces = []
    after: Pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if a < b:
            before.append(("".join(one[a:b]), tag != "equal"))
        if c < d:
            after.append(("".join(two[c:d]), tag != "equal"))
    return before, after


def _cut(line: str) -> list[str]:
    """The words of a line, blanks and marks among them: put together they are the line."""
    return [part for piece in re.findall(r"\s+|\S+", line) for part in (rjieba.cut(piece, False) or [piece])]


def _folded_up(rows: list[Row]) -> Iterator[Row]:
    near = [False] * len(rows)
    for number, row in enumerate(rows):
        if row.kind != "same":
            low, high = max(0, number - _AROUND), number + _AROUND + 1
            near[low:high] = [True] * len(near[low:high])
    skipped = 0
    for row, kept in zip(rows, near, strict=True):
        if kept:
            if skipped:
                yield Row("skipped", skipped=skipped)
            skipped = 0
            yield row
        else:
            skipped += 1
    if skipped:
        yield Row("skipped", skipped=skipped)
