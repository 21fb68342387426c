"""Folds what looks different and means the same, so that every span leads back to the original code points.

Full-width forms, radicals of PDF copies, traditional characters and case are folded; spaces, punctuation, emoji and
invisible characters are dropped, and remembered as gaps.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from opencc import OpenCC

GAP = "\x00"  # a dropped character
WIDE = "\ue000"  # a character that folds to several; a private one of the text itself is dropped, so it is ours alone
READING, INSIDE = "\x01", "\x02"  # a bracketed reading counts as one dropped character
_REMEMBERED = 60_000  # characters whose folding is kept: all that is written, not all that can be sent
#: What conversion to simplified characters would make another word: to feed an animal is not to shout at a customer.
_KEPT = frozenset("餵")
#: Ways of writing that stand for one another, in phrases and texts alike.
_OWN = dict(
    zip("著妳您嘛么嚒甚喫得冒囉咯祢儍痲癈閙処銭経壊", "着你你吗吗吗什吃的帽了了你傻麻废闹处钱经坏", strict=True)
)
#: What is written for a character that it looks or sounds like, and seldom means itself: 傻孑, 快点ル, 过勒, 想好ㄌ没.
_OWN |= dict(zip("孑孓ルロ勒嘞叻ㄌㄉㄇㄋ", "子子儿口了了了了的吗你", strict=True))
#: Radicals as PDF copies give them, which have no decomposition of their own.
_RADICALS = dict(
    zip(
        "⺠⻋⻓⻔⻅⻢⻛⻝⻤⻥⻦⻩⻬⻰⻄⻆⻉⻘⻚⻜⺝⺁⺼⻁⻈⻨⺩",
        "民车长门见马风食鬼鱼鸟黄齐龙西角贝青页飞月厂肉虎辶麦王",
        strict=True,
    )
)
_BRACKETED = re.compile(
    r"(?<=[㐀-鿿豈-﫿⼀-⿕])[（(\[【〔［｛{<《]\s*(?:[a-zA-Zａ-ｚü:À-ɏ]{1,8}[1-5]?|[ㄅ-ㄯ˙ˊˇˋ]{1,5})\s*[)）\]】〕］｝}>》]"
)
_SAID_BY_PICTURE = dict.fromkeys("🐎🐴", "吗")  # 你买得起🐎
_STROKES = frozenset("丨丶丿亅乀乁")  # characters by name, and put between letters as lines are
#: Single letters of another script between each two characters: 问a别a人a去, 有の完の没の完.
_THREADED = re.compile(r"[㐀-鿿](?:[a-zA-Z0-9ａ-ｚ぀-ヿЀ-ӿΑ-ω][㐀-鿿]){2,}")
_LATIN_MARKS = re.compile("[̀-ͯ]")
_t2s = OpenCC("t2s")


@lru_cache(maxsize=_REMEMBERED)
def _simplified(char: str) -> str:
    if char in _KEPT or not "⺀" <= char <= "\U0003ffff" or "\ud800" <= char <= "\udfff":
        return char
    made = _t2s.convert(char)
    return made if len(made) == 1 else char


def _letters_of(char: str) -> str:
    """The letters and figures that one character folds to; often one, sometimes none."""
    if char in _SAID_BY_PICTURE:
        return _SAID_BY_PICTURE[char]
    wide = unicodedata.normalize("NFKC", _RADICALS.get(char, char)).casefold()
    if any("À" <= c <= "ɏ" for c in wide):  # the tone marks of pinyin
        wide = _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", wide))
    kept = [c for c in wide if unicodedata.category(c)[0] in "LN" and c not in _STROKES]
    return "".join(_OWN.get(c, c) for c in map(_simplified, kept))


class _Letters(dict[int, str]):
    """One letter for each code point, or GAP, or WIDE."""

    def __missing__(self, point: int) -> str:
        letters = _letters_of(chr(point))
        answer = GAP if not letters else letters if len(letters) == 1 else WIDE
        if len(self) < _REMEMBERED:
            self[point] = answer
        return answer


class _Plain(dict[int, str]):
    """The same text in simplified characters and usual width, one for one, punctuation kept."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        usual = unicodedata.normalize("NFKC", _RADICALS.get(char, char)).lower()
        answer = _simplified(usual) if len(usual) == 1 else char
        if 0xD800 <= point <= 0xDFFF:
            answer = "�"  # half of a pair; the tokeniser takes UTF-8 only
        if len(self) < _REMEMBERED:
            self[point] = answer
        return answer


