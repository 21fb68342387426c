"""Looking for words in a million cases: which way PostgreSQL goes is decided here, by how many cases hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, F, Func, OuterRef, Q, Subquery, Value

from service_desk.cases.models import CaseWords

#: Words in more cases than this are common: the list is walked in its order and each case looked at, which soon
#: fills a page. Fewer cases are taken from the index of words all together, so that any filter, order and count
#: costs little. Between the two the planner would have to guess, and it guesses badly for phrases.
COMMON = 5_000


@dataclass(frozen=True, slots=True)
class Words:
    """The condition that a case holds every word; `common` says that counting what meets it would take long."""

    condition: Q
    common: bool


def holding(text: str) -> Words:
    """The cases that hold every word of `text`, in any of their texts (migration 0008 says which)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id FROM cases_casewords WHERE words @@ case_question(%s) LIMIT %s", [text, COMMON + 1]
        )
        found = [case_id for (case_id,) in cursor.fetchall()]
    if len(found) <= COMMON:
        return Words(Q(pk__in=found), common=False)
    return Words(Q(_each_looked_at(text)), common=True)


def _each_looked_at(text: str) -> Subquery:
    # The function under the operator @@: no index answers it, so that the order of the list is what is walked.
    test = Func(
        F("words"),
        Func(Value(text), function="case_question"),
        function="ts_match_vq",
        output_field=BooleanField(),
    )
    return Subquery(CaseWords.objects.filter(case=OuterRef("pk")).values_list(test), output_field=BooleanField())


def parts_of(text: str, asked: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words asked for; folded as the index folds."""
    folded, places = _folded(text)
    marked = [False] * len(text)
    for word in _folded(asked)[0].split():
        start = folded.find(word)
        while start >= 0:
            for place in places[start : start + len(word)]:
                marked[place] = True
            start = folded.find(word, start + len(word))
    pieces: list[tuple[str, bool]] = []
    for letter, mark in zip(text, marked, strict=True):
        if pieces and pieces[-1][1] == mark:
            pieces[-1] = (pieces[-1][0] + letter, mark)
        else:
            pieces.append((letter, mark))
    return pieces


def holds(text: str, asked: str) -> bool:
    """Whether every word stands in the text as it is written."""
    folded = _folded(text)[0]
    return all(word in folded for word in _folded(asked)[0].split())


def around(texts: Sequence[str], asked: str, length: int = 60) -> str:
    """Where the first of the words stands in one of the texts, with what is around it; empty if nowhere."""
    for word in _folded(asked)[0].split():
        for text in texts:
            folded, places = _folded(text)
            at = folded.find(word)
            if at >= 0:
                start = max(0, places[at] - length // 3)
                cut = " ".join(text[start : start + length].split())
                return f"{'…' if start else ''}{cut}{'…' if start + length < len(text) else ''}"
    return ""


def _folded(text: str) -> tuple[str, list[int]]:
    """Full-width and half-width, great and small alike; and of each character where it came from."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in unicodedata.normalize("NFKC", letter).lower():
            letters.append(one)
            places.append(place)
    return "".join(letters), places
