"""REST: articles through their whole life, their search and the synonyms; who may, and what is refused how (K6)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from service_desk.knowledge import shipped
from service_desk.knowledge.articles.current import look_again
from service_desk.knowledge.models import Article, ArticleVote, SynonymList
from tests.cases.callers import CASES, fields, key, session
from tests.factories import World, world
from tests.knowledge.articles import for_customers, published, written

ARTICLES, SYNONYMS, SEARCH = "/api/v1/articles/", "/api/v1/synonyms/", "/api/v1/search/"
NEW: dict[str, Any] = {
    "title": "电梯困人怎么办",
    "body": "先安抚，再通知维保。",
    "tags": ["电梯"],
    "audience": "customers",
}


@pytest.fixture
def desk(db: None) -> World:
    look_again()
    return world()


def deed(client: APIClient, article: Any, verb: str, match: str = "*", **body: Any) -> Any:
    return client.post(f"{ARTICLES}{article}/{verb}/", body, headers={"If-Match": match})


def test_K6_an_article_lives_from_draft_to_retired_through_REST(desk: World) -> None:
    writer, editor = session(desk.agent), session(desk.chief)
    made = writer.post(ARTICLES, NEW)
    assert (made.status_code, made.json()["state"], made.json()["draft"]) == (201, "new", 1), made.content
    pk, tag = made.json()["id"], made.headers["ETag"]
    assert made.headers["Location"].endswith(f"{ARTICLES}{pk}/")
    changed = writer.put(f"{ARTICLES}{pk}/draft/", {**NEW, "body": "先安抚。"}, headers={"If-Match": tag})
    assert changed.json()["open_version"]["body"] == "先安抚。"
    stale = writer.put(f"{ARTICLES}{pk}/draft/", NEW, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert writer.post(f"{ARTICLES}{pk}/submit/", {}).status_code == 428
    assert deed(writer, pk, "submit").status_code == 200
    assert deed(writer, pk, "publish").status_code == 403
    assert deed(editor, pk, "send-back", answer="写细").json()["open_version"]["answer"] == "写细"
    deed(writer, pk, "submit")
    live = deed(editor, pk, "publish", review_at="2027-06-30T00:00:00+08:00")
    assert (live.json()["state"], live.json()["published"], live.json()["draft"]) == ("published", 1, None)
    assert live.json()["version"]["html"] == "<p>先安抚。</p>\n"
    assert deed(editor, pk, "confirm").status_code == 200
    assert deed(editor, pk, "retire", reason="旧").json()["state"] == "retired"
    assert deed(editor, pk, "retire", reason="旧").status_code == 409


def test_K3_the_findings_of_a_draft_are_told_and_stop_the_publishing(desk: World) -> None:
    shipped.load()
    shipped.approve_shipped_drafts(actor=desk.inspector)
    writer, editor = session(desk.agent), session(desk.chief)
    made = writer.post(ARTICLES, {**NEW, "body": "老 家 伙，别急。"}).json()
    (said,) = made["findings"]
    assert (said["phrase"], said["entry"], said["severity"]) == ("老 家 伙", "B01", "block")
    deed(writer, made["id"], "submit")
    refused = deed(editor, made["id"], "publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "banned_language")
    assert writer.put(f"{ARTICLES}{made['id']}/draft/", NEW, headers={"If-Match": "*"}).status_code == 409
    deed(editor, made["id"], "send-back", answer="换个说法")
    mended = writer.put(f"{ARTICLES}{made['id']}/draft/", NEW, headers={"If-Match": "*"}).json()
    assert mended["findings"] == []


def test_K6_lists_versions_and_differences(desk: World) -> None:
    article = published(desk.agent, desk.chief, "甲", "先查传输。")
    client = session(desk.agent)
    client.put(f"{ARTICLES}{article.pk}/draft/", {"title": "乙", "body": "先查光缆。"}, headers={"If-Match": "*"})
    written(desk.colleague, "丙")
    assert [row["title"] for row in client.get(ARTICLES).json()["results"]] == ["丙", "甲"]
    assert [row["title"] for row in client.get(ARTICLES, {"state": "published"}).json()["results"]] == ["甲"]
    assert client.get(ARTICLES, {"line": "nowhere"}).json()["results"] == []
    place = f"{ARTICLES}{article.pk}/versions/"
    assert [row["number"] for row in client.get(place).json()] == [2, 1]
    assert client.get(f"{place}1/").json()["body"] == "先查传输。"
    head, row = client.get(f"{place}2/diff/").json()
    assert (head["field"], row["field"]) == ("title", "body")
    assert {"text": "传输", "marked": True} in row["before"]
    assert {"text": "光缆", "marked": True} in row["after"]
    assert client.get(f"{place}2/diff/", {"against": 9}).status_code == 400
    assert client.get(f"{place}9/").status_code == 404
    assert client.get(f"{ARTICLES}{2**60}/").status_code == 404
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(f"{ARTICLES}{article.pk}/", {}).status_code == 405


def test_K6_search_and_suggestions_through_REST(desk: World) -> None:
    article = published(desk.agent, desk.chief, products=[desk.product.pk])
    case = desk.register(fault="断站")
    client = session(desk.colleague)
    answer = client.get(f"{ARTICLES}search/", {"q": "断站"}).json()
    assert (answer["total"], answer["results"][0]["article"]) == (1, article.pk)
    assert {"text": "断站", "marked": True} in answer["results"][0]["title"]
    hinted = client.get(f"{ARTICLES}suggest/", {"q": "夜间断站", "product": str(desk.product.pk)}).json()
    assert [row["id"] for row in hinted] == [article.pk]
    both = client.get(SEARCH, {"q": "断站"}).json()
    assert (both["articles"]["total"], [row["number"] for row in both["cases"]]) == (1, [case.number])
    for place in (f"{ARTICLES}search/", f"{ARTICLES}suggest/", SEARCH):
        for bad in ({}, {"q": ""}, {"q": "x" * 201}, {"q": "a\x00"}, {"q": "x", "colour": "red"}):
            assert client.get(place, bad).status_code == 400, (place, bad)
    assert client.get(f"{ARTICLES}search/", {"q": "断站", "page": "0"}).status_code == 400


def test_K6_feedback_counts_once_a_person(desk: World) -> None:
    article = for_customers(desk.agent, desk.chief, "宽带报修")
    client = session(desk.colleague)
    for useful in (True, True, False):
        assert client.post(f"{ARTICLES}{article.pk}/feedback/", {"useful": useful}).status_code == 204
    assert ArticleVote.objects.count() == 1
    assert client.get(f"{ARTICLES}{article.pk}/").json()["not_useful"] == 1
    assert fields(client.post(f"{ARTICLES}{article.pk}/feedback/", {"useful": "perhaps"})) == {"useful": "invalid"}
    draft = written(desk.agent)
    assert client.post(f"{ARTICLES}{draft.pk}/feedback/", {"useful": True}).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": None}, "title"),
        ({"title": 7.5, "body": {}}, "body"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\x00"}, "title"),
        ({"body": " \n"}, "body"),
        ({"body": "x" * 60_001}, "body"),
        ({"tags": "断站"}, "tags"),
        ({"tags": [[]]}, "tags"),
        ({"tags": ["x"] * 13}, "tags"),
        ({"audience": "all"}, "audience"),
        ({"lines": ["nowhere"]}, "lines"),
        ({"products": [2**62]}, "products"),
        ({"products": [2**70]}, "products"),
        ({"state": "published"}, "state"),
        ({"owner": 1}, "owner"),
    ],
)
def test_K6_bad_input_is_refused_by_field(desk: World, change: Any, field: str) -> None:
    answer = session(desk.agent).post(ARTICLES, {**NEW, **change})
    assert answer.status_code == 400, answer.content
    assert field in {name.split("/")[0].split(".")[0] for name in fields(answer)}
    assert not Article.objects.exists()


def test_K6_a_megabyte_and_half_a_pair_are_refused(desk: World) -> None:
    client = session(desk.agent)
    assert client.post(ARTICLES, {**NEW, "body": "长" * 400_000}).status_code in (400, 413)
    raw = '{"title": "\\ud800", "body": "x"}'
    answer = client.post(ARTICLES, raw, content_type="application/json")
    assert (answer.status_code, fields(answer)) == (400, {"title": "unclean_text"})


def test_K6_keys_need_their_scope(desk: World) -> None:
    article = published(desk.agent, desk.chief)
    reader, writer = key(desk.agent, "articles:read"), key(desk.agent, "articles:write")
    assert reader.get(f"{ARTICLES}{article.pk}/").status_code == 200
    assert reader.post(ARTICLES, NEW).status_code == 403
    assert writer.post(ARTICLES, NEW).status_code == 201
    assert writer.get(ARTICLES).status_code == 403
    assert reader.get(SEARCH, {"q": "断站"}).status_code == 403
    assert key(desk.agent, "cases:read").get(SEARCH, {"q": "断站"}).status_code == 200
    for place in (ARTICLES, SYNONYMS, SEARCH):
        assert APIClient().get(place).status_code in (401, 403)


def test_K6_the_same_post_twice_makes_one_article(desk: World) -> None:
    client = session(desk.agent)
    answers = [client.post(ARTICLES, NEW, headers={"Idempotency-Key": "a1b2c3d4-once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert Article.objects.count() == 1


def test_K6_synonyms_through_REST(desk: World) -> None:
    client = session(desk.chief)
    made = client.post(SYNONYMS, {"groups": [["退服", "断站"]], "based_on": 0, "note": "起步"})
    assert (made.status_code, made.json()["number"]) == (201, 1), made.content
    assert client.get(SYNONYMS).json()["results"][0]["groups"] == [["退服", "断站"]]
    assert client.get(f"{SYNONYMS}1/").json()["note"] == "起步"
    assert client.post(SYNONYMS, {"groups": [], "based_on": 0}).status_code == 412
    assert session(desk.agent).post(SYNONYMS, {"groups": [], "based_on": 1}).status_code == 403
    for bad in ([["退服"]], [["退服", "站"]], "x", [["退服", 5, {}]], [["a", "b\x00"]], [["退 = 服", "断站"]]):
        answer = client.post(SYNONYMS, {"groups": bad, "based_on": 1})
        assert answer.status_code == 400, bad
    assert SynonymList.objects.count() == 1


def test_K6_articles_beside_a_case_through_REST(desk: World) -> None:
    article, case = published(desk.agent, desk.chief), desk.register()
    client, place = session(desk.agent), f"{CASES}{case.number}/articles/"
    assert client.post(place, {"article": article.pk}).json()["solved"] is False
    assert client.post(place, {"article": article.pk, "solved": True}).json()["solved"] is True
    assert [row["article"] for row in client.get(place).json()["results"]] == [article.pk]
    assert fields(client.post(place, {"article": 2**40})) == {"article": "does_not_exist"}
    assert fields(client.post(place, {"article": "x"})) == {"article": "invalid"}
    assert session(desk.auditor).post(place, {"article": article.pk}).status_code == 403
    assert client.delete(f"{place}{article.pk}/").status_code == 204
    assert client.delete(f"{place}{article.pk}/").status_code == 404
    assert client.get(f"{CASES}CALL-19990101-0001/articles/").status_code == 404


def test_K6_pictures_through_REST(desk: World) -> None:
    held = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(held, "PNG")
    client, article = session(desk.agent), written(desk.agent, audience="customers")
    place = f"{ARTICLES}{article.pk}/pictures/"

    def send(who: APIClient, content: bytes, name: str = "机柜[1].png") -> Any:
        return who.post(place, {"file": SimpleUploadedFile(name, content)}, format="multipart")

    made = send(client, held.getvalue())
    assert made.status_code == 201, made.content
    assert made.json()["markdown"] == f"![机柜 1 .png](picture:{made.json()['id']})"
    assert client.get(place).json() == [send(client, held.getvalue()).json()]  # the same one twice is the same
    assert client.get(made.json()["url"]).headers["Content-Type"] == "image/png"
    assert APIClient().get(made.json()["url"]).status_code == 404  # in no text that is published
    assert send(session(desk.colleague), held.getvalue()).status_code == 403
    assert fields(send(client, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.svg")).keys() == {"file"}
    assert client.post(place, {"file": "x\x00"}, format="multipart").status_code == 400
    assert client.post(place, {"file": "x"}).status_code in (400, 415)
    assert key(desk.agent, "articles:read").get(place).status_code == 200
    assert send(key(desk.agent, "articles:read"), held.getvalue()).status_code == 403
