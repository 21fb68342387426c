"""Keeps the words of an article in step with what is in force; called inside the verb that changes it."""

from __future__ import annotations

from typing import Any

from django.db import connection

from service_desk.knowledge.articles.rules import SHOWN_STATES, ArticleState, Audience
from service_desk.knowledge.articles.text import plain
from service_desk.knowledge.articles.words import vector
from service_desk.knowledge.models import Article, ArticleWords

_KEEP = """
INSERT INTO knowledge_articlewords (article_id, title_words, words, for_customers, published_at)
VALUES (%s, %s::tsvector, %s::tsvector, %s, %s)
ON CONFLICT (article_id) DO UPDATE SET title_words = EXCLUDED.title_words, words = EXCLUDED.words,
    for_customers = EXCLUDED.for_customers, published_at = EXCLUDED.published_at
"""


def keep(article: Article) -> None:
    """Write the words of the version in force, or take them away where there is none."""
    version = article.published
    if version is None or article.state not in SHOWN_STATES:
        ArticleWords.objects.filter(article=article).delete()
        return
    head = (version.title, "A"), (" ".join(version.tags), "B")
    public = article.state == ArticleState.PUBLISHED and version.audience == Audience.CUSTOMERS
    row: list[Any] = [
        article.pk,
        vector(*head),
        vector(*head, (plain(version.body), "D")),
        public,
        article.published_at,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, row)
