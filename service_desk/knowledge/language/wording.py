"""What an entry may hold, said field by field, and whether its examples come out as they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.folding import letters
from service_desk.knowledge.language.release import Entry, UnusableForm, expand
from service_desk.knowledge.rules import Category, Direction, PhraseKind, Weight

LISTS = tuple(f.name for f in fields(Entry) if str(f.type).startswith("tuple"))
NEEDS = ("", "person", "address", "answer", "demand", "question", "refusal")
MOST_IN_A_LIST, LONGEST_ITEM, LONGEST_TEXT = 60, 200, 80
_SET_BY_THE_BOOK = frozenset({"code", "kind", "text", "version"})
FIELDS = frozenset(f.name for f in fields(Entry)) - _SET_BY_THE_BOOK


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of an entry; `word` is the item concerned."""

    field: str
    code: str
    word: str = ""


def faults(kind: str, text: str, content: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything that keeps an entry from being kept at all; what an approval asks for is `unfinished`."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        yield Fault("text", "required" if not text.strip() else "max_length")
    for name, value in content.items():
        if name not in FIELDS:
            yield Fault(name, "unknown_field")
        elif name in LISTS:
            yield from _list_faults(name, value)
        elif name == "fuzzy":
            if not isinstance(value, bool):
                yield Fault(name, "invalid")
        elif not isinstance(value, str) or len(value) > LONGEST_ITEM:
            yield Fault(name, "invalid")
    if kind == PhraseKind.BANNED:
        yield from _banned_faults(text, content)


def _list_faults(name: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, list) or len(value) > MOST_IN_A_LIST:
        yield Fault(name, "invalid")
        return
    for item in value:
        if not isinstance(item, str) or not item.strip() or len(item) > LONGEST_ITEM:
            yield Fault(name, "invalid", item if isinstance(item, str) else "")


def _banned_faults(text: str, content: Mapping[str, Any]) -> Iterator[Fault]:
    if content.get("category") not in Category.values:
        yield Fault("category", "invalid_choice")
    if content.get("severity", "") not in ("", *Weight.values):
        yield Fault("severity", "invalid_choice")
    if content.get("need", "") not in NEEDS:
        yield Fault("need", "invalid_choice")
    phrases = [("text", text), *_items(content, "forms"), *_items(content, "allow")]
    for name, phrase in phrases:
        if not phrase.strip():
            continue  # said already
        try:
            made = expand(phrase)
        except UnusableForm:
            yield Fault(name, "unusable_form", phrase)
            continue
        if not all(map(letters, made)):
            yield Fault(name, "unusable_form", phrase)


def _items(content: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    value = content.get(name)
    return [(name, item) for item in value if isinstance(item, str)] if isinstance(value, list) else []


def unfinished(kind: str, content: Mapping[str, Any]) -> Iterator[Fault]:
    """What an entry still lacks for an approval: something to say instead, and examples both ways."""
    if kind != PhraseKind.BANNED:
        return
    if not 1 <= len(content.get("suggestions", [])) <= 3:
        yield Fault("suggestions", "one_to_three")
    for name in ("must_hit", "must_not_hit"):
        if not content.get(name):
            yield Fault(name, "required")


@dataclass(frozen=True, slots=True)
class FailedExample:
    """An example that a candidate release does not bear out."""

    entry: str
    text: str
    must_hit: bool


def failed_examples(compiled: Compiled) -> list[FailedExample]:
    """Run every example of a release against the whole of it, in both directions where nothing may be found."""
    return list(_failed(compiled))


def _failed(compiled: Compiled) -> Iterator[FailedExample]:
    for entry in compiled.entries:
        for text in entry.must_hit:
            if entry.code not in _found(compiled, text, [Direction.TO_CUSTOMER]):
                yield FailedExample(entry.code, text, must_hit=True)
        for text in entry.must_not_hit:
            if entry.code in _found(compiled, text, [Direction.TO_CUSTOMER, Direction.INTERNAL_NOTE]):
                yield FailedExample(entry.code, text, must_hit=False)


def _found(compiled: Compiled, text: str, directions: Iterable[str]) -> set[str]:
    return {f.entry for direction in directions for f in check(compiled, text, direction).findings}
