"""Telling people of articles: a review that waits, its outcome, and the review date of what is in force (K6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.knowledge.articles import index
from service_desk.knowledge.articles.rules import REMINDED_BEFORE, SHOWN_STATES, ArticleState
from service_desk.knowledge.models import Article, ArticleVersion
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.directory import Directory

_BATCH = 100


def tell(
    kind: str,
    article: Article,
    version: ArticleVersion,
    recipients: Iterable[int | None],
    *,
    by: Any = None,
    level: str = Level.INFO,
    when: str = "",
    **facts: Any,
) -> None:
    """A notice for each, once for this event; nobody at all is a gap that shows as one."""
    told = list(dict.fromkeys(recipients))
    key = f"article:{article.pk}:{version.number}:{kind}:{when or article.revision}"
    send_many(
        [
            NewNotice(
                dedup_key=f"{key}:{recipient}",
                chain=f"{key}:{recipient}",
                kind=kind,
                level=level,
                recipient_id=recipient,
                facts={"title": version.title, "by": str(by or ""), **facts},
                about=f"article:{article.pk}",
                link=article.get_absolute_url(),
            )
            for recipient in told
            if recipient is not None or len(told) == 1
        ]
    )


def sweep() -> int:
    """Remind owners of reviews that are coming, and hide from customers what is overdue; how many were told of."""
    done = 0
    while batch := _sweep_some():
        done += batch
    return done


def _sweep_some() -> int:
    with transaction.atomic():
        moment = now()
        due = Q(state=ArticleState.PUBLISHED, review_at__lte=moment) | Q(
            state__in=SHOWN_STATES, reminded_at=None, review_at__lte=moment + REMINDED_BEFORE
        )
        found = list(
            Article.objects.filter(due)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("published")
            .order_by("review_at")[:_BATCH]
        )
        if not found:
            return 0
        directory = Directory.load()
        for article in found:
            overdue = article.review_at is not None and article.review_at <= moment
            _tell_of_review(article, directory, overdue=overdue)
            article.reminded_at = article.reminded_at or moment
            if overdue and article.state == ArticleState.PUBLISHED:
                article.state, article.expired_at = ArticleState.EXPIRED, moment
                article.revision += 1
                index.keep(article)
                record(verb="article.expire", thing=f"article:{article.pk}", actor=None, door="worker")
            article.save()
        return len(found)


def _tell_of_review(article: Article, directory: Directory, *, overdue: bool) -> None:
    """Before the date the owner; after it the owner and the one above, who must not learn of it from a customer."""
    version, review_at = article.published, article.review_at
    if version is None or review_at is None:
        return
    owner, above = directory.present(article.owner_id), directory.superior(article.owner_id)
    told = [owner, directory.present(above)] if overdue else [owner or directory.present(above)]
    due = review_at.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d")
    tell(
        "article_expired" if overdue else "article_review_due",
        article,
        version,
        [each for each in told if each is not None] or [None],
        level=Level.WARNING,
        when=review_at.isoformat(),
        due=due,
    )


def is_soon(article: Article, moment: Any) -> bool:
    """Whether a page says that the review is near."""
    return bool(article.review_at and article.review_at - moment < max(REMINDED_BEFORE, timedelta(days=1)))
