"""A release made ready for matching: automata over letters, over letters without repeats, and over sounds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick

from service_desk.knowledge.language.folding import fold, spoken
from service_desk.knowledge.language.release import Entry, Release, UnusableForm, expand
from service_desk.knowledge.language.sounds import REMEMBERED_FORMS, phrase_codes
from service_desk.knowledge.rules import PhraseKind

_RUN = re.compile(r"(.)\1+")
SHORTEST_BY_SOUND = 3
_NO_BREAKS: frozenset[int] = frozenset()  # one for all: an empty set takes more room than the phrase


@dataclass(frozen=True, slots=True)
class Form:
    """One phrase that an entry bans, in folded letters."""

    entry: int
    text: str
    letters: str
    breaks: frozenset[int]  # letters after which the phrase itself has punctuation
    is_written_out: bool  # and not one of many that a pattern stands for


@dataclass(frozen=True, slots=True)
class Words:
    """An entry's context words, ready to be asked."""

    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    near: re.Pattern[str] | None


class Automaton:
    """Finds keys in a text, overlapping ones too, and knows what each stands for."""

    def __init__(self, keyed: Iterable[tuple[str, int]]) -> None:
        values: dict[str, tuple[int, ...]] = {}
        for key, value in keyed:
            values[key] = (*values.get(key, ()), value)
        self._values = list(values.values())
        self._machine = AhoCorasick(list(values), store_patterns=False) if values else None

    def find(self, text: str) -> list[tuple[int, int, tuple[int, ...]]]:
        """Start, end and values of each key in the text."""
        if self._machine is None or not text:
            return []
        values = self._values
        return [
            (start, end, values[index])
            for index, start, end in self._machine.find_matches_as_indexes(text, overlapping=True)
        ]


def without_runs(letters: str) -> str:
    """Each run of equal letters as one."""
    return _RUN.sub(r"\1", letters)


def _pattern(words: tuple[str, ...], *, at: str) -> re.Pattern[str] | None:
    """Words as a pattern of literals; a word that begins with ^ or ends with $ must touch the hit."""
    made = []
    for word in words:
        touching = word.startswith("^") or word.endswith("$")
        literal = re.escape(word.strip("^$"))
        if not literal:
            continue
        made.append(f"{literal}$" if touching and at == "before" else f"^{literal}" if touching else literal)
    return re.compile("|".join(made)) if made else None


class Compiled:
    """What the check matches with; immutable once built, so that processes swap one reference."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.entries: tuple[Entry, ...] = tuple(e for e in release.entries if e.kind == PhraseKind.BANNED)
        self.forms: list[Form] = []
        for index, entry in enumerate(self.entries):
            self._add(index, entry)
        numbered = list(enumerate(self.forms))
        self.exact = Automaton((form.letters, number) for number, form in numbered)
        self.repeated = Automaton(
            (without_runs(form.letters), number) for number, form in numbered if len(form.letters) > 1
        )
        self.sounding = Automaton(
            (codes, number)
            for number, form in numbered
            if len(form.letters) >= SHORTEST_BY_SOUND and self.entries[form.entry].fuzzy
            for codes in phrase_codes(form.letters, spoken(form.text), as_read=form.is_written_out)
        )
        self.allowed = Automaton(
            (letters, index)
            for index, entry in enumerate(self.entries)
            for pattern in entry.allow
            for letters in {fold(phrase).letters for phrase in expand(pattern)}
            if letters
        )
        self.still = [frozenset(fold(word).letters for word in entry.still) for entry in self.entries]
        self.words = [
            Words(
                _pattern(entry.not_before, at="before"),
                _pattern(entry.not_after, at="after"),
                _pattern(entry.not_near, at="near"),
            )
            for entry in self.entries
        ]

    def _add(self, index: int, entry: Entry) -> None:
        seen: set[str] = set()
        for pattern in (entry.text, *entry.forms):
            for text, letters, breaks in _readings(pattern):
                if letters not in seen:
                    seen.add(letters)
                    self.forms.append(Form(index, text, letters, breaks, text == pattern))


@lru_cache(maxsize=REMEMBERED_FORMS)  # a new release says mostly what the one before said
def _readings(pattern: str) -> tuple[tuple[str, str, frozenset[int]], ...]:
    """Each phrase that a form stands for, its letters, and the letters behind which it has punctuation."""
    made = []
    for text in expand(pattern):
        folded = fold(text)
        if not folded.letters:
            raise UnusableForm(pattern, "holds no letter")
        letters = text if text == folded.letters else folded.letters  # one string where it is the same
        breaks = frozenset(n for n in range(len(letters) - 1) if folded.gap_size(n))
        made.append((text, letters, breaks or _NO_BREAKS))
    return tuple(made)
