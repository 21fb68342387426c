"""The pages of articles at the desk: list, search, reading, writing, deeds, versions side by side, pictures (K6)."""

from __future__ import annotations

from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from service_desk.knowledge import shipped
from service_desk.knowledge.actions import articles
from service_desk.knowledge.articles.rules import ArticleState, Audience
from service_desk.knowledge.models import Article, ArticlePicture, ArticleVote
from tests.cases.pages import browser, text_of
from tests.factories import World, world
from tests.knowledge.articles import for_customers, published, words, written

LIST = "/knowledge/articles/"
GOOD = {
    "title": "电梯困人怎么办",
    "body": "先安抚，再通知维保。",
    "audience": "staff",
    "tags": "电梯，困人",
    "lines": "telecom",
}


@pytest.fixture
def desk(db: None) -> World:
    return world()


def png(size: tuple[int, int] = (40, 30)) -> bytes:
    """A picture."""
    held = BytesIO()
    Image.new("RGB", size, "teal").save(held, "PNG")
    return held.getvalue()


def test_K6_from_the_first_word_to_customers(desk: World) -> None:
    writer, editor = browser(desk.agent), browser(desk.chief)
    made = writer.post(f"{LIST}new/", {**GOOD, "audience": "customers"})
    article = Article.objects.get()
    assert made.headers["Location"] == f"{LIST}{article.pk}/?draft=1"
    assert "Send for review" in text_of(writer.get(f"{LIST}{article.pk}/"))
    assert "not_found" not in text_of(editor.get(f"{LIST}{article.pk}/"))
    assert writer.post(f"{LIST}{article.pk}/do/submit/", {"revision": article.revision}).status_code == 302
    assert writer.get(f"{LIST}{article.pk}/do/publish/").status_code == 403
    page = editor.get(f"{LIST}{article.pk}/do/publish/")
    assert "To be reviewed by" in text_of(page)
    article.refresh_from_db()
    answer = editor.post(
        f"{LIST}{article.pk}/do/publish/", {"revision": article.revision, "review_at": "2027-06-30", "answer": "好"}
    )
    assert answer.status_code == 302, text_of(answer)
    article.refresh_from_db()
    assert (article.state, article.versions.get().tags) == (ArticleState.PUBLISHED, ["电梯", "困人"])
    assert "电梯困人怎么办" in text_of(Client().get("/help/"))


def test_K3_saving_an_article_says_what_publishing_will_ask_about(desk: World) -> None:
    shipped.load()
    shipped.approve_shipped_drafts(actor=desk.inspector)
    writer = browser(desk.agent)
    rude = {**GOOD, "body": "您好，**我就**这态度！"}
    for audience, said in (("staff", "Not the language of the house"), ("customers", "will not be published")):
        page = text_of(writer.post(f"{LIST}new/", {**rude, "audience": audience}, follow=True))
        assert f"{said}" in page
        assert "“我就这态度”" in page
        assert "Language check of this draft" in page
        assert ("stops the publishing" in page) == (audience == "customers")
    page = text_of(writer.post(f"{LIST}new/", GOOD, follow=True))
    assert "Language check of this draft" not in page
    form = writer.get(f"{LIST}{Article.objects.earliest('id').pk}/edit/").content.decode()
    assert form.count('data-language="internal_note"') == 2


