"""What the desk's search takes for the same: groups of words, and a question asked in other words. Pure.

A group is written as a line, 退服 = 断站 = 掉站. Nothing is indexed anew when it changes: the question is widened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from service_desk.knowledge.articles.words import folded

MOST_GROUPS, MOST_WORDS, LONGEST_WORD = 500, 8, 30
#: So many wordings of a question are asked at most, the one that was typed among them.
MOST_WORDINGS = 5
_MARKS = "=＝"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that is no group, and why."""

    line: int
    code: str
    word: str = ""


def parse(text: str) -> tuple[list[list[str]], list[Wrong]]:
    """The groups of a text, a line each, and what is wrong with it; blank lines and those after # are left out."""
    groups: list[list[str]] = []
    wrong: list[Wrong] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = list(dict.fromkeys(" ".join(word.split()) for word in line.replace(_MARKS[1], _MARKS[0]).split("=")))
        if fault := _fault(number, words, seen):
            wrong.append(fault)
        else:
            groups.append(words)
        seen |= {folded(word)[0]: number for word in words}
    if len(groups) > MOST_GROUPS:
        wrong.append(Wrong(0, "too_many"))
    return groups, wrong


def _fault(number: int, words: list[str], seen: dict[str, int]) -> Wrong | None:
    if len(words) < 2 or not all(words):
        return Wrong(number, "one_word")
    if len(words) > MOST_WORDS:
        return Wrong(number, "too_many_words")
    for word in words:
        if len(word) > LONGEST_WORD:
            return Wrong(number, "too_long", word)
        if len(word) < 2 or " " in word:
            return Wrong(number, "too_short" if len(word) < 2 else "blank", word)
        if folded(word)[0] in seen:
            return Wrong(number, "twice", word)
    return None


def as_text(groups: Sequence[Sequence[str]]) -> str:
    """The groups as somebody edits them."""
    return "\n".join(" = ".join(group) for group in groups)


def wordings(asked: str, groups: Sequence[Sequence[str]]) -> list[str]:
    """The question as typed, then with one word after another in place of those that mean the same."""
    said = folded(asked)[0]
    found = [said]
    for group in groups:
        held = next((word for word in (folded(each)[0] for each in group) if word in said), None)
        if held is None:
            continue
        others = [other for other in (folded(each)[0] for each in group) if other != held]
        for wording in list(found):
            for other in others:
                if held not in wording or len(found) >= MOST_WORDINGS:
                    break
                found.append(wording.replace(held, other))
    return [asked, *dict.fromkeys(wording for wording in found if wording != said)]


def differences(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """The lines that came (+) and went (-)."""
    old, new = as_text(before).splitlines(), as_text(after).splitlines()
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (("-", line) for line in old[a:b])
            yield from (("+", line) for line in new[c:d])
