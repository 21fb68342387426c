"""K3: laws of the check for any text: offsets cut the original, the same twice, no text takes for ever."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_desk.knowledge.language.check import check
from service_desk.knowledge.language.folding import fold, letters
from tests.knowledge.books import shipped

_PHRASES = [
    "老家伙",
    "你买得起吗",
    "我就这态度",
    "有完没完",
    "愿意找谁就找谁去",
    "问别人去",
    "长耳朵干嘛使的",
    "老废物",
]
_TRADITIONAL = str.maketrans("买吗态废长干问别谁", "買嗎態廢長幹問別誰")
_NOISE = " \u3000\u200b.·*-_~|😀\u2060"
_SAFE = "您好今天工单已受理请稍候"
_anything = st.text(st.characters(), max_size=200)


def evade(phrase: str, chance: random.Random) -> str:
    """The phrase as somebody writes it who does not want it found."""
    if chance.random() < 0.4:
        phrase = phrase.translate(_TRADITIONAL)
    if chance.random() < 0.5:
        mark = chance.choice(_NOISE) * chance.randint(1, 3)
        phrase = mark.join(phrase)
    return phrase


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from(_PHRASES),
    st.text(_SAFE + "ﬁ…㍿", max_size=60),
)
def test_K3_offsets_cut_the_original_at_the_phrase_whatever_the_folding_did(
    seed: int, phrase: str, around: str
) -> None:
    written = evade(phrase, random.Random(seed))
    text = f"{around}ﬁ…㎏。{written}。{around}"
    start = text.index(written)
    answer = check(shipped(), text, "to_customer")
    assert [(f.start, f.end) for f in answer.findings] == [(start, start + len(written))]
    assert answer.findings[0].phrase == written


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(_anything, st.text("老家伙不知道喂您客户说：“”。\n太肥矮\ud800\x00a(ǎ)", max_size=80)))
def test_K3_any_text_has_an_answer_and_the_same_one_twice(text: str) -> None:
    for direction in ("to_customer", "internal_note", "transcript"):
        answer = check(shipped(), text, direction)
        assert answer == check(shipped(), text, direction)
        for finding in answer.findings:
            assert 0 <= finding.start < finding.end <= len(text)
            assert finding.phrase == text[finding.start : finding.end]
            assert letters(text[finding.start]), "begins with a letter of the phrase"
            assert letters(text[finding.end - 1])
        spans = [(f.start, f.end) for f in answer.findings]
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


@given(_anything)
def test_K3_folding_keeps_a_place_for_each_letter(text: str) -> None:
    folded = fold(text)
    assert len(folded.letters) == len(folded.places)
    assert len(folded.track) == len(folded.plain) == len(text)
    assert folded.places == sorted(folded.places)
    assert fold(folded.letters).letters == folded.letters


@pytest.mark.parametrize(
    "text",
    [
        "您" * 1_000_000,
        "不知道" * 33_000,  # this and the next cost 20 µs a letter
        "喂" * 100_000,
        "“" * 1_000_000,
        "客户说" * 330_000 + "老家伙",
        "(a" * 500_000,
        "a" * 1_000_000,
        "客户：" * 330_000,
        "[00:12]" * 140_000,
        "\ud800\x00" * 500_000,
        "老 " * 500_000,
    ],
    ids=[
        "plain",
        "hits",
        "one letter",
        "quotes",
        "reports",
        "brackets",
        "latin",
        "labels",
        "times",
        "surrogates",
        "gaps",
    ],
)
def test_K3_no_text_takes_for_ever(text: str) -> None:
    start = time.process_time()
    answer = check(shipped(), text, "internal_note")
    assert all(f.phrase == text[f.start : f.end] for f in answer.findings)
    assert time.process_time() - start < 20
