"""Syllables without tone, as one character each, so that homophones and pinyin are found by an automaton too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from pypinyin import lazy_pinyin
from pypinyin.constants import PHRASES_DICT
from pypinyin.pinyin_dict import pinyin_dict

from service_desk.knowledge.language.folding import Folded

REMEMBERED_FORMS = 16_384  # what a release says, the next one says mostly too
_LONGEST_WORD = 10  # characters, of those that pypinyin knows
_UMLAUT = frozenset("üǖǘǚǜ")  # spelled in several ways
_FIRST_CODE = 0xF0000
_OTHER = "\x03"  # what has no sound
_codes: dict[str, str] = {}
_WORD = re.compile("[a-z]+")


@cache
def _toneless(reading: str) -> str:
    bare = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(c for c in bare if c.isascii())


def _code(syllable: str) -> str:
    return _codes.setdefault(syllable, chr(_FIRST_CODE + len(_codes)))


#: Characters that are written for another one which they resemble, or by a reading that is not their first.
STANDS_FOR = dict(zip("卜卟吥丕莪俄硪末伱迩孒孓籽地", "不不不不我我我吗你你子子子的", strict=True))


#: Single Latin letters that are typed for a word of one sound: 你吃饱了撑d, b知道.
_LETTERS_FOR = {"d": "de", "l": "le", "b": "bu", "n": "ni", "w": "wo", "m": "ma"}


class _Sounds(dict[int, str]):
    """The code of a character's first reading."""

    def __missing__(self, point: int) -> str:
        readings = pinyin_dict.get(ord(STANDS_FOR.get(chr(point), chr(point))), "")
        code = _code(_toneless(readings.split(",")[0])) if readings else _OTHER
        if len(self) < 50_000:
            self[point] = code
        return code


_sounds = _Sounds()


@cache
def _syllables() -> frozenset[str]:
    """Every syllable that some common character has."""
    return frozenset(
        _toneless(reading)
        for point in range(0x4E00, 0x9FA6)
        for reading in pinyin_dict.get(point, "").split(",")
        if reading and len(_toneless(reading)) > 1
    ) | {"a", "e", "o"}


def _read(letters: str) -> tuple[str, ...]:
    """The syllables of a phrase as it is read; pypinyin is asked only where it knows a part of it as a word."""
    readings = [pinyin_dict.get(ord(char), "").split(",")[0] for char in letters]
    plain = all(readings) and _UMLAUT.isdisjoint("".join(readings))
    if plain and not _holds_a_known_word(letters):
        return tuple(map(_toneless, readings))
    return tuple(lazy_pinyin(letters))


def _holds_a_known_word(letters: str) -> bool:
    return any(
        letters[start:end] in PHRASES_DICT
        for start in range(len(letters) - 1)
        for end in range(start + 2, min(len(letters), start + _LONGEST_WORD) + 1)
    )


#: Readings that people write for characters that have several, beside the one that the phrase has when it is read.
_USUAL = (
    dict(zip("着什么了得还都没谁", ["zhe", "shen", "me", "le", "de", "hai", "dou", "mei", "shei"], strict=True)),
    dict(zip("着什么谁", ["zhao", "shen", "me", "shui"], strict=True)),
)


@lru_cache(maxsize=REMEMBERED_FORMS)
def phrase_codes(letters: str, spoken: str, *, as_read: bool) -> tuple[str, ...]:
    """The codes of a phrase: by the first reading of each character, and (slowly) as the phrase is read."""
    found = {letters.translate(_sounds)}
    if "着" in letters:
        found.add("".join(_code("zhao") if char == "着" else char.translate(_sounds) for char in letters))
    read = _read(spoken) if as_read else ()
    if len(read) == len(spoken) == len(letters):
        found.add("".join(_code(_toneless(syllable)) for syllable in read))
        for usual in _USUAL:
            if not usual.keys().isdisjoint(spoken):
                syllables = (usual.get(char, syllable) for char, syllable in zip(spoken, read, strict=True))
                found.add("".join(_code(_toneless(syllable)) for syllable in syllables))
    return tuple(found)


@lru_cache(maxsize=16_384)
def parse(word: str) -> tuple[str, ...] | None:
    """A Latin word as pinyin syllables, or None if it is something else; long syllables first."""
    if len(word) > 60:
        return None
    known = _syllables()
    back: dict[int, list[str] | None] = {len(word): []}
    for start in range(len(word) - 1, -1, -1):
        back[start] = next(
            (
                [word[start : start + size], *rest]
                for size in range(6, 0, -1)
                if word[start : start + size] in known and (rest := back.get(start + size)) is not None
            ),
            None,
        )
    return None if back[0] is None else tuple(back[0])


class Units:
    """The sounds of a text: one code for each character and for each syllable of a Latin word."""

    def __init__(self, folded: Folded) -> None:
        self.codes = folded.letters.translate(_sounds)
        self._firsts: list[int] | None = None
        self._lasts: list[int] = []
        if _WORD.search(folded.letters):
            self._with_latin(folded)

    def letters(self, unit: int) -> tuple[int, int]:
        """First and last letter of a unit."""
        return (unit, unit) if self._firsts is None else (self._firsts[unit], self._lasts[unit])

    def _with_latin(self, folded: Folded) -> None:
        """Latin words as syllables; what lies between stays one unit a character."""
        letters = folded.letters
        codes: list[str] = []
        firsts: list[int] = []
        lasts: list[int] = []
        at = 0
        for start, end in _latin_words(folded):
            codes.append(self.codes[at:start])
            firsts.extend(range(at, start))
            lasts.extend(range(at, start))
            word = letters[start:end]
            for syllable in parse(word) or word:
                sound = _LETTERS_FOR.get(syllable, syllable) if len(word) == 1 else syllable
                codes.append(_code(sound) if sound in _syllables() else _OTHER)
                firsts.append(start)
                start += len(syllable)
                lasts.append(start - 1)
            at = end
            if _is_tone(folded, end):
                lasts[-1] = end
                at += 1
        codes.append(self.codes[at:])
        firsts.extend(range(at, len(letters)))
        lasts.extend(range(at, len(letters)))
        self.codes, self._firsts, self._lasts = "".join(codes), firsts, lasts


def _latin_words(folded: Folded) -> Iterator[tuple[int, int]]:
    """Runs of Latin letters, parted where something was dropped between."""
    places = folded.places
    for run in _WORD.finditer(folded.letters):
        start = run.start()
        for index in range(start + 1, run.end()):
            if places[index] - places[index - 1] > 1 and not _spelled_out(places, index, run):
                yield start, index
                start = index
        yield start, run.end()


def _spelled_out(places: list[int], index: int, run: re.Match[str]) -> bool:
    """Whether single letters stand on both sides of what was dropped: b u z h i d a o."""
    lone_before = index - 1 == run.start() or places[index - 1] - places[index - 2] == 2
    lone_behind = index + 1 == run.end() or places[index + 1] - places[index] == 2
    return lone_before and lone_behind and places[index] - places[index - 1] == 2


def _is_tone(folded: Folded, index: int) -> bool:
    """Whether a figure behind a syllable is its tone: bu4 zhi1 dao4."""
    return (
        index < len(folded.letters)
        and folded.letters[index] in "12345"
        and folded.places[index] - folded.places[index - 1] == 1
    )
