"""The life of an article: written by one, published by another, in force until somebody must look again (K6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError, NotSupportedError

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.knowledge import shipped
from service_desk.knowledge.actions import articles
from service_desk.knowledge.actions.articles import Words
from service_desk.knowledge.actions.articles_telling import sweep
from service_desk.knowledge.articles.rules import ArticleState, Audience, VersionState
from service_desk.knowledge.articles.sayable import found_in
from service_desk.knowledge.articles.search import search
from service_desk.knowledge.models import Article, ArticleVersion, LanguageFinding
from service_desk.knowledge.places import seen_by
from service_desk.knowledge.rules import Weight
from service_desk.notices.models import Notice
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from tests.factories import World, staff, world
from tests.knowledge.articles import BODY, for_customers, published, words, written


@pytest.fixture
def desk(db: None) -> World:
    return world()


def test_K6_an_article_is_written_reviewed_and_published_by_another(desk: World) -> None:
    article = written(desk.agent, tags=["断站", "断站", " 基站 "], lines=["telecom"], products=[desk.product.pk])
    assert (article.state, article.versions.get().state) == (ArticleState.NEW, VersionState.DRAFT)
    articles.submit(actor=desk.agent, article=article)
    assert list(Notice.objects.filter(kind="article_submitted").values_list("recipient", flat=True)) == [desk.chief.pk]
    done = articles.publish(actor=desk.chief, article=article)
    version = article.versions.get()
    assert (done.state, done.published, version.state, version.reviewer) == (
        ArticleState.PUBLISHED,
        version,
        VersionState.PUBLISHED,
        desk.chief,
    )
    assert version.tags == ["断站", "基站"]
    assert (list(done.lines.all()), list(done.products.all())) == ([desk.line], [desk.product])
    assert Notice.objects.get(kind="article_published").recipient == desk.agent
    verbs = AuditEntry.objects.filter(thing=f"article:{article.pk}").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["article.draft", "article.submit", "article.publish"]


def test_K6_nobody_publishes_what_they_have_written(desk: World) -> None:
    article = written(desk.chief)
    articles.submit(actor=desk.chief, article=article)
    with pytest.raises(NotAllowed):
        articles.publish(actor=desk.chief, article=article)
    with pytest.raises(NotAllowed):
        articles.send_back(actor=desk.chief, article=article, answer="嗯")
    with pytest.raises(NotAllowed):  # no editor
        articles.publish(actor=desk.agent, article=article)
    version = article.versions.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(
            state=VersionState.PUBLISHED, reviewer=desk.chief, decided_at=now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ArticleVersion.objects.filter(pk=version.pk).update(state=VersionState.PUBLISHED)


@pytest.mark.parametrize("state", [VersionState.IN_REVIEW, VersionState.PUBLISHED, VersionState.REPLACED])
def test_K6_a_version_is_written_once(desk: World, state: str) -> None:
    article = written(desk.agent)
    articles.submit(actor=desk.agent, article=article)
    if state != VersionState.IN_REVIEW:
        articles.publish(actor=desk.chief, article=article)
    if state == VersionState.REPLACED:
        articles.write(actor=desk.agent, article=article, words=words(body="新的做法"))
        articles.submit(actor=desk.agent, article=article)
        articles.publish(actor=desk.chief, article=article)
    version = article.versions.get(number=1)
    assert version.state == state
    for change in ({"body": "改了"}, {"title": "改了"}, {"tags": ["x"]}, {"audience": "customers"}, {"number": 9}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ArticleVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises((InternalError, NotSupportedError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM knowledge_articleversion")


def test_K6_a_new_version_takes_the_place_of_the_old_one_when_it_is_published(desk: World) -> None:
    article = published(desk.agent, desk.chief)
    articles.write(actor=desk.colleague, article=article, words=words(body="改用新版网管"))
    assert [getattr(hit.article.published, "number", 0) for hit in search("断站").hits] == [1]
    articles.submit(actor=desk.colleague, article=article)
    done = articles.publish(actor=desk.chief, article=article)
    assert [v.state for v in article.versions.order_by("number")] == [VersionState.REPLACED, VersionState.PUBLISHED]
    assert done.published is not None
    assert done.published.number == 2
    assert search("登录网管").total == 0
    assert search("新版网管").total == 1


def test_K6_a_draft_is_its_authors(desk: World) -> None:
    article = written(desk.agent)
    with pytest.raises(NotAllowed):
        articles.write(actor=desk.colleague, article=article, words=words(body="插手"))
    with pytest.raises(NotAllowed):
        articles.submit(actor=desk.colleague, article=article)
    with pytest.raises(NotAllowed):
        articles.discard(actor=desk.colleague, article=article)
    articles.discard(actor=desk.chief, article=article)
    articles.write(actor=desk.colleague, article=article, words=words(body="重写"))
    assert [v.state for v in article.versions.order_by("number")] == [VersionState.DISCARDED, VersionState.DRAFT]


def test_K6_what_is_sent_back_is_mended_and_sent_again(desk: World) -> None:
    article = written(desk.agent)
    articles.submit(actor=desk.agent, article=article)
    with pytest.raises(Conflict):
        articles.write(actor=desk.agent, article=article, words=words(body="等不及了"))
    with pytest.raises(Invalid):
        articles.send_back(actor=desk.chief, article=article, answer=" ")
    articles.send_back(actor=desk.chief, article=article, answer="请补充告警代码")
    notice = Notice.objects.get(kind="article_sent_back")
    assert (notice.recipient, notice.facts["answer"]) == (desk.agent, "请补充告警代码")
    articles.write(actor=desk.agent, article=article, words=words(body="告警代码 25622"))
    articles.submit(actor=desk.agent, article=article)
    articles.publish(actor=desk.chief, article=article)
    assert search("25622").total == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " \n "}, "title"),
        ({"title": "长" * 121}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"body": "\t"}, "body"),
        ({"body": "长" * 60_001}, "body"),
        ({"body": "x" * 1_000_000}, "body"),
        ({"body": "a\ud800"}, "body"),
        ({"tags": ["x" * 31]}, "tags"),
        ({"tags": [str(n) for n in range(13)]}, "tags"),
        ({"audience": "everybody"}, "audience"),
        ({"lines": ["nowhere"]}, "lines"),
        ({"products": [999_999]}, "products"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_K6_bad_words_are_refused_by_field(desk: World, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        articles.begin(actor=desk.agent, words=Words(**{"title": "标题", "body": BODY, **change}))
    assert [error.field.split("/")[0] for error in refused.value.errors] == [field]
    assert not Article.objects.exists()


def test_K6_two_people_do_not_overwrite_each_other(desk: World) -> None:
    article = written(desk.agent)
    articles.write(actor=desk.agent, article=article, words=words(body="第一次"), revision=1)
    with pytest.raises(Stale):
        articles.write(actor=desk.agent, article=article, words=words(body="第二次"), revision=1)


def test_K3_an_article_for_customers_holds_no_banned_words(desk: World) -> None:
    shipped.load()
    shipped.approve_shipped_drafts(actor=desk.inspector)
    rude = "您好，我就这态度！"
    inside = written(desk.agent, "给同事看的", rude)
    outside = written(desk.agent, "给客户看的", rude, audience=Audience.CUSTOMERS)
    for article in (inside, outside):
        articles.submit(actor=desk.agent, article=article)
    assert [one.severity for one in found_in(inside.versions.get())] == [Weight.WARN]
    assert [one.severity for one in found_in(outside.versions.get())] == [Weight.BLOCK]
    assert not LanguageFinding.objects.exists()  # of a draft nothing is kept
    articles.publish(actor=desk.chief, article=inside)
    thing = LanguageFinding.objects.get().thing
    assert seen_by(desk.inspector, [thing])[thing].url == inside.get_absolute_url()
    with pytest.raises(Refusal) as refused:
        articles.publish(actor=desk.chief, article=outside)
    assert refused.value.field == "body"
    outside.refresh_from_db()
    assert outside.state == ArticleState.NEW
    articles.publish(actor=desk.chief, article=outside, override="引用错误示例")
    assert Article.objects.for_customers().get() == outside


def test_K6_the_owner_is_reminded_then_the_chief_is_told_and_customers_do_not_see_it(desk: World) -> None:
    article = for_customers(desk.agent, desk.chief, "宽带报修流程")
    assert sweep() == 0
    _review_at(article, now() + timedelta(days=10))
    assert sweep() == 1
    assert sweep() == 0
    notice = Notice.objects.get(kind="article_review_due")
    assert (notice.recipient, notice.facts["title"]) == (desk.agent, "宽带报修流程")
    assert search("宽带", public=True).total == 1
    _review_at(article, now() - timedelta(minutes=1))
    assert (sweep(), sweep()) == (1, 0)
    told = Notice.objects.filter(kind="article_expired").values_list("recipient", flat=True)
    assert set(told) == {desk.agent.pk, desk.chief.pk}
    article.refresh_from_db()
    assert article.state == ArticleState.EXPIRED
    assert (search("宽带", public=True).total, search("宽带").total) == (0, 1)
    assert not Article.objects.for_customers().exists()
    with pytest.raises(NotAllowed):
        articles.confirm(actor=desk.agent, article=article)
    articles.confirm(actor=desk.chief, article=article, review_at=now() + timedelta(days=90))
    assert search("宽带", public=True).total == 1
    assert sweep() == 0


def test_K6_an_owner_who_has_left_silences_nothing(desk: World) -> None:
    article = published(desk.agent, desk.manager)
    type(desk.agent).objects.filter(pk=desk.agent.pk).update(is_active=False)
    _review_at(article, now() - timedelta(days=1))
    assert sweep() == 1
    assert list(Notice.objects.filter(kind="article_expired").values_list("recipient", flat=True)) == [desk.chief.pk]


def test_K6_the_review_date_lies_ahead_and_not_for_ever(desk: World) -> None:
    article = written(desk.agent)
    articles.submit(actor=desk.agent, article=article)
    for wrong in (now() - timedelta(days=1), now() + timedelta(days=4 * 365)):
        with pytest.raises(Invalid) as refused:
            articles.publish(actor=desk.chief, article=article, review_at=wrong)
        assert refused.value.errors[0].field == "review_at"


def test_K6_a_retired_article_is_not_found_and_comes_back_with_a_new_version(desk: World) -> None:
    article = published(desk.agent, desk.chief)
    with pytest.raises(NotAllowed):
        articles.retire(actor=desk.agent, article=article, reason="旧了")
    articles.retire(actor=desk.chief, article=article, reason="设备已退网")
    assert search("断站").total == 0
    with pytest.raises(Refusal):
        articles.retire(actor=desk.chief, article=article, reason="再来")
    articles.write(actor=desk.agent, article=article, words=words())
    articles.submit(actor=desk.agent, article=article)
    done = articles.publish(actor=desk.chief, article=article)
    assert (done.state, done.retired_at, search("断站").total) == (ArticleState.PUBLISHED, None, 1)


def test_K6_who_has_no_role_of_the_desk_sees_what_customers_see(desk: World) -> None:
    inside = published(desk.agent, desk.chief)
    outside = for_customers(desk.agent, desk.chief, "宽带报修流程")
    nobody = staff("nobody", Role.FRONT_DESK)
    nobody.roles = []
    nobody.save()
    assert set(Article.objects.visible_to(desk.agent)) == {inside, outside}
    assert set(Article.objects.visible_to(nobody)) == {outside}
    assert outside.published is not None
    assert outside.published.audience == Audience.CUSTOMERS


def _review_at(article: Article, moment: Any) -> None:
    Article.objects.filter(pk=article.pk).update(review_at=moment)
