"""What an article is about belongs to its version: seen when somebody else has published it, never before (K6)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from service_desk.knowledge.actions import articles
from service_desk.knowledge.articles.search import search, suggest
from service_desk.knowledge.models import Article, ArticleLine, ArticleProduct, ArticleVersion
from service_desk.people.models import ProductType
from tests.cases.callers import session
from tests.factories import World, world
from tests.knowledge.articles import published, words, written


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture
def other(desk: World) -> ProductType:
    made: ProductType = ProductType.objects.create(name="客梯", service_line=desk.line)
    return made


def test_K6_what_a_draft_is_about_is_not_seen_before_it_is_published(desk: World, other: ProductType) -> None:
    article = published(desk.agent, desk.chief, "断站排查要点", lines=["telecom"], products=[desk.product.pk])
    rival = published(desk.agent, desk.chief, "断站排查要点", products=[other.pk])
    edited = words("断站排查要点", lines=[], products=[other.pk])
    articles.write(actor=desk.agent, article=article, words=edited)
    articles.submit(actor=desk.agent, article=article)

    def seen() -> tuple[Any, ...]:
        page = Client()
        page.force_login(desk.agent)
        rest = session(desk.agent).get(f"/api/v1/articles/{article.pk}/").json()
        return (
            list(Article.objects.get(pk=article.pk).lines.values_list("pk", flat=True)),
            list(Article.objects.get(pk=article.pk).products.values_list("pk", flat=True)),
            [each.pk for each in Article.objects.about("telecom")],
            search("断站", line="property").total,
            suggest("断站", product=desk.product.pk)[0].pk,
            (rest["lines"], rest["products"]),
            page.get(f"/knowledge/articles/{article.pk}/").content.decode().count("客梯"),
        )

    assert seen() == (
        ["telecom"], [desk.product.pk], [article.pk], 1, article.pk, (["telecom"], [desk.product.pk]), 0
    )  # fmt: skip
    draft = session(desk.agent).get(f"/api/v1/articles/{article.pk}/").json()["open_version"]
    assert (draft["lines"], draft["products"]) == ([], [other.pk])
    articles.publish(actor=desk.chief, article=article)
    assert seen() == ([], [other.pk], [], 2, rival.pk, ([], [other.pk]), 1)


def test_K6_no_door_changes_what_an_article_in_force_is_about(desk: World, other: ProductType) -> None:
    article = published(desk.agent, desk.chief, lines=["telecom"], products=[desk.product.pk])
    version = article.versions.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(lines=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(reviewer=desk.inspector)
    with pytest.raises(IntegrityError), transaction.atomic():
        Article.objects.get(pk=article.pk).products.add(other)
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleProduct.objects.filter(article=article).update(producttype=other)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM knowledge_article_lines")
    draft = written(desk.colleague)
    for wrong in (draft.versions.get(), version):  # one that nobody has published; one of another article
        with pytest.raises(IntegrityError), transaction.atomic():
            Article.objects.filter(pk=draft.pk).update(published=wrong)
    assert ArticleLine.objects.get(article=article).serviceline == desk.line


def test_K6_the_difference_and_the_way_back_hold_what_a_version_is_about(desk: World, other: ProductType) -> None:
    article = published(desk.agent, desk.chief, lines=["telecom"], products=[desk.product.pk], tags=["断站"])
    edited = words(tags=["退服"], products=[desk.product.pk, other.pk], audience="customers")
    articles.write(actor=desk.agent, article=article, words=edited)
    client = session(desk.agent)
    rows = client.get(f"/api/v1/articles/{article.pk}/versions/2/diff/").json()
    heads = {row["field"]: [row["before"], row["after"]] for row in rows if row["field"] != "body"}
    assert list(heads) == ["tags", "audience", "lines", "products"]
    assert heads["tags"] == [[{"text": "断站", "marked": True}], [{"text": "退服", "marked": True}]]
    assert heads["lines"] == [[{"text": "通信", "marked": True}], [{"text": "every line", "marked": True}]]
    page = client.get(f"/knowledge/articles/{article.pk}/versions/2/").content.decode()
    assert "<del>通信</del> → <ins>every line</ins>" in page
    articles.submit(actor=desk.agent, article=article)
    articles.publish(actor=desk.chief, article=article)
    back = client.get(f"/knowledge/articles/{article.pk}/edit/?from=1").context["form"].initial
    assert (back["lines"], back["products"], back["tags"]) == (["telecom"], [desk.product.pk], "断站")
    for nonsense in ("9", "-1", "x", "9" * 30, "\x00"):
        assert client.get(f"/knowledge/articles/{article.pk}/edit/", {"from": nonsense}).status_code == 200


def test_K6_a_review_date_hides_from_customers_though_no_worker_runs(desk: World) -> None:
    article = published(desk.agent, desk.chief, "停水怎么办", audience="customers")
    assert (Client().get(f"/help/{article.pk}/").status_code, search("停水", public=True).total) == (200, 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE knowledge_article SET review_at = now() WHERE id = %s", [article.pk])
    assert (Client().get(f"/help/{article.pk}/").status_code, search("停水", public=True).total) == (404, 0)
    assert search("停水").total == 1  # the desk still finds it
