"""Answers to the fields of request types: whatever is sent, an answer that can be kept or words for the person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.cases.models import RequestField
from service_desk.cases.requesting import checked_value, shown_value
from service_desk.cases.rules import FieldKind

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(kind=st.sampled_from(FieldKind.values), sent=ANYTHING)
def test_anything_is_kept_as_plain_JSON_or_refused_in_words(kind: str, sent: Any) -> None:
    field = RequestField(key="a", name="字段", kind=kind, choices="高\n低")
    try:
        kept = checked_value(field, sent)
    except ValueError as refused:
        assert str(refused)  # noqa: PT017  (either answer is right; one of them has words)
        return
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert checked_value(field, kept) == kept  # an answer that was read is an answer that may be sent
    assert isinstance(shown_value(kept), str)


@pytest.mark.parametrize(
    ("kind", "sent", "kept", "shown"),
    [
        ("number", " 12.50 ", 12.5, "12.5"),
        ("number", "-3.0", -3, "-3"),
        ("number", 0.1, 0.1, "0.1"),
        ("number", "9999999999.9999", 9999999999.9999, "9999999999.9999"),
        ("date", "2026-2-9", "2026-02-09", "2026-02-09"),
        ("yes_no", "on", True, "Yes"),
        ("yes_no", False, False, "No"),
        ("choice", "高", "高", "高"),
        ("text", "  两端空白  ", "两端空白", "两端空白"),
        ("text", "   ", None, ""),
    ],
)
def test_an_answer_is_kept_in_one_form(kind: str, sent: Any, kept: Any, shown: str) -> None:
    value = checked_value(RequestField(key="a", name="字段", kind=kind, choices="高\n低"), sent)
    assert (value, shown_value(value)) == (kept, shown)
    assert type(value) is type(kept)
