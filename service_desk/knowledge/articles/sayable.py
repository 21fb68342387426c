"""What an article says that must not be said: shown while it is a draft, decided when it is published (K3, K6)."""

from __future__ import annotations

from service_desk.knowledge.articles.rules import Audience
from service_desk.knowledge.articles.text import plain
from service_desk.knowledge.current import check_text
from service_desk.knowledge.language.check import Finding
from service_desk.knowledge.models import ArticleVersion
from service_desk.knowledge.rules import Direction, Weight

_MOST = 50


def said(version: ArticleVersion) -> str:
    """The words as they are read: title and text without marks, so that **no mark** hides a phrase."""
    return f"{version.title}\n{plain(version.body)}"


def found_in(version: ArticleVersion) -> list[Finding]:
    """The findings of a version, each phrase once; what its text blocks is what publishing would be refused for."""
    direction = Direction.TO_CUSTOMER if version.audience == Audience.CUSTOMERS else Direction.INTERNAL_NOTE
    answer = check_text(said(version), direction, newest=True)
    found = {(one.entry, one.phrase): one for one in answer.findings if one.severity != Weight.HINT}
    return list(found.values())[:_MOST]
