"""Looking for words in a million cases: which way PostgreSQL goes is decided here, by how many cases hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from django.db import connection
from django.db.models import BooleanField, F, Func, OuterRef, Q, Subquery, Value

from service_desk.cases.models import CaseWords
from service_desk.kept import among
from service_desk.knowledge.articles.current import widened

#: Words in more cases than this are common: the list is walked in its order and each case looked at, which soon
#: fills a page. Fewer cases are taken from the index of words all together, so that any filter, order and count
#: costs little. Between the two the planner would have to guess, and it guesses badly for phrases.
COMMON = 5_000
#: On a desk this large the commonest words are known by a sample, since even counting them in the index takes long:
#: of the newest cases, so that the first page fills, and of cases spread over all, so that the later ones do.
_LARGE, _NEWEST, _SPREAD = 50_000, 200, 300
_SHARE = 0.02
_LOOK = """
WITH newest AS (SELECT max(case_id) AS id FROM cases_casewords),
chosen AS (
    SELECT id - n AS id, true AS new FROM newest, generate_series(0, %(newest)s - 1) AS n WHERE id >= %(large)s
    UNION ALL
    SELECT id * n / (%(spread)s + 1), false FROM newest, generate_series(1, %(spread)s) AS n WHERE id >= %(large)s
),
held AS (
    SELECT count(*) FILTER (WHERE new) >= %(newest)s * %(share)s AND count(*) FILTER (WHERE NOT new) >= greatest(
        %(spread)s * %(share)s, %(common)s::float * %(spread)s / (SELECT id FROM newest)) AS surely
    FROM chosen JOIN cases_casewords w ON w.case_id = chosen.id AND ts_match_vq(w.words, {question})
)
SELECT 0::bigint FROM held WHERE surely
UNION ALL (
    SELECT case_id FROM cases_casewords
    WHERE words @@ {question} AND (SELECT surely IS NOT TRUE FROM held) LIMIT %(common)s + 1)
"""
#: What one wording asks; one of which nothing can be looked for leaves the others standing.
_ASKS = "coalesce(case_question(%s), ''::tsquery)"


@dataclass(frozen=True, slots=True)
class Words:
    """The condition that a case holds every word; `common` says that counting what meets it would take long."""

    condition: Q
    common: bool


def holding(text: str) -> Words:
    """The cases that hold every word of `text`, in any of their texts (migration 0008 says which).

    Words that the desk takes for the same are as good as those typed (K6): each wording is one more OR of the question.
    """
    wordings = widened(text)
    question = " || ".join(_ASKS % f"%(text{number})s" for number in range(len(wordings)))
    given: dict[str, str | float] = {
        "newest": _NEWEST,
        "spread": _SPREAD,
        "share": _SHARE,
        "large": _LARGE,
        "common": COMMON,
        **{f"text{number}": wording for number, wording in enumerate(wordings)},
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK.format(question=f"({question})"), given)
        found = [case_id for (case_id,) in cursor.fetchall()]
    if found[:1] == [0] or len(found) > COMMON:
        return Words(Q(_each_looked_at(wordings)), common=True)
    return Words(Q(among("pk", found)) if found else Q(pk__in=[]), common=False)


def _each_looked_at(wordings: Sequence[str]) -> Subquery:
    # The function under the operator @@: no index answers it, so that the order of the list is what is walked.
    asked = [Func(Value(wording), template=_ASKS % "%(expressions)s") for wording in wordings]
    whole = asked[0] if len(asked) == 1 else Func(*asked, template="(%(expressions)s)", arg_joiner=" || ")
    test = Func(F("words"), whole, function="ts_match_vq", output_field=BooleanField())
    return Subquery(CaseWords.objects.filter(case=OuterRef("pk")).values_list(test), output_field=BooleanField())


def parts_of(text: str, asked: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the words asked for; folded as the index folds."""
    if not asked or not text:
        return [(text, False)] if text else []
    folded, places = _folded(text)
    marked = [False] * len(text)
    for word in _folded(asked)[0].split():
        start = folded.find(word)
        while start >= 0:
            for place in places[start : start + len(word)]:
                marked[place] = True
            start = folded.find(word, start + len(word))
    runs = ((mark, len(list(run))) for mark, run in groupby(marked))
    pieces: list[tuple[str, bool]] = []
    start = 0
    for mark, length in runs:
        pieces.append((text[start : start + length], mark))
        start += length
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


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Full-width and half-width, great and small alike; and of each character where it came from."""
    letters = [_letter(each) for each in text]
    folded = "".join(letters)
    if len(folded) == len(text):  # one for one, as nearly always: no letter is folded to none
        return folded, range(len(text))
    return folded, [place for place, made in enumerate(letters) for _one in made]


@lru_cache(maxsize=16_384)
def _letter(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).lower()