def test_K6_the_list_shows_what_is_in_force_and_drafts_on_request(
    desk: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(25):
        published(desk.agent, desk.chief, f"文章{number:02}")
    written(desk.agent, "还没写完")
    client = browser(desk.colleague)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        shown = text_of(client.get(LIST))
    assert ("文章24" in shown, "文章00" in shown, "还没写完" in shown) == (True, False, False)
    assert "还没写完" in text_of(client.get(LIST, {"state": "open"}))
    assert "文章" not in text_of(client.get(LIST, {"state": "open"}))
    following = client.get(LIST).context["next_url"]
    assert "文章00" in text_of(client.get(following))


def test_K6_the_list_tells_who_reviews_what_waits_for_them(desk: World) -> None:
    waiting = written(desk.agent, "等人审核")
    articles.submit(actor=desk.agent, article=waiting)
    written(desk.agent, "还在写")
    assert "1 article waits for your review" in text_of(browser(desk.chief).get(LIST))
    assert "等人审核" in text_of(browser(desk.chief).get(LIST, {"state": "open"}))
    for nobody in (desk.agent, desk.colleague):  # the author, and somebody who reviews nothing
        assert "waits for your review" not in text_of(browser(nobody).get(LIST))


def test_K6_nobody_is_asked_whether_a_retired_article_is_useful(desk: World) -> None:
    article = published(desk.agent, desk.chief)
    client = browser(desk.colleague)
    assert "Was this useful?" in text_of(client.get(f"{LIST}{article.pk}/"))
    articles.retire(actor=desk.chief, article=article, reason="已由新版代替")
    assert "Was this useful?" not in text_of(client.get(f"{LIST}{article.pk}/"))


def test_K6_a_search_marks_the_words_and_escapes_the_rest(
    desk: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    published(desk.agent, desk.chief, "断站<img src=x>", "先看 <b>告警</b>，断站多半是传输。")
    client = browser(desk.colleague)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        html = client.get(LIST, {"q": "断站"}).content.decode()
    assert "<mark>断站</mark>&lt;img src=x&gt;" in html
    assert "<b>告警" not in html


@pytest.mark.parametrize(
    "q",
    ["\x00", "a" * 5000, "' OR 1=1 --", ":* & | !", "((((", "%", "\\", "😀", "\ud800".encode("utf-8", "surrogatepass")],
)
def test_K6_no_question_breaks_the_search(desk: World, q: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service_desk.knowledge.views.articles_public.wait", lambda *_key: 0.0)  # not a test of floods
    published(desk.agent, desk.chief)
    for client, place in ((browser(desk.agent), LIST), (Client(), "/help/"), (browser(desk.agent), f"{LIST}suggest/")):
        for name in ("q", "fault"):
            assert client.get(place, {name: q, "page": "99999", "after": "x.y"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "words_said"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "x" * 121}, "at most 120"),
        ({"body": "   "}, "Please fill this in."),
        ({"body": "x" * 60_001}, "at most 60000"),
        ({"body": "a\x00b"}, "Null characters"),
        ({"audience": "everybody"}, "Select a valid choice"),
        ({"lines": "nowhere"}, "Select a valid choice"),
        ({"products": "1 OR 1"}, "not a valid value"),
        ({"products": "99999999999999999999999"}, "Select a valid choice"),
        ({"tags": "词" * 40}, "At most 12 tags"),
        ({"revision": "x"}, "whole number"),
    ],
)
def test_K6_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    desk: World, change: dict[str, str], words_said: str
) -> None:
    answer = browser(desk.agent).post(f"{LIST}new/", {**GOOD, **change})
    assert answer.status_code == 422
    assert words_said in text_of(answer)
    assert not Article.objects.exists()
    if "body" not in change:
        assert "先安抚，再通知维保。" in answer.content.decode()


def test_K6_a_form_that_has_grown_old_overwrites_nothing(desk: World) -> None:
    article = written(desk.agent)
    articles.write(actor=desk.agent, article=article, words=words(body="别处改的"))
    answer = browser(desk.agent).post(f"{LIST}{article.pk}/edit/", {**GOOD, "revision": 1})
    assert answer.status_code == 422
    assert "Somebody else has changed this" in text_of(answer)
    assert article.versions.get().body == "别处改的"


@pytest.mark.parametrize("deed", ["submit", "publish", "send-back", "confirm", "retire", "discard"])
def test_K6_a_deed_out_of_turn_is_refused_in_words(desk: World, deed: str) -> None:
    article = written(desk.agent)
    if deed in ("submit", "discard"):
        article = published(desk.agent, desk.chief)
    data = {"answer": "x", "reason": "x", "review_at": "2027-01-01"}
    answer = browser(desk.chief).post(f"{LIST}{article.pk}/do/{deed}/", data)
    assert answer.status_code in (409, 403)
    assert browser(desk.chief).get(f"{LIST}{article.pk}/do/nothing/").status_code == 404


def test_K6_two_versions_stand_side_by_side_word_by_word(desk: World) -> None:
    article = published(desk.agent, desk.chief, body="先查传输。\n\n再查电源。")
    articles.write(actor=desk.agent, article=article, words=words("断站处理", "先查光缆。\n\n再查电源。"))
    html = browser(desk.colleague).get(f"{LIST}{article.pk}/versions/2/").content.decode()
    assert "<del>传输</del>" in html
    assert "<ins>光缆</ins>" in html
    assert "<del>基站断站怎么处理</del>" in html
    assert browser(desk.colleague).get(f"{LIST}{article.pk}/versions/9/").status_code == 404
    assert browser(desk.colleague).get(f"{LIST}{article.pk}/versions/1/", {"against": "x" * 50}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "[按这里](javascript:alert(1))",
        "[按这里](ftp://evil.example/x)",  # the reader of Markdown lets it pass, the cleaner does not
        "[按这里](JaVaScRiPt&#58;alert(1))",
        "![图](https://evil.example/pixel.gif)",
        "![图](data:image/svg+xml;base64,PHN2Zz4=)",
        '<img src=x onerror="alert(1)">',
        '![x](picture:00000000-0000-0000-0000-000000000000 "\' onload=alert(1)")',
        "<svg><script>alert(1)</script></svg>",
        "<style>body{display:none}</style>",
        "[x]: javascript:alert(1)\n\n[x]",
        '<https://a.example/"onmouseover="alert(1)>',
    ],
)
def test_K6_nothing_that_runs_gets_out_of_a_text(desk: World, body: str) -> None:
    article = for_customers(desk.agent, desk.chief, "说明", body)
    for html in (
        browser(desk.agent).get(f"{LIST}{article.pk}/").content.decode(),
        Client().get(f"/help/{article.pk}/").content.decode(),
        browser(desk.agent).post(f"{LIST}preview/", {"body": body}).content.decode(),
    ):
        for tag, attributes in _Prose.of(html):
            assert tag in _HARMLESS
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert attributes.get("href", "https://").split(":")[0] in ("https", "http", "mailto", "tel")
            assert attributes.get("src", "/help/pictures/").startswith("/help/pictures/")


