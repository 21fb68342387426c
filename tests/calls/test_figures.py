"""Facts about a call are said in words, whatever an older row holds."""

from __future__ import annotations

import pytest
from django.utils import translation

from service_desk.calls.figures import figures

FACTS = [
    ("T1", {"rings": 4, "most": 3}, "4 rings, at most 3 allowed"),
    ("T1", {"rings": 1, "most": 3}, "1 ring, at most 3 allowed"),
    ("T2", {"rings": 6, "from": 5}, "6 rings, apology from ring 5 on"),
    ("T3", {"rings": 7, "least": 5, "most": 6}, "7 rings, 5 to 6 due"),
    ("T4", {"stretches": [3.0, 19.6], "longest": 19.6, "most": 15.0}, "20 s without a word, at most 15 s"),
    ("T5", {"ended_by": "agent"}, "hung up by: agent"),
    ("T6", {"to": "8006", "at": "2026-11-21T06:05:00+00:00"}, "to 8006, 2026-11-21 14:05"),
    ("T7", {"due": "2026-11-21T06:05:00+00:00"}, "to be registered by 2026-11-21 14:05"),
]


@pytest.mark.parametrize(("rule", "detail", "words"), FACTS)
def test_each_rule_says_its_figures(rule: str, detail: dict[str, object], words: str) -> None:
    assert figures(rule, detail) == words
    with translation.override("zh-hans"):
        assert not any(word in figures(rule, detail) for word in ("rings", "due", "hung", "without"))


@pytest.mark.parametrize("rule", ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T9", ""])
@pytest.mark.parametrize("detail", [{}, {"rings": None}, {"at": "x", "to": 1}, {"due": 5}, {"ended_by": "x"}])
def test_figures_of_an_older_kind_are_left_out(rule: str, detail: dict[str, object]) -> None:
    assert figures(rule, detail) == ""
