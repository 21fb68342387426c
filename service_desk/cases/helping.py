"""Articles and cases side by side: what helped with a case, what may help, and where an article has helped (K6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.models import Case, CaseArticle, CaseEvent
from service_desk.cases.rules import EventType
from service_desk.knowledge.articles.beside import Use
from service_desk.knowledge.articles.search import suggest
from service_desk.knowledge.models import Article

#: So many of the cases that an article helped with are named on its page.
USES_SHOWN = 30


def articles_of(case: Case) -> list[CaseArticle]:
    """The articles beside the case, those it was solved with first."""
    links = CaseArticle.objects.filter(case=case).select_related("article__published", "linked_by")
    return list(links.order_by("-solved", "id"))


def offered_for(case: Case, links: Sequence[CaseArticle]) -> list[Article]:
    """Articles that fit the case and do not stand beside it yet."""
    said = f"{case.product_type.name} {case.fault}"
    found = suggest(said, product=case.product_type_id, line=case.service_line_id)
    known = {link.article_id for link in links}
    return [article for article in found if article.pk not in known]


def uses_of(user: Any, article_id: int) -> list[Use]:
    """The newest cases this person may know of that the article stands beside (P6)."""
    links = CaseArticle.objects.visible_to(user).filter(article=article_id).select_related("case")
    return [
        Use(
            name=link.case.number,
            url=link.case.get_absolute_url(),
            detail=link.case.subject,
            at=link.linked_at,
            solved=link.solved,
        )
        for link in links.order_by("-id")[:USES_SHOWN]
    ]


def article_words(event: CaseEvent) -> str:
    """What a line of the timeline about an article is called; empty for every other line."""
    name = event.data.get("name", "")
    if event.type == EventType.ARTICLE:
        words = _("Solved with the article: %(name)s") if event.data.get("solved") else _("Article linked: %(name)s")
        return words % {"name": name}
    return _("Article taken away: %(name)s") % {"name": name} if event.type == EventType.ARTICLE_GONE else ""
