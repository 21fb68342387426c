"""The pages for customers: what is published for them and nothing else, without log-in, cached, counted (K6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from service_desk.knowledge.models import ArticleVote
from service_desk.telephony import limiter
from tests.cases.pages import browser, text_of
from tests.factories import World, world
from tests.knowledge.articles import for_customers, published, written


@pytest.fixture
def desk(db: None) -> World:
    return world()


@pytest.fixture(autouse=True)
def without_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_desk.knowledge.views.articles_public.wait", lambda _key, _per_second: 0.0)


def test_K6_customers_see_what_is_published_for_them_alone(desk: World) -> None:
    public = for_customers(desk.agent, desk.chief, "宽带报修流程")
    inside = published(desk.agent, desk.chief, "宽带报修内部话术")
    draft = written(desk.agent, "宽带草稿")
    shown = text_of(Client().get("/help/", {"q": "宽带"}))
    assert ("报修流程" in shown, "内部话术" in shown, "草稿" in shown) == (True, False, False)
    assert "内部话术" not in text_of(Client().get("/help/"))
    assert Client().get(f"/help/{public.pk}/").status_code == 200
    for hidden in (inside, draft):
        gone = Client().get(f"/help/{hidden.pk}/")
        assert gone.status_code == 404
        assert 'href="/help/"' in gone.content.decode()  # a customer has no desk to go back to
        assert Client().post(f"/help/{hidden.pk}/useful/", {"useful": "yes"}).status_code == 404


def test_K6_pages_for_customers_are_cached_and_hold_no_token(desk: World) -> None:
    article = for_customers(desk.agent, desk.chief, "宽带报修流程")
    for place in ("/help/", f"/help/{article.pk}/", "/help/?q=宽带"):
        answer = Client().get(place)
        assert answer.headers["Cache-Control"] == "public, max-age=60"
        assert not answer.cookies
        assert b"csrfmiddlewaretoken" not in answer.content
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.content.decode()
        assert "private" in browser(desk.agent).get(place).headers["Cache-Control"]
    first = Client().get(f"/help/{article.pk}/")
    again = Client().get(f"/help/{article.pk}/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_K6_search_engines_stay_out_unless_they_are_wanted(desk: World, settings: Settings) -> None:
    article = for_customers(desk.agent, desk.chief, "宽带报修流程")
    place = f"/help/{article.pk}/"
    assert Client().get(place).headers["X-Robots-Tag"] == "noindex, nofollow"
    assert b'name="robots"' in Client().get(place).content
    settings.HELP_INDEXED = True
    assert "X-Robots-Tag" not in Client().get(place).headers
    assert b'name="robots"' not in Client().get(place).content
    settings.HELP_PAGES = False
    assert Client().get(place).status_code == 404


def test_K6_who_does_not_find_it_is_told_the_number_to_call(desk: World, settings: Settings) -> None:
    settings.SERVICE_HOTLINE = "400-800-1234"
    assert (
        '<a class="nowrap tabular" href="tel:400-800-1234">400-800-1234</a>' in Client().get("/help/").content.decode()
    )
    settings.SERVICE_HOTLINE = ""
    assert 'href="tel:' not in Client().get("/help/").content.decode()


def test_K6_a_visitor_answers_once(desk: World) -> None:
    article = for_customers(desk.agent, desk.chief, "宽带报修流程")
    visitor, other = Client(), Client()
    for useful in ("yes", "no"):
        assert visitor.post(f"/help/{article.pk}/useful/", {"useful": useful, "comment": "看不懂"}).status_code == 200
    other.post(f"/help/{article.pk}/useful/", {"useful": "yes"})
    article.refresh_from_db()
    assert (article.useful, article.not_useful, ArticleVote.objects.count()) == (1, 1, 2)
    for bad in ({}, {"useful": "x"}, {"useful": "yes", "comment": "x" * 201}, {"useful": "yes", "comment": "a\x00"}):
        assert Client().post(f"/help/{article.pk}/useful/", bad).status_code == 422
    forged = Client()
    forged.cookies["desk_visitor"] = "somebody-else:forged"
    assert forged.post(f"/help/{article.pk}/useful/", {"useful": "yes"}).status_code == 200
    assert not ArticleVote.objects.filter(visitor__contains="somebody").exists()
    assert Client(enforce_csrf_checks=True).post(f"/help/{article.pk}/useful/", {"useful": "yes"}).status_code == 403


def test_K6_customers_choose_their_language(desk: World) -> None:
    for_customers(desk.agent, desk.chief, "宽带报修流程")
    client = Client()
    answer = client.get("/help/language/en/", {"next": "/help/?q=宽带"})
    assert answer.headers["Location"] == "/help/?q=%E5%AE%BD%E5%B8%A6"
    assert "How can we help you?" in text_of(client.get("/help/"))
    for elsewhere in ("https://evil.example/help/", "//evil.example", "/admin/", "\x00"):
        assert client.get("/help/language/en/", {"next": elsewhere}).headers["Location"] == "/help/"
    assert client.get("/help/language/xx/").status_code == 404


@pytest.fixture
def counted() -> Iterator[Any]:
    limiter._line.cache_clear()
    yield
    limiter._line.cache_clear()


def test_K6_one_address_asks_so_often_and_no_more(
    desk: World, counted: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service_desk.knowledge.views.articles_public.wait", limiter.wait)
    settings.HELP_PER_SECOND = 1
    client = Client(REMOTE_ADDR="192.0.2.77")
    answers = [client.get("/help/", {"q": "宽带"}) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200
    assert refused
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert Client(REMOTE_ADDR="192.0.2.78").get("/help/").status_code == 200
