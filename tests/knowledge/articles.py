"""Articles as the tests of the knowledge room need them: written, reviewed and published by the product's own verbs."""

from __future__ import annotations

from typing import Any

from service_desk.knowledge.actions import articles
from service_desk.knowledge.actions.articles import Words
from service_desk.knowledge.articles.rules import Audience
from service_desk.knowledge.models import Article
from service_desk.people.models import Staff

BODY = "先查传输是否中断，再查电源。\n\n1. 登录网管\n2. 查看告警\n\n如仍未恢复，联系产品中心。"


def words(title: str = "基站断站怎么处理", body: str = BODY, **more: Any) -> Words:
    """What somebody writes."""
    return Words(title=title, body=body, **more)


def written(author: Staff, title: str = "基站断站怎么处理", body: str = BODY, **more: Any) -> Article:
    """A draft."""
    return articles.begin(actor=author, words=words(title, body, **more))


def published(author: Staff, editor: Staff, title: str = "基站断站怎么处理", body: str = BODY, **more: Any) -> Article:
    """An article in force, for staff unless said otherwise."""
    made = written(author, title, body, **more)
    articles.submit(actor=author, article=made)
    return articles.publish(actor=editor, article=made)


def for_customers(author: Staff, editor: Staff, title: str, body: str = BODY, **more: Any) -> Article:
    """An article that customers read."""
    return published(author, editor, title, body, audience=Audience.CUSTOMERS, **more)