_HARMLESS = frozenset({"p", "a", "img", "h2", "h3", "ul", "li", "code", "em", "strong", "br"})


class _Prose(HTMLParser):
    """The tags within the text of an article, as a browser reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[tuple[str, dict[str, str]]] = []

    @classmethod
    def of(cls, html: str) -> list[tuple[str, dict[str, str]]]:
        reader = cls()
        reader.feed(html)
        assert 'class="prose"' in html
        return reader.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self.depth:
            self.found.append((tag, given))
        if tag == "div" and (self.depth or given.get("class") == "prose"):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1


def test_K6_pictures_are_drawn_anew_and_shown_to_whom_may_read(desk: World) -> None:
    article = written(desk.agent, audience=Audience.CUSTOMERS)
    client = browser(desk.agent)
    sent = png() + b"hidden behind the picture"
    answer = client.post(
        f"{LIST}{article.pk}/pictures/",
        {"file": SimpleUploadedFile("机柜.png", sent)},
        headers={"Accept": "application/json"},
    )
    picture = ArticlePicture.objects.get()
    assert answer.json()["words"] == f"![机柜.png](picture:{picture.pk})"
    assert b"hidden" not in bytes(picture.content)
    place = f"/help/pictures/{picture.pk}/"
    assert client.get(place).headers["Content-Type"] == "image/png"
    assert Client().get(place).status_code == 404
    articles.write(
        actor=desk.agent,
        article=article,
        words=words(body=f"![图](picture:{str(picture.pk).upper()})", audience="customers"),
    )
    articles.submit(actor=desk.agent, article=article)
    articles.publish(actor=desk.chief, article=article)
    shown = Client().get(f"/help/{article.pk}/").content.decode()
    assert f'<img src="{place}"' in shown
    assert Client().get(place).status_code == 200
    assert Client().get(place).headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    articles.retire(actor=desk.chief, article=article, reason="旧")
    assert Client().get(place).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture"),
        ("图.png", b"", "empty"),
        ("图.png", b"\x89PNG broken", "cannot be read"),
        ("图.html", b"<html>", "no picture"),
        ("图.pdf", b"%PDF-1.4 %%EOF", "no picture"),
    ],
)
def test_K6_what_is_no_picture_is_refused(desk: World, name: str, content: bytes, said: str) -> None:
    article = written(desk.agent)
    answer = browser(desk.agent).post(
        f"{LIST}{article.pk}/pictures/",
        {"file": SimpleUploadedFile(name, content)},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert not ArticlePicture.objects.exists()
    assert browser(desk.agent).post(f"{LIST}{article.pk}/pictures/").status_code == 302
    assert (
        browser(desk.colleague)
        .post(f"{LIST}{article.pk}/pictures/", {"file": SimpleUploadedFile("a.png", png())})
        .status_code
        == 302
    )
    assert not ArticlePicture.objects.exists()


def test_K6_was_this_useful_counts_once_a_person(desk: World) -> None:
    article = published(desk.agent, desk.chief)
    place = f"{LIST}{article.pk}/useful/"
    for useful in ("yes", "yes", "no"):
        browser(desk.colleague).post(place, {"useful": useful})
    browser(desk.engineer).post(place, {"useful": "yes", "comment": "缺少告警代码"})
    browser(desk.engineer).post(place, {"useful": "perhaps"})
    article.refresh_from_db()
    assert (article.useful, article.not_useful, ArticleVote.objects.count()) == (1, 1, 2)


def test_K6_articles_are_offered_while_a_call_is_registered(
    desk: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    published(desk.agent, desk.chief, "基站断站怎么处理", products=[desk.product.pk])
    published(desk.agent, desk.chief, "电梯困人应急救援")
    client = browser(desk.colleague)
    client.get(f"{LIST}suggest/")
    with django_assert_max_num_queries(10):
        shown = text_of(
            client.get(f"{LIST}suggest/", {"fault": "夜间断站，无法恢复", "product_type": str(desk.product.pk)})
        )
    assert ("基站断站怎么处理" in shown, "电梯" in shown) == (True, False)
    assert text_of(client.get(f"{LIST}suggest/", {"fault": "空调"})) == ""
    assert "data-articles-url" in client.get("/register/").content.decode()


@pytest.mark.parametrize("place", [LIST, f"{LIST}new/", f"{LIST}1/", f"{LIST}suggest/", "/knowledge/synonyms/"])
def test_K6_the_desks_pages_ask_for_a_log_in(desk: World, place: str) -> None:
    answer = Client().get(place)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")
