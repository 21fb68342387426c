"""Who may read, write, review and retire articles, and keep the synonyms: rules that `people.access.can` asks (K6)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.knowledge.models import Article, ArticleVersion
from service_desk.people.access import Decision, rule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role

_EDITORS = (Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR)


@rule("article.view", "article.vote", "synonyms.view")
def may_read(user: Any, _thing: Any) -> bool:
    """Everybody of the desk reads articles and says whether they help."""
    return bool(user.has_role(*READING_ROLES))


@rule("article.draft")
def may_draft(user: Any, version: ArticleVersion | None) -> Decision | bool:
    """Whoever works with customers writes; an open draft is changed by its author alone."""
    if not user.has_role(*DESK_ROLES, *LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR):
        return False
    if version is not None and version.author_id != user.pk:
        return Decision(False, _("%(name)s is writing this draft.") % {"name": version.author})
    return True


@rule("article.discard")
def may_discard(user: Any, version: ArticleVersion | None) -> bool:
    """The author throws a draft away, or an editor when the author has gone."""
    return bool(user.has_role(*_EDITORS)) or (version is not None and version.author_id == user.pk)


@rule("article.review")
def may_review(user: Any, version: ArticleVersion | None) -> Decision | bool:
    """An editor, and never the author."""
    if not user.has_role(*_EDITORS):
        return False
    if version is not None and version.author_id == user.pk:
        return Decision(False, _("Somebody else reviews what you have written."))
    return True


@rule("article.confirm")
def may_confirm(user: Any, article: Article | None) -> Decision | bool:
    """That an article is still right is said by an editor who has not written it."""
    return may_review(user, article.published if article is not None else None)


@rule("article.retire", "synonyms.change")
def may_edit(user: Any, _thing: Any) -> bool:
    """Editors."""
    return bool(user.has_role(*_EDITORS))
