"""K2, K3: what is found, where exactly, and what is no finding although the words stand there."""

from __future__ import annotations

import pytest

from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.compiled import Compiled
from service_desk.knowledge.language.release import Release
from tests.knowledge.books import book, found, pairs, shipped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这款手机你买得起吗？", ("B19", "你买得起吗")),
        ("我就这态度！", ("B32", "我就这态度")),
        ("不知道。", ("B39", "不知道")),
        ("有意见，找经理去。", ("B41", "有意见，找经理去")),
        ("长耳朵干吗使的", ("B31", "长耳朵干吗使的")),
        ("您还有完没完？", ("B34", "有完没完")),
        ("怎么还问", ("B40", "怎么还问")),
        ("咋还问", ("B40", "咋还问")),
        ("那个老头儿又来了", ("B26", "老头儿")),
        ("那个老头又来了", ("B26", "老头")),
    ],
)
def test_K2_a_banned_phrase_is_found_with_its_span(text: str, expected: tuple[str, str]) -> None:
    answers = found(text)
    assert [entry for entry, _phrase in answers] == [expected[0]]
    assert expected[1] in answers[0][1]


@pytest.mark.parametrize(
    ("text", "entry", "phrase", "how"),
    [
        ("妳買得起嗎", "B19", "妳買得起嗎", "variant"),
        ("老　家　伙", "B01", "老　家　伙", "variant"),
        ("老\u200b家\u200b伙", "B01", "老\u200b家\u200b伙", "variant"),
        ("有.完.没.完", "B34", "有.完.没.完", "variant"),
        ("老(lǎo)家(jiā)伙(huo)", "B01", "老(lǎo)家(jiā)伙(huo)", "variant"),
        ("⽼家伙", "B01", "⽼家伙", "variant"),
        ("老家家伙", "B01", "老家家伙", "variant"),
        ("找😀经😀理😀去", "B41", "找😀经😀理😀去", "variant"),
        ("不知到！", "B39", "不知到", "homophone"),
        ("bu zhi dao", "B39", "bu zhi dao", "pinyin"),
        ("LAO JIA HUO", "B01", "LAO JIA HUO", "pinyin"),
        ("不zhi道", "B39", "不zhi道", "pinyin"),
        ("你是龙耳子吗", "B13", "龙耳子", "split"),
        ("着急什么，著什麼急", "B37", "著什麼急", "variant"),
    ],
)
def test_K3_evasion_does_not_help(text: str, entry: str, phrase: str, how: str) -> None:
    answer = check(shipped(), text, "to_customer")
    assert pairs(answer) == [(entry, phrase)]
    assert answer.findings[0].how == how


def test_K3_a_whole_phrase_and_its_clauses_are_one_finding() -> None:
    assert found("有能耐你告去，随便告哪都不怕。") == [("B33", "有能耐你告去，随便告哪都不怕")]
    assert found("我解决不了，愿意找谁就找谁去！") == [("B38", "我解决不了，愿意找谁就找谁去")]


@pytest.mark.parametrize(
    "text",
    [
        "不知道您是否方便？",
        "客户不知道密码。",
        "如果您不知道密码，请联系我们。",
        "祝您快点好起来",
        "我们帮您快点恢复",
        "刚才和您说过的方案已发送",
        "这条裤子太肥了",
        "柜台太矮",
        "化肥已到货",
        "喂养宠物的业主",
        "請餵飽寵物",
        "黑瞎子岛的基站",
        "亚麻子油",
        "看病号码",
        "没有零钱，找同事换了",
        "总部知道情况",
        "套餐含什么内容",
        "《傻子》彩铃",
        "老家，火车票已退",
        "到底要不要紧",
    ],
)
def test_K3_everyday_words_are_no_finding(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "客户说邻居骂他是老家伙",
        "客户骂我们“有完没完”",
        "不得对客户说“不知道”",
        "服务忌语：喂！老头儿、有完没完",
        "“老东西”这类称呼属于禁用语",
        "我们绝不会说问别人去",
        "客户：有完没完",
        "[00:12] 来电人：你们有完没完",
        "被人骂作老家伙",
    ],
)
def test_K3_quoting_the_customer_or_the_rule_is_no_finding(text: str) -> None:
    assert found(text, "internal_note") == []


