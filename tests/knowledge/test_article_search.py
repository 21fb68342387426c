"""Articles are found by words inside a sentence, in order of what they say; synonyms are kept by an editor (K6)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from service_desk.audit.models import AuditEntry
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions.articles_beside import change_synonyms, vote
from service_desk.knowledge.articles import synonyms, words
from service_desk.knowledge.articles.compare import side_by_side
from service_desk.knowledge.articles.current import Current, look_again
from service_desk.knowledge.articles.rules import tags_of
from service_desk.knowledge.articles.search import MOST, PAGE_SIZE, search, suggest
from service_desk.knowledge.articles.text import as_html, plain
from service_desk.knowledge.articles.words import question
from service_desk.knowledge.models import Article, ArticleWords, SynonymList
from service_desk.people.models import ServiceLine
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, Stale
from tests.cases.pages import browser, text_of
from tests.factories import World, world
from tests.knowledge.articles import published, written


@pytest.fixture
def desk(db: None) -> Iterator[World]:
    look_again()
    yield world()
    look_again()


def titles(asked: str, **more: Any) -> list[str]:
    """What is found, in its order."""
    return [str(hit.article) for hit in search(asked, **more).hits]


SENTENCE = "若该站点出现整站退服，请先核查传输侧光缆是否中断，再由值班工程师𠮷田到场核查BBU5900电源模块。"


@pytest.mark.parametrize(
    "asked",
    [
        "退服", "整站退服", "光缆", "传输侧", "值班工程师", "BBU", "bbu5900", "ＢＢＵ５９００", "5900", "电源模块",
        "光缆中断", "值班 光缆", "光纜", "站退",  # traditional; and across the words of any dictionary
        "𠮷田", "服", "核查传输侧光缆是否中断", "退服怎么办", "请问光缆中断了怎么处理", "BBU电源",
    ],
)  # fmt: skip
def test_K6_a_word_inside_a_sentence_is_found(desk: World, asked: str) -> None:
    published(desk.agent, desk.chief, "站点故障说明", SENTENCE)
    published(desk.agent, desk.chief, "小区照明报修", "路灯不亮时登记位置。")
    assert titles(asked)[:1] == ["站点故障说明"]


@pytest.mark.parametrize("asked", ["电梯", "退热", "BBC", "", "  ", "。，！", "的", "😀", "\x00", "5901"])
def test_K6_what_does_not_stand_there_is_not_found(desk: World, asked: str) -> None:
    published(desk.agent, desk.chief, "站点故障说明", SENTENCE)
    assert titles(asked) == []


def test_K6_the_title_weighs_more_than_the_text(desk: World) -> None:
    published(desk.agent, desk.chief, "漏水处理", "关总阀。")
    published(desk.agent, desk.chief, "巡查记录怎么写", "漏水。漏水。漏水。漏水。")
    published(desk.agent, desk.chief, "关阀步骤", "先找总阀。", tags=["漏水"])
    assert titles("漏水")[0] == "漏水处理"
    assert set(titles("漏水")) == {"漏水处理", "关阀步骤", "巡查记录怎么写"}


def test_K6_what_helped_and_what_is_fresh_comes_first(desk: World) -> None:
    old = published(desk.agent, desk.chief, "断站处理甲")
    new = published(desk.agent, desk.chief, "断站处理乙")
    for article, days in ((old, 900), (new, 1)):
        ArticleWords.objects.filter(article=article).update(published_at=now() - timedelta(days=days))
    assert titles("断站") == ["断站处理乙", "断站处理甲"]
    for person in (desk.agent, desk.colleague, desk.engineer, desk.chief, desk.manager):
        vote(article=old, actor=person, useful=True)
        vote(article=new, actor=person, useful=False)
    assert titles("断站") == ["断站处理甲", "断站处理乙"]


def test_K6_when_few_hold_every_word_those_that_hold_some_stand_last(desk: World) -> None:
    published(desk.agent, desk.chief, "电梯困人应急救援", "安抚乘客。")
    published(desk.agent, desk.chief, "电梯年检", "困人演练每年一次，光幕要擦拭。")
    found = search("电梯困人光幕失灵")
    assert found.relaxed
    assert [str(hit.article) for hit in found.hits] == ["电梯困人应急救援", "电梯年检"]


def test_K6_pages_are_bounded(desk: World) -> None:
    for number in range(PAGE_SIZE + 5):
        published(desk.agent, desk.chief, f"断站处理{number}")
    first, second, beyond = (search("断站", number=number) for number in (1, 2, 999))
    assert (len(first.hits), len(second.hits), first.has_next, second.has_next) == (PAGE_SIZE, 5, True, False)
    assert not {hit.article.pk for hit in first.hits} & {hit.article.pk for hit in second.hits}
    assert beyond.number == 2
    assert first.total == PAGE_SIZE + 5 <= MOST


def test_K6_a_service_line_narrows_and_what_is_for_all_stays(desk: World) -> None:
    published(desk.agent, desk.chief, "断站处理甲", lines=["telecom"])
    published(desk.agent, desk.chief, "断站处理乙")
    assert set(titles("断站", line="telecom")) == {"断站处理甲", "断站处理乙"}
    assert titles("断站", line="property") == ["断站处理乙"]


def test_K6_suggestions_fit_the_subject_and_the_product(desk: World) -> None:
    published(desk.agent, desk.chief, "空调不制冷")
    published(desk.agent, desk.chief, "传输中断导致断站的排查")
    mine = published(desk.agent, desk.chief, "断站排查要点", products=[desk.product.pk])
    found = suggest("基站主设备 夜间断站，排查无果", product=desk.product.pk, line="telecom")
    assert found[0] == mine
    assert "空调不制冷" not in [str(article) for article in found]
    assert suggest("") == suggest("\x00") == suggest("。") == []


# --- Synonyms ---------------------------------------------------------------------------------------------------------
def test_K6_synonyms_are_asked_without_indexing_anything_anew(desk: World) -> None:
    published(desk.agent, desk.chief, "断站处理")
    before = list(ArticleWords.objects.values_list("words", flat=True))
    assert titles("退服") == []
    change_synonyms(actor=desk.chief, text="# 通信\n退服 = 断站＝掉站\n\n困人 = 关人")
    look_again()
    assert titles("退服") == titles("掉站") == titles("夜间退服了怎么处理") == ["断站处理"]
    assert list(ArticleWords.objects.values_list("words", flat=True)) == before


def test_K6_a_list_of_synonyms_is_numbered_audited_and_never_changed(desk: World) -> None:
    first = change_synonyms(actor=desk.chief, text="退服 = 断站", note="网管用语")
    second = change_synonyms(actor=desk.chief, text="退服 = 断站\n困人 = 关人", based_on=1)
    assert (first.number, second.number) == (1, 2)
    assert AuditEntry.objects.filter(verb="synonyms.change").latest("id").detail == {"changed": ["+ 困人 = 关人"]}
    with pytest.raises(Stale):
        change_synonyms(actor=desk.chief, text="", based_on=1)
    with pytest.raises(Conflict):
        change_synonyms(actor=desk.chief, text="退服 = 断站\n困人 = 关人")
    with pytest.raises(NotAllowed):
        change_synonyms(actor=desk.agent, text="")
    with pytest.raises(Exception, match="append-only"):
        SynonymList.objects.all().update(groups=[])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("退服", "one_word"),
        ("退服 =", "one_word"),
        ("= =", "one_word"),
        ("退服 = 站", "too_short"),
        ("退服 = " + "长" * 31, "too_long"),
        ("退服 = 断 站", "blank"),
        ("退服 = 断站\n断站 = 掉站", "twice"),
        ("退服 = ＢＢＵ\nbbu = 基带", "twice"),
        (" = ".join(f"词{n}号" for n in range(9)), "too_many_words"),
        ("\n".join(f"甲{n}字 = 乙{n}字" for n in range(501)), "too_many"),
        ("退服 = 断\x00站", "unclean_text"),
    ],
)
def test_K6_a_line_that_is_no_group_is_named(desk: World, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_synonyms(actor=desk.chief, text=text)
    assert refused.value.errors[0].code == code
    assert browser(desk.chief).post("/knowledge/synonyms/", {"text": text}).status_code == 422
    assert not SynonymList.objects.exists()


def test_K6_the_editor_keeps_synonyms_on_a_screen(desk: World) -> None:
    client = browser(desk.chief)
    assert (
        client.post("/knowledge/synonyms/", {"text": "退服 = 断站", "based_on": 0, "note": "起步"}).status_code == 302
    )
    shown = text_of(client.get("/knowledge/synonyms/"))
    assert "+ 退服 = 断站" in shown
    assert "起步" in shown
    stale = client.post("/knowledge/synonyms/", {"text": "x1 = y1", "based_on": 0})
    assert stale.status_code == 422
    assert "x1 = y1" in stale.content.decode()
    assert browser(desk.agent).post("/knowledge/synonyms/", {"text": ""}).status_code == 403
    assert "退服 = 断站" in text_of(browser(desk.agent).get("/knowledge/synonyms/"))
    assert "退服 = 断站" in client.get("/knowledge/synonyms/1/").content.decode()
    assert client.get("/knowledge/synonyms/99999999999/").status_code == 404


def test_K6_every_process_asks_with_the_newest_list_within_seconds(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, clock = Current(), [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    assert list(elsewhere.groups()) == []
    change_synonyms(actor=desk.chief, text="退服 = 断站")
    assert list(elsewhere.groups()) == []
    clock[0] += 2.0
    assert elsewhere.groups() == [["退服", "断站"]]


# --- What is pure -----------------------------------------------------------------------------------------------------
@given(st.text(max_size=60), st.text(max_size=8))
def test_K6_marking_and_snippets_never_change_a_text(text: str, asked: str) -> None:
    marks = words.question([asked]).marks
    assert "".join(piece for piece, _lit in words.marked(text, marks)) == text
    flat = " ".join(text.split())
    assert words.snippet(text, marks).strip("…") in flat


@given(st.text(alphabet="断站退服基站处理 abc1。", min_size=2, max_size=40), st.data())
def test_K6_every_part_of_a_text_asks_for_entries_that_the_text_has(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 2))
    part = text[start : start + data.draw(st.integers(2, 6))]
    held = {entry.rsplit(":", 1)[0] for entry in words.vector((text, "D")).split()}
    for unit in words.units_of(words.folded(part)[0]):
        if unit.isascii() or len(unit) == 1:
            continue  # asked for as a beginning
        assert unit in held or {unit[at : at + 2] for at in range(len(unit) - 1)} <= held


@given(
    st.lists(st.text(alphabet="甲乙丙丁 ab\n", max_size=12)), st.lists(st.text(alphabet="甲乙丙丁 ab\n", max_size=12))
)
def test_K6_two_versions_side_by_side_are_the_two_versions(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    rows = side_by_side(before, after, whole=True)
    assert ["".join(t for t, _lit in row.before) for row in rows if row.before] == [
        x for x in before.splitlines() if x
    ] or any(line == "" for line in before.splitlines())
    assert "".join("".join(t for t, _lit in row.after) for row in rows) == "".join(after.splitlines())


@pytest.mark.parametrize(
    "body",
    ["[" * 60_000, "![a](" * 12_000, "*a " * 20_000, "> " * 30_000, "|a|b|\n|-|-|\n" + "|1|2|\n" * 9_000, "`" * 60_000],
)
def test_K6_no_text_keeps_the_desk_waiting(body: str) -> None:
    started = time.process_time()
    as_html.__wrapped__(body)
    plain.__wrapped__(body)
    words.vector((body, "D"))
    assert time.process_time() - started < 15


def test_K6_wordings_are_bounded() -> None:
    groups = [[f"词{a}甲", *(f"词{a}乙{b}" for b in range(7))] for a in range(30)]
    asked = "".join(group[0] for group in groups)
    found = synonyms.wordings(asked, groups)
    assert found[0] == asked
    assert len(found) <= synonyms.MOST_WORDINGS


@pytest.mark.parametrize(
    ("typed", "tags"),
    [("电梯，困人", ["电梯", "困人"]), (" a  b,a ", ["a", "b"]), ("", []), ("#断站 #退服", ["断站", "退服"])],
)
def test_K6_tags_are_read_as_people_type_them(typed: str, tags: list[str]) -> None:
    assert tags_of(typed) == tags


def test_K6_drafts_are_not_found(desk: World) -> None:
    written(desk.agent, "断站草稿")
    assert titles("断站") == []
    assert Article.objects.shown().count() == 0


def test_K6_a_long_question_asks_the_texts_for_its_telling_words_only() -> None:
    asked = question(["客户说昨晚开始单元门对讲没有声音"])
    pairs = asked.some.split(" | ")
    assert len(pairs) == 6
    assert not any(word in asked.some for word in ("客户", "没有", "开始"))
    assert "(单元 & 声音)" in pairs
    assert question(["客户问题"]).some == "(客户 & 问题)"  # of nothing else, what there is


def test_K6_candidates_come_from_the_indexes_whatever_the_planner_believes(desk: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig FROM pg_proc WHERE proname = 'knowledge_article_hits'")
        assert cursor.fetchone() == (["enable_seqscan=off", "enable_indexscan=off"],)


def test_K6_of_a_common_word_the_newest_are_weighed_and_the_page_says_that_there_are_more(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [published(desk.agent, desk.chief, f"断站处理{number}") for number in range(6)]
    for days, article in enumerate(made):  # the first one written is the newest
        ArticleWords.objects.filter(article=article).update(published_at=now() - timedelta(days=days))
    monkeypatch.setattr("service_desk.knowledge.articles.search.WEIGHED", 4)
    monkeypatch.setattr("service_desk.knowledge.articles.search.MOST", 3)
    found = search("断站")
    assert ([str(hit.article) for hit in found.hits], found.total, found.more) == (
        ["断站处理0", "断站处理1", "断站处理2"],
        3,
        True,
    )
    assert not search("电梯").more
    assert "More than 100 articles" in text_of(browser(desk.agent).get("/knowledge/articles/", {"q": "断站"}))


def test_K6_of_a_service_line_what_lies_behind_the_newest_of_others_is_found(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ServiceLine.objects.get_or_create(code="property", defaults={"name": "物业", "name_en": "Property"})
    published(desk.agent, desk.chief, "断站处理甲", lines=["property"])
    published(desk.agent, desk.chief, "巡查说明", "断站时先看电表。", lines=["property"])
    for number in range(3):
        published(desk.agent, desk.chief, f"断站处理{number}", "查传输是否断站。", lines=["telecom"])
    monkeypatch.setattr("service_desk.knowledge.articles.search._LOOKED_AT", 2)
    assert titles("断站", line="property") == ["断站处理甲", "巡查说明"]
    assert [str(each) for each in suggest("断站", line="property")] == ["断站处理甲"]
    assert len(titles("断站", line="telecom")) == 3
