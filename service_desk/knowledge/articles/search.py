"""Finding articles by words inside a sentence: title over text, what helped others and what is fresh before the rest.

PostgreSQL answers from its indexes (`knowledge_article_hits`); of what it finds, the newest few hundred are weighed.
That bounds the cost of a word that stands everywhere, where the order says little anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from service_desk.knowledge.articles.current import widened
from service_desk.knowledge.articles.text import plain
from service_desk.knowledge.articles.words import LONGEST_QUESTION, Question, marked, question, snippet
from service_desk.knowledge.models import Article
from service_desk.rest.clean import is_clean

#: So many are weighed of those that hold the words in the title, and of those that hold them in the text.
WEIGHED = 200
#: And so many of them by their texts, which lie compressed elsewhere: a few more than are shown.
RANKED = 120
#: Of one service line, so many of all lines are looked at first, the newest; all of them where its own are too few.
_LOOKED_AT = 2_000
#: So many are shown in all, in pages of this size.
MOST, PAGE_SIZE = 100, 20
SUGGESTED = 5
#: From so few results on, what holds only some of the words is shown too.
_FEW = 3

#: Of the candidates the best by title, age and use; only their texts are weighed.
#: A title that holds the words outweighs any text: texts are asked only where `enough` titles or fewer hold them.
_SEARCH = """
WITH hit AS MATERIALIZED (
    SELECT article_id, published_at, max(in_title::int) AS title
    FROM knowledge_article_hits(%(asked)s::tsquery, %(public)s, %(line)s, false, %(looked)s, %(weighed)s, %(enough)s)
    GROUP BY 1, 2
), best AS MATERIALIZED (
    SELECT h.article_id, h.title
        + 0.2::float8 * power(0.5::float8, greatest(0, extract(epoch FROM now() - h.published_at)::float8) / 31536000)
        + 0.3::float8 * (a.useful + 1) / (a.useful + a.not_useful + 2)
        - CASE WHEN a.state = 'expired' THEN 0.3 ELSE 0 END AS score
    FROM hit h JOIN knowledge_article a ON a.id = h.article_id
    WHERE NOT %(public)s OR a.review_at > now()
    ORDER BY score DESC, h.article_id DESC LIMIT %(ranked)s
)
SELECT b.article_id, b.score + ts_rank('{0.05, 0.2, 0.5, 1.0}', w.words, %(asked)s::tsquery, 32) AS score
FROM best b JOIN knowledge_articlewords w USING (article_id)
ORDER BY score DESC, b.article_id DESC LIMIT %(most)s + 1
"""
_SUGGEST = """
WITH hit AS MATERIALIZED (
    SELECT article_id
    FROM knowledge_article_hits(%(asked)s::tsquery, %(public)s, %(line)s, true, %(looked)s, %(weighed)s, 0)
)
SELECT h.article_id, ts_rank('{0.05, 0.2, 0.5, 1.0}', w.title_words, %(any)s::tsquery)
    + CASE WHEN EXISTS (SELECT FROM knowledge_article_products p
        WHERE p.article_id = h.article_id AND p.producttype_id = %(product)s) THEN 0.5 ELSE 0 END
    + 0.1::float8 * (a.useful + 1) / (a.useful + a.not_useful + 2)
    - CASE WHEN a.state = 'expired' THEN 0.1 ELSE 0 END AS score
FROM hit h JOIN knowledge_articlewords w USING (article_id) JOIN knowledge_article a ON a.id = h.article_id
WHERE NOT %(public)s OR a.review_at > now()
ORDER BY score DESC, h.article_id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that was found: its title and the telling part of its text, in pieces that are marked or not."""

    article: Article
    title: list[tuple[str, bool]]
    snippet: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found. `total` stops at `MOST`, and `more`: there are others, of which these tell the most.

    `relaxed`: too few hold every word, others hold some.
    """

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    relaxed: bool = False
    number: int = 1
    more: bool = False

    @property
    def has_next(self) -> bool:
        """Whether a further page has something."""
        return self.number * PAGE_SIZE < self.total


def search(text: str, *, public: bool = False, line: str = "", number: int = 1, size: int = PAGE_SIZE) -> Found:
    """The articles in force that hold the words, the most telling first; `public`: only what customers may read."""
    text = text.strip()[:LONGEST_QUESTION]
    asked = question(widened(text)) if text and is_clean(text) else Question("", "", "", "", ())
    if not asked.all:
        return Found()
    given = {"public": public, "line": line, "weighed": WEIGHED, "looked": _LOOKED_AT, "most": MOST, "ranked": RANKED}
    order = _ids(_SEARCH, {**given, "asked": asked.all, "enough": MOST})
    relaxed = False
    if len(order) < _FEW and asked.some:
        others = _ids(_SEARCH, {**given, "asked": asked.some, "enough": PAGE_SIZE})
        whole = len(order)
        order = list(dict.fromkeys([*order, *others]))
        relaxed = len(order) > whole
    more, order = len(order) > MOST, order[:MOST]
    number = max(1, min(number, -(-len(order) // size) or 1))
    return Found(_hits(order[(number - 1) * size : number * size], asked), len(order), relaxed, number, more)


def suggest(
    text: str, *, product: int | None = None, line: str = "", public: bool = False, most: int = SUGGESTED
) -> list[Article]:
    """The few articles whose titles and tags fit what somebody is writing about; two words in common at least."""
    asked = question(widened(text.strip()[:LONGEST_QUESTION])) if is_clean(text) else Question("", "", "", "", ())
    wanted = asked.most or asked.all
    if not wanted:
        return []
    given = {"public": public, "line": line, "weighed": WEIGHED, "looked": _LOOKED_AT, "most": most}
    given |= {"asked": wanted, "any": asked.any, "product": product}
    order = _ids(_SUGGEST, given)
    if len(order) < most and asked.any != wanted:  # a title that says it in one word
        given["asked"] = asked.any
        order += [pk for pk in _ids(_SUGGEST, given) if pk not in order]
    return _articles(order[:most])


def _ids(statement: str, given: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [row[0] for row in cursor.fetchall()]


def _articles(order: Sequence[int]) -> list[Article]:
    found = Article.objects.whole().in_bulk(list(order)) if order else {}
    return [found[pk] for pk in order if pk in found]


def _hits(order: Sequence[int], asked: Question) -> list[Hit]:
    hits = []
    for article in _articles(order):
        version = article.published
        if version is not None:
            told = snippet(plain(version.body), asked.marks)
            hits.append(Hit(article, marked(version.title, asked.marks), marked(told, asked.marks)))
    return hits