_LETTERS, _PLAIN = _Letters(), _Plain()


@dataclass(frozen=True, slots=True)
class Folded:
    """A text's letters with the place of each in the original."""

    letters: str
    places: list[int]
    track: str  # as long as the original: GAP, READING or INSIDE where a character was dropped
    plain: str  # as long as the original, for reading what stands around
    has_runs: bool = field(default=False)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """From letter `first` to letter `last`, as offsets of the original; with the last one's reading where others
        have theirs, so that what replaces the phrase leaves none behind: 残(cán)废(fèi).
        """
        start, end = self.places[first], self.places[last] + 1
        if self.track.startswith(READING, end) and READING in self.track[start:end]:
            end += 1
            while self.track.startswith(INSIDE, end):
                end += 1
        return start, end

    def gap(self, index: int) -> str:
        """What was dropped between this letter and the next one, in plain characters."""
        return self.plain[self.places[index] + 1 : self.places[index + 1]]

    def gap_size(self, index: int) -> int:
        """How many characters were dropped there; a bracketed reading is one."""
        here = self.track[self.places[index] + 1 : self.places[index + 1]]
        return len(here) - here.count(INSIDE)


def letters(text: str) -> str:
    """The letters of a phrase, folded as texts are."""
    return fold(text).letters


def spoken(text: str) -> str:
    """A phrase in simplified characters, letters only, each as it is read: 什么 is not folded to 什吗."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_simplified(c) for c in wide if unicodedata.category(c)[0] in "LN")


def fold(text: str) -> Folded:
    """Fold a text of any size and any content."""
    track = text.translate(_LETTERS)
    if READING in track or INSIDE in track:
        raise AssertionError("Control characters are dropped by the table.")
    if "(" in text or "（" in text or _ODD_BRACKET.search(text):
        track = _without_readings(text, track)
    if _THREADED.search(text):
        track = _without_threads(text, track)
    if WIDE in track:
        return _fold_wide(text, track)
    places = [index for index, char in enumerate(track) if char > INSIDE]
    return Folded(_BARE.sub("", track), places, track, text.translate(_PLAIN))


_ODD_BRACKET = re.compile(r"[\[【〔［｛{<《]")
_BARE = re.compile(f"[{GAP}{READING}{INSIDE}]+")


def _without_readings(text: str, track: str) -> str:
    """Take out the bracketed readings that polluted copies have behind each character."""
    parts, end = [], 0
    for found in _BRACKETED.finditer(text):
        parts += [track[end : found.start()], READING, INSIDE * (found.end() - found.start() - 1)]
        end = found.end()
    return "".join([*parts, track[end:]])


def _without_threads(text: str, track: str) -> str:
    """Take out the single letters that were put between characters."""
    letters = list(track)
    for found in _THREADED.finditer(text):
        letters[found.start() + 1 : found.end() : 2] = GAP * (len(found.group()) // 2)
    return "".join(letters)


def _fold_wide(text: str, track: str) -> Folded:
    """The slow way, for a text in which some character folds to several letters."""
    made, places = [], []
    for index, char in enumerate(track):
        if char <= INSIDE:
            continue
        for letter in _letters_of(text[index]) if char == WIDE else char:
            made.append(letter)
            places.append(index)
    return Folded("".join(made), places, track, text.translate(_PLAIN))
