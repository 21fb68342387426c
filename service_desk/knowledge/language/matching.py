"""Finds candidates: every place where a form may stand, by letters, repeats, split characters and sounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service_desk.knowledge.language.compiled import SHORTEST_BY_SOUND, Compiled, Form, without_runs
from service_desk.knowledge.language.folding import Folded
from service_desk.knowledge.language.sounds import STANDS_FOR, Units
from service_desk.knowledge.rules import How

_WIDEST_GAP = 3
_RUNS = re.compile(r"(.)\1+")
_SENTENCE_END = re.compile(r"[。！？!?\n\r\u2028\u2029]")
_PAUSE = re.compile(r"[，,、；;：:]")
#: Parts that are written for a character to get past a check; ambiguous ones (门口, 女子) are left out.
SPLIT = {
    "目害": "瞎", "龙耳": "聋", "月巴": "肥", "矢委": "矮", "口木": "呆", "亻尔": "你", "口马": "吗", "矢口": "知",
    "口乞": "吃", "饣包": "饱", "扌另": "拐", "亻朱": "侏", "亻需": "儒", "亻火": "伙", "钅戋": "钱", "扌戈": "找",
    "疒丙": "病", "歹戋": "残", "牛勿": "物", "禾央": "秧", "忄亡": "忙", "讠隹": "谁", "讠上": "让", "口斤": "听",
    "讠兑": "说", "忄白": "怕", "忄夬": "快", "另刂": "别", "口咸": "喊", "亻家": "傢", "亻儍": "傻", "女马": "妈",
    "禾火": "秋", "辶首": "道", "辶文": "这", "忄生": "性", "氵殳": "没", "至刂": "到", "走己": "起", "疒加": "痂",
}  # fmt: skip
_SPLIT = re.compile("|".join(SPLIT))
#: Letters that every sentence has: where nothing else is as written, the sound says nothing (让什么 is not 嚷什么).
_TELLING_NOTHING = frozenset("什么吗怎还没有了的着不是你我他就也都这那")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where a form may stand, in letters of the folded text."""

    form: Form
    first: int
    last: int
    how: How


def candidates(compiled: Compiled, folded: Folded) -> Iterator[Candidate]:
    """Every candidate whose gaps are narrow enough; the same place may come by several ways."""
    yield from _exact(compiled, folded)
    if _RUNS.search(folded.letters):
        yield from _repeated(compiled, folded)
    if _SPLIT.search(folded.letters):
        yield from _split(compiled, folded)
    yield from _sounding(compiled, folded)


def _exact(compiled: Compiled, folded: Folded) -> Iterator[Candidate]:
    for start, end, numbers in compiled.exact.find(folded.letters):
        for number in numbers:
            form = compiled.forms[number]
            if _holds_together(form, folded, list(range(start, end))):
                yield Candidate(form, start, end - 1, How.EXACT)


def _repeated(compiled: Compiled, folded: Folded) -> Iterator[Candidate]:
    """Runs folded; a phrase that has a run itself still needs as many."""
    letters = folded.letters
    starts = [i for i in range(len(letters)) if not i or letters[i] != letters[i - 1]]
    starts.append(len(letters))
    for first, end, numbers in compiled.repeated.find(without_runs(letters)):
        low, high = starts[first], starts[end]
        for number in numbers:
            form = compiled.forms[number]
            if not _has_runs_of(form.letters, letters[low:high]) or letters[low:high] == form.letters:
                continue
            while low + 1 < starts[first + 1] and _PAUSE.search(folded.gap(low)):
                low += 1  # 怪谁，谁让你: the first letter ends another clause
            last = high - 1
            if _goes_on(folded, last):  # 不知道道理: the last letter may belong to the next word
                last = starts[end - 1] + _final_run(form.letters) - 1
            while last > low and _is_another(folded, last):
                last -= 1  # 喊什么嘛: one letter when folded, and yet another word
            if letters[low : last + 1] != form.letters and _holds_loosely(form, folded, low, last):
                yield Candidate(form, low, last, How.VARIANT)


def _is_another(folded: Folded, index: int) -> bool:
    """Whether a letter that ends a run is written otherwise than the one before it."""
    here, before = folded.places[index], folded.places[index - 1]
    return folded.letters[index] == folded.letters[index - 1] and folded.plain[here] != folded.plain[before]


def _goes_on(folded: Folded, last: int) -> bool:
    return last + 1 < len(folded.places) and folded.places[last + 1] == folded.places[last] + 1


def _final_run(letters: str) -> int:
    return len(letters) - len(letters.rstrip(letters[-1]))


def _has_runs_of(phrase: str, text: str) -> bool:
    wanted = [len(m.group()) for m in re.finditer(r"(.)\1*", phrase)]
    given = [len(m.group()) for m in re.finditer(r"(.)\1*", text)]
    return len(wanted) == len(given) and all(g >= w for w, g in zip(wanted, given, strict=True))


