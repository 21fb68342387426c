"""Numbers as people write them: split, matched in E.164, masked; names by initials and by pieces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.customers.rules import gram_query, grams, initials, mask_number, split_numbers, to_e164

DIGITS = st.text("0123456789", min_size=1, max_size=12)
SEPARATORS = st.sampled_from(["", " ", "-", ".", "/"])


@pytest.mark.parametrize(
    "written",
    [
        "0755/2677-2892",
        "0755 26772892",
        "(0755)2677 2892",
        "（0755）２６７７２８９２",
        "+86 755 2677 2892",
        "0086-755-26772892",
        "00 86 755 26772892",
        "86-755-26772892",
        "0755-26772892转801",
        "0755-26772892 ext. 801",
        "\u202a0755-26772892\u202c",
        "0755\u201126772892",
    ],
)
def test_one_number_in_any_writing_is_the_same(written: str) -> None:
    assert to_e164(written) == "+8675526772892"


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "0086 138 0013 8000",
        "008613800138000",
        "8613800138000",
        "１３８００１３８０００",
        "\u200e+86\u00a0138\u00a00013\u00a08000",
    ],
)
def test_a_mobile_in_any_writing_is_the_same(written: str) -> None:
    assert to_e164(written) == "+8613800138000"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "abc",
        "110",
        "12345",
        "12315",
        "10086",
        "95598",
        "26772892",
        "2677289",
        "1380013800013",
        "+",
        "+86",
        "🙂",
        "0" * 10_000,
        "a\x00b",
        "801",
        "\u202e",
    ],
)
def test_what_is_no_whole_number_matches_nothing(written: str) -> None:
    assert to_e164(written) is None


def test_numbers_from_abroad_and_service_numbers() -> None:
    assert to_e164("+1 650 253 0000") == "+16502530000"
    assert to_e164("+852 2345 6789") == "+85223456789"
    assert to_e164("400-800-1234") == "+864008001234"


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("0755/2677-2892", ["07552677-2892"]),
        ("0755/2677-2892/2677-2893", ["07552677-2892", "07552677-2893"]),
        ("0755/2677-2892/13800138000", ["07552677-2892", "13800138000"]),
        ("138-0013-8000/139-0013-9000", ["138-0013-8000", "139-0013-9000"]),
        ("13800138000、13900139000；0755-26772892", ["13800138000", "13900139000", "0755-26772892"]),
        ("13800138000,", ["13800138000"]),
        (" / ", []),
        ("", []),
        ("021/138", ["021", "138"]),
    ],
)
def test_what_was_typed_is_split_into_its_numbers(typed: str, numbers: list[str]) -> None:
    assert split_numbers(typed) == numbers


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    found = to_e164(text)
    assert found is None or re.fullmatch(r"\+\d{7,15}", found)
    for part in split_numbers(text):
        assert part == part.strip() != ""


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), SEPARATORS, st.sampled_from(["", "+86", "0086", "+86 "]))
def test_law_every_mobile_is_found_again_however_it_is_written(number: str, separator: str, front: str) -> None:
    written = front + separator.join((number[:3], number[3:7], number[7:]))
    assert to_e164(written) == f"+86{number}"


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_law_e164_of_e164_is_itself(number: str) -> None:
    once = to_e164(number)
    assert once is not None
    assert to_e164(once) == once


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+86 138 0013 8000", "138****8000"),
        ("0086 138 0013 8000", "138****8000"),
        ("0755/2677-2892", "075****2892"),
        ("0755-26772892转801", "075****2892"),
        ("26772892", "26****92"),
        ("95598", "***98"),
        ("7", "7"),
        ("", ""),
    ],
)
def test_P6_masked_numbers_keep_their_ends(raw: str, shown: str) -> None:
    assert mask_number(raw) == shown


@given(DIGITS)
def test_P6_law_a_mask_hides_at_least_three_figures_of_every_longer_number(digits: str) -> None:
    shown = re.sub(r"\D", "", mask_number(digits))
    if len(digits) >= 7:
        assert len(shown) <= len(digits) - 3
    assert len(shown) <= 7


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("深圳市福田区政务服务中心", "szsftqzwfwzx"),
        ("重庆银行", "cqyh"),
        ("厦门大厦", "xmds"),
        ("ABC 公司３号", "abcgs3h"),
        ("𠮷野家🙂", "yj"),
        ("", ""),
    ],
)
def test_initials_as_they_come(name: str, typed: str) -> None:
    assert initials(name) == typed


@given(st.text("深圳市福田区政务服务中心abcXYZ019", max_size=30), st.data())
def test_law_every_piece_of_a_chinese_name_is_found(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name)))
    piece = name[start : data.draw(st.integers(start, len(name)))]
    assert set(gram_query(piece)) <= set(grams(name))
