"""The bar of the language check on labelled desk talk: half A was tuned on, half B never looked at."""

from __future__ import annotations

import pytest

from bench.language_score import HALVES, read, score
from tests.knowledge.books import shipped


@pytest.mark.parametrize("half", [0, 1], ids=["a", "b"])
def test_K3_the_labelled_texts_come_out_well_enough(half: int) -> None:
    result = score(shipped(), read(HALVES[half]))
    assert result.texts >= 150
    assert result.f1 >= 0.93, result.mistakes
    assert result.clean_flagged <= 0.05 * result.clean, result.mistakes
    assert result.exact_offsets >= 0.98 * result.hits, result.mistakes


def test_K2_every_category_and_every_entry_has_its_texts() -> None:
    expected = {entry for half in HALVES for item in read(half) for _start, _end, entry in item["expect"]}
    assert expected == {entry.code for entry in shipped().entries}


def test_labels_lie_inside_their_texts() -> None:
    for half in HALVES:
        for item in read(half):
            for start, end, _entry in item["expect"]:
                assert 0 <= start < end <= len(item["text"]), item
