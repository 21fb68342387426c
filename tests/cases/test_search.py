"""The search of the list: words inside any text of a case, however they are written, found through one index."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from service_desk.cases import actions, words
from service_desk.cases.actions import Registration, register
from service_desk.cases.models import Case, CaseWords
from service_desk.cases.words import parts_of
from service_desk.customers.models import Customer
from tests.cases.callers import CASES, session
from tests.cases.pages import browser
from tests.factories import World, world

TOLD = "客户来电反映:今天早上八点左右GSM900基站整站断站,网管上看不到设备。联系人欧阳晨曦,序列号ZX2102350777。"


@pytest.fixture
def desk(db: None) -> World:
    return world()


def found(person: Any, asked: str) -> list[str]:
    """By the screen; REST must find the same."""
    page = browser(person).get("/cases/", {"q": asked})
    assert page.status_code == 200
    on_screen = [row.case.number for row in page.context["rows"]]
    answer = session(person).get(CASES, {"q": asked})
    assert [line["number"] for line in answer.json()["results"]] == on_screen
    return on_screen


@pytest.fixture
def told(desk: World) -> Case:
    other = Customer.objects.create(name="河北联通")
    register(actor=desk.agent, data=Registration(customer=other, product_type=desk.product, fault="咨询时延"))
    return desk.register(description=TOLD)


@pytest.mark.parametrize(
    "asked",
    [
        "看不到设备",
        "早上八点",
        "欧阳晨曦",
        "断",
        "曦",
        "gsm900",
        "GSM",
        "900",
        "ＧＳＭ９００",
        "gsm900基站",
        "八点左右gsm900",
        "zx2102350777",
        "2102350777",
        "断站 欧阳",
        "  网管　断站 ",
        "反映:今天",
        "福田区 看不到",
    ],
)
def test_words_inside_a_sentence_are_found_however_they_are_written(desk: World, told: Case, asked: str) -> None:
    assert found(desk.agent, asked) == [told.number]


@pytest.mark.parametrize(
    "asked", ["看不见设备", "断站断", "断站 河北", "备设", "sm900", "GSM901", "。,", "站整断", "'", "a' & 'b"]
)
def test_what_no_text_holds_is_not_found(desk: World, told: Case, asked: str) -> None:
    assert found(desk.agent, asked) == []


def test_outcome_reply_and_notes_are_searched_too(desk: World) -> None:
    case = desk.register(severity="minor")
    desk.register()
    actions.note(case=case, actor=desk.agent, text="已联系物业取钥匙")
    actions.start(case=case, actor=desk.agent)
    actions.resolve(case=case, actor=desk.agent, outcome="更换了主控板并升级软件")
    actions.reply(case=case, actor=desk.agent, reply="整改完毕请验收", channel="phone")
    for asked in ("物业取钥匙", "主控板", "请验收", "钥匙 主控板"):
        assert found(desk.agent, asked) == [case.number]


def test_the_words_follow_a_case_by_whatever_door_it_comes(desk: World) -> None:
    case = desk.register()
    Case.objects.filter(pk=case.pk).update(description="接头处渗水")
    assert found(desk.agent, "渗水") == [case.number]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cases_case SET description = '风扇异响' WHERE id = %s", [case.pk])
    assert found(desk.agent, "异响") == [case.number]


def test_P6_confidential_cases_are_found_by_their_holders_only(desk: World, told: Case) -> None:
    Case.objects.filter(pk=told.pk).update(confidential=True)
    assert found(desk.agent, "欧阳晨曦") == [told.number]
    assert found(desk.manager, "欧阳晨曦") == []


def test_common_words_are_found_along_the_order_and_rare_ones_by_the_index(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [desk.register(description="断站" if n % 2 else "漏水").number for n in range(6)]
    rare = found(desk.agent, "漏水")
    monkeypatch.setattr(words, "COMMON", 1)
    assert found(desk.agent, "漏水") == rare == numbers[4::-2]
    assert words.holding("漏水").common
    monkeypatch.setattr(words, "_LARGE", 1)
    monkeypatch.setattr(words, "_SHARE", 0.0)
    assert found(desk.agent, "漏水") == rare


def test_texts_of_every_length_are_taken_in(desk: World) -> None:
    case = desk.register(description="好" * 4000 + "x" * 3000 + " 尾声")
    assert found(desk.agent, "尾声") == [case.number]
    for _ in range(5):
        actions.note(case=case, actor=desk.agent, text="".join(chr(0x4E00 + n) for n in range(7999)))
    row = CaseWords.objects.get(pk=case.pk)
    assert row.words


@pytest.mark.parametrize(
    "asked", ["%00", "x" * 200, "' OR 1=1", ":*", "!", "a:b", "\\", "💥", "𠮷", "é", "İ", "%", "-", "<->", "​", "ﬀ", "①"]
)
def test_odd_questions_are_plain_answers(desk: World, asked: str) -> None:
    desk.register(description="𠮷野家 café ①")
    assert browser(desk.agent).get("/cases/", {"q": asked}).status_code == 200
    assert session(desk.agent).get(CASES, {"q": asked}).status_code in {200, 400}


def test_rare_characters_and_accents_are_found(desk: World) -> None:
    case = desk.register(description="𠮷野家 café Привет")
    for asked in ("𠮷野", "CAFÉ", "привет"):
        assert found(desk.agent, asked) == [case.number]


def test_what_matched_is_marked_and_shown_where_it_stands(desk: World, told: Case) -> None:
    page = browser(desk.agent).get("/cases/", {"q": "断站 欧阳"})
    html = page.content.decode()
    assert "<mark>断站</mark>" in html
    assert "联系人<mark>欧阳</mark>晨曦" in html
    actions.note(case=told, actor=desk.agent, text="已联系物业取钥匙")
    assert "已联系物业取<mark>钥匙</mark>" in browser(desk.agent).get("/cases/", {"q": "钥匙"}).content.decode()
    assert "“&lt;mark&gt;”" in browser(desk.agent).get("/cases/", {"q": "<mark>"}).content.decode()


def test_marks_fall_on_the_text_as_it_is_written() -> None:
    assert parts_of("ＧＳＭ基站 整站断站", "gsm 断站") == [("ＧＳＭ", True), ("基站 整站", False), ("断站", True)]
    assert parts_of("㎏大秤", "g大") == [("㎏大", True), ("秤", False)]
    assert parts_of("", "x") == []


def test_the_search_costs_at_most_twelve_queries(desk: World, django_assert_max_num_queries: Any) -> None:
    for _ in range(30):
        desk.register(description=TOLD)
    agent = browser(desk.agent)
    agent.get("/cases/")
    for query in ("?q=欧阳晨曦&state=open&severity=none", f"?q=断站&product={desk.product.pk}&unit={desk.unit.pk}"):
        with django_assert_max_num_queries(12):
            assert len(agent.get(f"/cases/{query}").context["rows"]) == 20


@pytest.mark.parametrize("asked", ["", "<b>", "script"])
def test_marks_let_no_text_of_a_case_become_markup(desk: World, asked: str) -> None:
    desk.register(fault="<script>alert(1)</script>&<b>")
    html = browser(desk.agent).get("/cases/", {"q": asked} if asked else {}).content.decode()
    assert "<script>alert" not in html
    assert "alert(1)" in html.replace("<mark>", "").replace("</mark>", "")
    assert "<b>" not in html.split("<tbody>")[1].split("</tbody>")[0].replace("<div><b>", "")