def _split(compiled: Compiled, folded: Folded) -> Iterator[Candidate]:
    """Parts put together; only hits that hold such a character are news."""
    made: list[str] = []
    spans: list[tuple[int, int]] = []
    composed: set[int] = set()
    at = 0
    for found in _SPLIT.finditer(folded.letters):
        made.append(folded.letters[at : found.start()])
        spans += [(i, i) for i in range(at, found.start())]
        composed.add(len(spans))
        made.append(SPLIT[found.group()])
        spans.append((found.start(), found.end() - 1))
        at = found.end()
    made.append(folded.letters[at:])
    spans += [(i, i) for i in range(at, len(folded.letters))]
    for start, end, numbers in compiled.exact.find("".join(made)):
        if end - start < 2 or not composed.intersection(range(start, end)):
            continue
        low, high = spans[start][0], spans[end - 1][1]
        for number in numbers:
            form = compiled.forms[number]
            if _holds_loosely(form, folded, low, high):
                yield Candidate(form, low, high, How.SPLIT)


def _sounding(compiled: Compiled, folded: Folded) -> Iterator[Candidate]:
    units = Units(folded)
    for start, end, numbers in compiled.sounding.find(units.codes):
        for number in numbers:
            form = compiled.forms[number]
            how = _by_sound(form, folded, units, start, end)
            low, high = units.letters(start)[0], units.letters(end - 1)[1]
            if how and _holds_loosely(form, folded, low, high):
                yield Candidate(form, low, high, how)


def _by_sound(form: Form, folded: Folded, units: Units, start: int, end: int) -> How | None:
    """Half of the characters as written, or a whole form in Latin letters of five or more (K3)."""
    letters = folded.letters
    same = other = latin = latin_letters = tells = exact = 0
    for offset in range(end - start):
        first, last = units.letters(start + offset)
        if letters[first].isascii():
            latin += 1
            latin_letters += last - first + 1
        elif letters[first] == form.letters[offset] or STANDS_FOR.get(letters[first]) == form.letters[offset]:
            same += 1
            exact += letters[first] == form.letters[offset]
            tells += form.letters[offset] not in _TELLING_NOTHING
        else:
            other += 1
    if not latin:
        told = len(form.letters) > SHORTEST_BY_SOUND or tells
        return How.HOMOPHONE if exact < end - start and same >= other and told else None
    if latin == end - start:
        fits = latin_letters >= 5 and _at_word_edges(folded, units.letters(start)[0], units.letters(end - 1)[1])
        return How.PINYIN if fits else None
    mixed = _at_word_edges(folded, units.letters(start)[0], units.letters(end - 1)[1])
    return How.PINYIN if mixed and same + latin > other * 2 and same else None


def _at_word_edges(folded: Folded, first: int, last: int) -> bool:
    """Whether no Latin letter or figure goes on beyond the hit."""
    return not (_joined(folded, first - 1) and _latin(folded, first) and _latin(folded, first - 1)) and not (
        _joined(folded, last) and _latin(folded, last) and _latin(folded, last + 1)
    )


def _latin(folded: Folded, index: int) -> bool:
    return 0 <= index < len(folded.letters) and folded.letters[index].isascii()


def _joined(folded: Folded, index: int) -> bool:
    return 0 <= index < len(folded.places) - 1 and folded.places[index + 1] - folded.places[index] <= 1


def _holds_together(form: Form, folded: Folded, letters: list[int]) -> bool:
    """Gaps of at most three, no sentence between, and no pause where the phrase has none, unless each gap is filled."""
    first, last = letters[0], letters[-1]
    if not _at_word_edges(folded, first, last):
        return False
    if folded.places[last] - folded.places[first] == last - first:
        return True
    gaps = [folded.gap_size(index) for index in range(first, last)]
    filled = all(gaps)
    for offset, size in enumerate(gaps):
        if not size or offset in form.breaks:
            continue
        if size > _WIDEST_GAP:
            return False
        text = folded.gap(first + offset)
        if not filled and (_SENTENCE_END.search(text) or (_PAUSE.search(text) and _between_words(form, offset))):
            return False
    return True


def _between_words(form: Form, offset: int) -> bool:
    """Whether a pause after this letter of the phrase may be one of grammar: 没有零钱，找…; 老，家伙 is none."""
    return len(form.letters) > 3 or form.letters[: offset + 1] in ("不", "我", "你", "我也", "找", "问")


def _holds_loosely(form: Form, folded: Folded, first: int, last: int) -> bool:
    """The same where the letters of text and phrase are not one for one."""
    for index in range(first, last):
        size = folded.gap_size(index)
        if size > _WIDEST_GAP and not form.breaks:
            return False
        if size and not form.breaks and _SENTENCE_END.search(folded.gap(index)):
            return all(folded.gap_size(i) for i in range(first, last))
    return True
