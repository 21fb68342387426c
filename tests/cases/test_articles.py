"""Articles beside cases, both ways, and one search over both; synonyms widen either (K6, P6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from service_desk.cases import words as case_words
from service_desk.cases.actions.articles import link_article, unlink_article
from service_desk.cases.helping import uses_of
from service_desk.cases.models import Case, CaseArticle, CaseEvent
from service_desk.knowledge.actions import articles
from service_desk.knowledge.actions.articles_beside import change_synonyms
from service_desk.knowledge.articles.current import look_again
from service_desk.rest.errors import Invalid, NotAllowed, NotFound
from tests.cases.pages import HTMX, browser, text_of
from tests.factories import World, world
from tests.knowledge.articles import published, written


@pytest.fixture
def desk(db: None) -> Iterator[World]:
    look_again()
    yield world()
    look_again()


def test_K6_an_article_stands_beside_a_case_and_the_case_on_its_page(desk: World) -> None:
    article, case = published(desk.agent, desk.chief), desk.register()
    place = f"/cases/{case.number}/articles/"
    client = browser(desk.agent)
    offered = text_of(client.get(place, headers=HTMX))
    assert "基站断站怎么处理" in offered
    assert "Put it beside the case" in offered
    assert client.post(place, {"deed": "link", "article": article.pk}).status_code == 302
    assert client.post(place, {"deed": "solved", "article": article.pk}).status_code == 302
    link = CaseArticle.objects.get()
    assert (link.solved, link.linked_by) == (True, desk.agent)
    page = text_of(client.get(f"/cases/{case.number}/"))
    assert "Solved with the article: 基站断站怎么处理" in page
    read = text_of(browser(desk.colleague).get(f"/knowledge/articles/{article.pk}/"))
    assert case.number in read
    assert "solved with it" in read
    client.post(place, {"deed": "unlink", "article": article.pk})
    assert not CaseArticle.objects.exists()
    titles = list(CaseEvent.objects.filter(case=case, type__startswith="article").values_list("type", flat=True))
    assert titles == ["article", "article", "article_gone"]


def test_K6_the_same_link_twice_is_one(desk: World) -> None:
    article, case = published(desk.agent, desk.chief), desk.register()
    for _ in range(3):
        link_article(case=case, actor=desk.agent, article=article.pk, solved=True)
    assert CaseArticle.objects.count() == 1
    assert CaseEvent.objects.filter(case=case, type="article").count() == 1


def test_K6_only_what_is_in_force_is_linked(desk: World) -> None:
    case, draft = desk.register(), written(desk.agent)
    retired = published(desk.agent, desk.chief)
    articles.retire(actor=desk.chief, article=retired, reason="旧")
    for wrong in (draft.pk, retired.pk, 0, 2**62):
        with pytest.raises(Invalid):
            link_article(case=case, actor=desk.agent, article=wrong)
    with pytest.raises(Invalid):
        unlink_article(case=case, actor=desk.agent, article=draft.pk)


def test_P6_an_article_names_no_case_that_one_may_not_see(desk: World) -> None:
    article, case = published(desk.agent, desk.chief), desk.register()
    link_article(case=case, actor=desk.agent, article=article.pk)
    assert [use.name for use in uses_of(desk.inspector, article.pk)] == [case.number]
    Case.objects.filter(pk=case.pk).update(confidential=True)
    assert uses_of(desk.inspector, article.pk) == []
    assert case.number not in text_of(browser(desk.inspector).get(f"/knowledge/articles/{article.pk}/"))
    assert browser(desk.inspector).get(f"/cases/{case.number}/articles/").status_code == 404
    with pytest.raises((NotFound, NotAllowed)):
        link_article(case=case, actor=desk.inspector, article=article.pk)


def test_K6_an_auditor_reads_and_links_nothing(desk: World) -> None:
    article, case = published(desk.agent, desk.chief), desk.register()
    client = browser(desk.auditor)
    assert "Put it beside" not in text_of(client.get(f"/cases/{case.number}/articles/"))
    client.post(f"/cases/{case.number}/articles/", {"deed": "link", "article": article.pk})
    assert not CaseArticle.objects.exists()


@pytest.mark.parametrize("article", ["", "x", "-1", "1" * 40, "１"])
def test_K6_no_number_breaks_the_link(desk: World, article: str) -> None:
    case = desk.register()
    answer = browser(desk.agent).post(f"/cases/{case.number}/articles/", {"deed": "link", "article": article})
    assert answer.status_code == 302
    assert browser(desk.agent).post(f"/cases/{case.number}/articles/", {"deed": "eat"}).status_code == 404


def test_K6_the_page_of_a_case_pays_nothing_for_articles(
    desk: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    case = desk.register()
    for number in range(8):
        made = published(desk.agent, desk.chief, f"基站断站处理之{number}")
        link_article(case=case, actor=desk.agent, article=made.pk)
    client = browser(desk.agent)
    client.get(f"/cases/{case.number}/articles/")
    with django_assert_max_num_queries(14):
        client.get(f"/cases/{case.number}/articles/", headers=HTMX)
    with django_assert_max_num_queries(25):
        assert f"/cases/{case.number}/articles/" in client.get(f"/cases/{case.number}/").content.decode()


def test_K6_one_search_finds_articles_and_cases(
    desk: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    published(desk.agent, desk.chief, "基站断站怎么处理")
    case = desk.register(description="今早六点断站")
    client = browser(desk.colleague)
    client.get("/search/")
    with django_assert_max_num_queries(20):
        shown = client.get("/search/", {"q": "断站"})
    assert case.number in text_of(shown)
    assert "<mark>断站</mark>" in shown.content.decode()
    assert client.get("/search/", {"q": case.number}).headers["Location"] == f"/cases/{case.number}/"
    assert case.number in text_of(client.get("/search/", {"q": case.number[:13]}))
    Case.objects.filter(pk=case.pk).update(confidential=True)
    hidden = text_of(browser(desk.inspector).get("/search/", {"q": "断站"}))
    assert case.number not in hidden
    assert Client().get("/search/").status_code == 302
    for odd in ("\x00", "a" * 3000, ":&|!", "' --"):
        assert client.get("/search/", {"q": odd}).status_code == 200


def test_K6_a_synonym_widens_the_search_of_cases_and_articles_at_once(desk: World) -> None:
    published(desk.agent, desk.chief, "基站断站怎么处理")
    case = desk.register(fault="断站", description="客户说信号全无")
    client = browser(desk.colleague)
    assert case.number not in text_of(client.get("/search/", {"q": "退服"}))
    change_synonyms(actor=desk.chief, text="退服 = 断站 = 掉站")
    look_again()
    shown = client.get("/search/", {"q": "退服"})
    assert case.number in text_of(shown)
    assert "<mark>断站</mark>" in shown.content.decode()
    assert case.number in text_of(client.get("/cases/", {"q": "退服"}))
    assert list(Case.objects.filter(case_words.holding("信号 退服").condition)) == [case]
    assert list(Case.objects.filter(case_words.holding("光缆 退服").condition)) == []
    change_synonyms(actor=desk.chief, text="")
    look_again()
    assert case.number not in text_of(client.get("/cases/", {"q": "退服"}))
