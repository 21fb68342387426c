"""The demo company's articles and synonyms: written by those who know, reviewed by their supervisors (K6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from service_desk.cases.actions.articles import link_article
from service_desk.cases.models import Case
from service_desk.cases.rules import OPEN_STATES
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions import articles
from service_desk.knowledge.actions.articles import Words
from service_desk.knowledge.actions.articles_beside import change_synonyms, vote
from service_desk.knowledge.articles.rules import tags_of
from service_desk.knowledge.articles.search import suggest
from service_desk.knowledge.models import Article
from service_desk.people.models import ProductType, Staff

_TEXTS = Path(__file__).parent / "texts"
#: Who reviews, and who stands in where that is the author.
_REVIEWERS = ("lina", "huangmin")
_LINKED = 40
_READERS = ("chenjing", "liufang", "yangyang", "wuting", "xulei", "aygul", "fengbo", "penghao")
SYNONYMS = """# 通信
退服 = 断站 = 掉站 = 脱管
光缆 = 光纤 = 尾纤
停电 = 断电 = 市电中断
室分 = 室内分布
信号弱 = 没信号 = 信号差
# 物业
困人 = 关人
漏水 = 渗水 = 跑水
路灯 = 公共照明
下水 = 排水"""


@dataclass(frozen=True)
class Text:
    """An article as it stands in its file: a head of names and values, a blank line, Markdown."""

    author: str
    words: Words
    draft: bool


def texts() -> Iterator[Text]:
    """The articles in the order of their files."""
    ids = dict(ProductType.objects.values_list("name", "id"))
    for path in sorted(_TEXTS.glob("*.md")):
        head, _blank, body = path.read_text("utf-8").partition("\n\n")
        said = dict(line.split(":", 1) for line in head.splitlines())
        given = {name.strip(): value.strip() for name, value in said.items()}
        words = Words(
            title=given["title"],
            body=body,
            tags=tags_of(given["tags"]),
            audience=given["audience"],
            lines=given["lines"].split(),
            products=[ids[given["products"]]] if given["products"] in ids else [],
        )
        yield Text(given["author"], words, draft=path.stem.endswith("-draft"))


def build() -> None:
    """Write, review and publish them; one waits for its review, and people have said which were useful."""
    staff = Staff.objects.in_bulk(field_name="username")
    for number, text in enumerate(texts()):
        author = staff[text.author]
        made = articles.begin(actor=author, words=text.words)
        articles.submit(actor=author, article=made)
        if not text.draft:
            reviewer = staff[next(name for name in _REVIEWERS if name != text.author)]
            review_at = now() + timedelta(days=10 if number == 2 else 120 + 20 * number)
            articles.publish(actor=reviewer, article=made, review_at=review_at)
            _answers(made, staff, number)
    change_synonyms(actor=staff[_REVIEWERS[0]], text=SYNONYMS, note="热线与网管的不同叫法")


def _answers(article: Article, staff: dict[str, Staff], number: int) -> None:
    for place, name in enumerate(_READERS[: 3 + number % 5]):
        vote(article=article, actor=staff[name], useful=(place + number) % 4 != 0)


def put_beside_cases() -> None:
    """Those who held the first cases have found an article for them; what has ended was solved with it."""
    cases = Case.objects.filter(confidential=False, merged_into=None).select_related("handler")
    for case in cases.order_by("id")[:_LINKED]:
        found = suggest(case.fault, line=case.service_line_id)
        if found:
            solved = case.state not in OPEN_STATES
            link_article(case=case, actor=case.handler, article=found[0].pk, solved=solved)
