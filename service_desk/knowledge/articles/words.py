"""The words of an article as an index holds them, and a question as it is asked of that index. Pure.

Each pair of neighbouring Chinese characters stands in the index, and the longer words that the tokeniser finds stand
there whole. So a word that no dictionary knows is found by its pairs, a known one by one entry, and a sentence never
has to be cut the same way twice. Characters are folded: full width, great and small, traditional and simplified.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import rjieba
from opencc import OpenCC

_HAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(f"([{_HAN}]+)|([a-z\u00c0-\u02af\u0370-\u167f]+|[0-9]+)")
_LONGEST_WORD, _LAST_PLACE, LONGEST_QUESTION = 24, 16383, 200
_MOST_UNITS = 10
#: What people say around what they look for.
# fmt: off
_EMPTY = frozenset({
    "怎么", "怎样", "怎么办", "如何", "什么", "为什么", "请问", "的", "了", "吗", "呢", "是", "我", "我们", "你", "您",
    "有", "在", "和", "与", "及", "要", "就", "都", "也", "吧", "啊", "把", "被", "个",
})
#: What nearly every report of a fault says, and so tells nothing of which one.
_EVERYWHERE = frozenset({
    "客户", "用户", "业主", "反映", "没有", "无法", "不能", "不了", "开始", "出现", "现在",
    "今天", "昨天", "昨晚", "一直", "发现", "情况", "问题", "处理", "可以", "需要", "怎么回事", "为啥",
})
# fmt: on
#: So many words of a long question are put in pairs for the texts: each pair is asked of every article that has one.
_MOST_TELLING = 4
_simplify = OpenCC("t2s").convert


@lru_cache(maxsize=8192)
def _letter(letter: str) -> str:
    made = unicodedata.normalize("NFKC", letter).lower()
    if len(made) == 1 and "\u3400" <= made <= "\U0003ffff":
        simple = _simplify(made)
        return simple if len(simple) == 1 else made
    return made


def folded(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and of each of its characters where it came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in _letter(letter):
            letters.append(one)
            places.append(place)
    return "".join(letters), places


def vector(*parts: tuple[str, str]) -> str:
    """A tsvector of texts, each with its weight (A to D)."""
    held: list[str] = []
    place = 1
    for text, weight in parts:
        for piece, at in _pieces(folded(text)[0]):
            held.append(f"{piece}:{min(place + at, _LAST_PLACE)}{weight}")
        place = min(place + len(text) + 8, _LAST_PLACE)
    return " ".join(held)


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    place = 0
    for found in _PIECES.finditer(text):
        run = found[1]
        if run is None:
            yield found[2][:_LONGEST_WORD], place
            place += 1
            continue
        for at, letter in enumerate(run):
            yield run[at : at + 2] if at + 1 < len(run) else letter, place + at
        for word, start, _end in rjieba.tokenize(run, "search", False):
            if 3 <= len(word) <= _LONGEST_WORD:
                yield word, place + start
        place += len(run)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as tsqueries (empty when nothing of it can be looked for) and as the words to mark.

    `all`: every word of one of the wordings; `most`: any two words of one; `some`: any two of its most telling ones;
    `any`: one of them.
    """

    all: str
    most: str
    some: str
    any: str
    marks: tuple[str, ...]


def question(asked: Sequence[str]) -> Question:
    """The question that is asked in these wordings: as typed, then with synonyms in place of its words."""
    every: list[str] = []
    pairs: list[str] = []
    telling: list[str] = []
    units: dict[str, str] = {}
    marks: dict[str, None] = {}
    for wording in asked:
        said = folded(wording[:LONGEST_QUESTION])[0]
        found = units_of(said)
        if not found:
            continue
        every.append("(" + " & ".join(_asks(unit) for unit in found) + ")")
        marks |= dict.fromkeys(found)
        some = list(dict.fromkeys(part for unit in found for part in _parts(unit)))[:_MOST_UNITS]
        some = [part for part in some if len(part) > 1] or some  # one character alone says too little
        marks |= dict.fromkeys(some)
        units |= {unit: _asks(unit) for unit in some}
        pairs += _in_pairs([units[unit] for unit in some])
        seldom_first = sorted(some, key=lambda unit: (unit in _EVERYWHERE, -len(unit)))
        telling += _in_pairs([units[unit] for unit in seldom_first[:_MOST_TELLING]])
    whole, most, some_of_it = (" | ".join(dict.fromkeys(each)) for each in (every, pairs, telling))
    return Question(whole, most, some_of_it, " | ".join(units.values()), tuple(marks))


def _in_pairs(asks: Sequence[str]) -> list[str]:
    return [f"({one} & {two})" for number, one in enumerate(asks) for two in asks[number + 1 :]]


def units_of(said: str) -> list[str]:
    """The words of a folded text: the tokeniser's, and what it leaves in single characters put together again."""
    found: list[str] = []
    for piece in _PIECES.finditer(said):
        if piece[1] is None:
            found.append(piece[2][:_LONGEST_WORD])
        else:
            found += _joined(rjieba.cut(piece[1], False))
    words = [unit for unit in dict.fromkeys(found) if unit not in _EMPTY]
    return (words or list(dict.fromkeys(found)))[:_MOST_UNITS]


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Single characters in a row are one word that the tokeniser does not know."""
    loose = ""
    for word in [*words, ""]:
        if len(word) == 1 and word not in _EMPTY:
            loose += word
            continue
        if loose:
            yield loose
        loose = ""
        if word:
            yield word


def _parts(unit: str) -> list[str]:
    """What a text may hold some of: a word whole, what the tokeniser does not know in pairs."""
    unknown = len(unit) > 2 and not unit.isascii() and all(len(word) == 1 for word in rjieba.cut(unit, False))
    return [unit[at : at + 2] for at in range(len(unit) - 1)] if unknown else [unit]


def _asks(unit: str) -> str:
    """What an index entry must be to hold this word."""
    if len(unit) == 1 or unit.isascii():
        return f"{unit}:*"
    if not re.fullmatch(f"[{_HAN}]+", unit) or len(unit) == 2:
        return unit
    pairs = " & ".join(unit[at : at + 2] for at in range(len(unit) - 1))
    return f"({unit[:_LONGEST_WORD]} | {pairs})" if len(unit) <= _LONGEST_WORD else f"({pairs})"


def marked(text: str, marks: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words asked for."""
    if not text:
        return []
    said, places = folded(text)
    lit = bytearray(len(text))
    for word in marks:
        start = said.find(word) if word else -1
        while start >= 0:
            for place in places[start : start + len(word)]:
                lit[place] = 1
            start = said.find(word, start + len(word))
    pieces: list[tuple[str, bool]] = []
    begin = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or lit[at] != lit[begin]:
            pieces.append((text[begin:at], bool(lit[begin])))
            begin = at
    return pieces


def snippet(text: str, marks: Sequence[str], length: int = 110) -> str:
    """The part of the text that holds most of the words, or its beginning."""
    flat = " ".join(text.split())
    said, places = folded(flat)
    hits = sorted((places[at.start()], word) for word in marks if word for at in re.finditer(re.escape(word), said))[
        :500
    ]
    best, start = 0, 0
    for number, (place, _word) in enumerate(hits):
        held = {word for at, word in hits[number : number + 40] if at < place + length}
        if len(held) > best:
            best, start = len(held), place
    begin = max(0, start - length // 5)
    return f"{'…' if begin else ''}{flat[begin : begin + length]}{'…' if begin + length < len(flat) else ''}"