def test_K3_quotation_marks_alone_are_irony_and_no_excuse() -> None:
    assert found("这位“老家伙”又来了") == [("B01", "老家伙")]
    assert found("很抱歉，员工称您“老家伙”，我们已批评。") == []


def test_K3_the_customers_own_words_are_no_finding() -> None:
    assert found("有完没完", speaker="customer") == []
    assert found("客户：有完没完\n客服：我就这态度", "transcript") == [("B32", "我就这态度")]


def test_K3_an_unknown_speaker_of_a_transcript_is_a_hint_at_most() -> None:
    (finding,) = check(shipped(), "有能耐你告去", "transcript", "unknown").findings
    assert finding.severity == "hint"


@pytest.mark.parametrize(
    ("direction", "text", "severity"),
    [
        ("to_customer", "我就这态度", "block"),
        ("to_customer", "老家伙", "block"),
        ("to_customer", "不知道", "warn"),
        ("to_customer", "找经理去", "warn"),
        ("internal_note", "老家伙", "warn"),
        ("transcript", "老家伙", "warn"),
        ("to_customer", "您太肥了", "warn"),
        ("to_customer", "老家火", "warn"),
    ],
)
def test_K3_what_a_finding_does(direction: str, text: str, severity: str) -> None:
    (finding,) = check(shipped(), text, direction).findings
    assert finding.severity == severity
    assert finding.suggestions


def test_K3_repeats_in_a_phrase_are_not_lost_when_repeats_are_folded() -> None:
    doubled = book({"code": "X1", "text": "爸爸妈妈"})
    assert pairs(check(doubled, "爸爸妈妈", "to_customer")) == [("X1", "爸爸妈妈")]
    assert pairs(check(doubled, "爸爸爸妈妈", "to_customer")) == [("X1", "爸爸爸妈妈")]
    assert pairs(check(doubled, "爸妈", "to_customer")) == []


def test_K3_latin_and_figures_are_not_found_inside_longer_words() -> None:
    mine = book({"code": "X1", "text": "hi"}, {"code": "X2", "text": "69"})
    assert pairs(check(mine, "this 695", "to_customer")) == []
    assert pairs(check(mine, "HI, 69!", "to_customer")) == [("X1", "HI"), ("X2", "69")]


def test_K3_an_allowed_longer_word_covers_the_hit() -> None:
    mine = book({"code": "X1", "text": "小票", "allow": ["小票机"]})
    assert pairs(check(mine, "小票机坏了", "to_customer")) == []
    assert pairs(check(mine, "给张小票", "to_customer")) == [("X1", "小票")]


def test_K3_why_nothing_was_shown_is_kept() -> None:
    answer = check(shipped(), "客户说老家伙", "internal_note")
    assert [(e.entry, e.reason) for e in answer.excused] == [("B01", "report")]


def test_K4_the_answer_names_its_release() -> None:
    answer = check(book({"code": "X1", "text": "小票"}), "小票", "to_customer")
    assert (answer.release, answer.findings[0].release) == (7, 7)


def test_K4_an_empty_release_finds_nothing() -> None:
    assert check(Compiled(Release(0, ())), "老家伙", "to_customer").findings == ()


def test_K3_a_long_text_is_read_in_pieces_with_offsets_of_the_whole() -> None:
    text = "您好，您的报修已受理。\n" * 3000 + "我就这态度"
    (finding,) = check(shipped(), text, "to_customer").findings
    assert text[finding.start : finding.end] == "我就这态度"
