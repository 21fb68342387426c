"""A release as the check reads it: a numbered, immutable snapshot of entries, from and to plain JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import product
from typing import Any

_CHOICE = re.compile(r"\{([^{}]*)\}")
_STANDING_FOR = (("怎么", "咋"), ("什么", "啥"))  # words, as fold tables hold only characters
MOST_FORMS = 1000  # that one pattern may stand for
LONGEST_FORM = 80


class UnusableForm(ValueError):  # noqa: N818  (a form that cannot be matched)
    """A form is empty, too long, or stands for too many phrases; `args` say which and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase of the book as a release holds it; every field is described in docs/decisions/language-check.md."""

    code: str
    text: str
    kind: str = "banned"
    category: str = ""
    group: str = ""
    situation: str = ""
    severity: str = ""
    need: str = ""  # what must stand around a hit: see wording.NEEDS
    fuzzy: bool = True
    forms: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    still: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_near: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    must_hit: tuple[str, ...] = ()
    must_not_hit: tuple[str, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Entry:
        known = {f.name for f in fields(cls)}
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in known}
        return cls(**given)

    def plain(self) -> dict[str, Any]:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Release:
    """A numbered set of entries; the number goes with every answer."""

    number: int
    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, number: int, content: Iterable[Mapping[str, Any]]) -> Release:
        return cls(number, tuple(Entry.read(item) for item in content))

    def plain(self) -> list[dict[str, Any]]:
        return [entry.plain() for entry in self.entries]


def digest(content: Any) -> str:
    """SHA-256 of a snapshot, whatever the order of its keys."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def expand(pattern: str) -> list[str]:
    """The phrases that a form stands for: `{你|您}快点{儿|}` is four. Raises UnusableForm."""
    parts = _CHOICE.split(pattern)
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_FORMS:
        raise UnusableForm(pattern, f"stands for more than {MOST_FORMS} phrases")
    made = ["".join(words) for words in product(*choices)]
    for word, other in _STANDING_FOR:
        made += [phrase.replace(word, other) for phrase in made if word in phrase]
    for phrase in made:
        if "{" in phrase or "}" in phrase:
            raise UnusableForm(pattern, "braces do not match")
        if len(phrase) > LONGEST_FORM:
            raise UnusableForm(pattern, f"is longer than {LONGEST_FORM} characters")
    return list(dict.fromkeys(made))
