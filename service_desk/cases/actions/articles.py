"""Putting an article beside a case, saying that it solved it, taking it away again (K6)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.beside import audit, beside
from service_desk.cases.models import Case, CaseArticle
from service_desk.cases.rules import EventType
from service_desk.knowledge.models import Article
from service_desk.rest.errors import Conflict, Invalid

MOST = 20


def link_article(*, case: Case, actor: Any, article: int, solved: bool = False) -> CaseArticle:
    """Put an article beside the case, or say of one that is there whether the case was solved with it."""
    with beside(case=case, actor=actor, verb="article") as change:
        found = Article.objects.shown().select_related("published").filter(pk=article).first()
        if found is None or found.published is None:
            raise Invalid(_("There is no such article in force."), field="article", code="does_not_exist")
        link = CaseArticle.objects.filter(case=change.case, article=found).first()
        if link is not None and link.solved == solved:
            return link
        if link is None:
            if CaseArticle.objects.filter(case=change.case).count() >= MOST:
                raise Conflict(_("At most %(most)s articles stand beside a case.") % {"most": MOST}, code="too_many")
            link = CaseArticle.objects.create(case=change.case, article=found, solved=solved, linked_by=actor)
        else:
            link.solved = solved
            link.save(update_fields=["solved"])
        title = found.published.title
        change.say(EventType.ARTICLE, article=found.pk, name=title, solved=solved)
        audit(change, "article", article=found.pk, solved=solved)
    return link


def unlink_article(*, case: Case, actor: Any, article: int) -> None:
    """Take an article away from the case; the timeline keeps that it stood there."""
    with beside(case=case, actor=actor, verb="article") as change:
        links = CaseArticle.objects.filter(case=change.case, article=article)
        link = links.select_related("article__published").first()
        if link is None:
            raise Invalid(_("The article does not stand beside this case."), field="article", code="does_not_exist")
        link.delete()
        change.say(EventType.ARTICLE_GONE, article=article, name=str(link.article))
        audit(change, "article_gone", article=article)
