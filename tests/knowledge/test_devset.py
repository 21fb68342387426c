"""The bar of the language check on labelled desk talk: half A was tuned on, half B not, C was written afterwards."""

from __future__ import annotations

import pytest

from bench.language_score import HALVES, LATER, read, score
from tests.knowledge.books import shipped

SETS = (*HALVES, LATER)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["a", "b", "c"])
def test_K3_the_labelled_texts_come_out_well_enough(number: int) -> None:
    result = score(shipped(), read(SETS[number]))
    assert result.texts >= 150
    assert result.f1 >= 0.93, result.mistakes
    assert result.clean_flagged <= 0.05 * result.clean, result.mistakes
    assert result.exact_offsets >= 0.98 * result.hits, result.mistakes


def test_K2_every_category_and_every_entry_has_its_texts() -> None:
    expected = {entry for half in HALVES for item in read(half) for _start, _end, entry in item["expect"]}
    assert expected == {entry.code for entry in shipped().entries}


def test_labels_lie_inside_their_texts() -> None:
    for each in SETS:
        for item in read(each):
            for start, end, _entry in item["expect"]:
                assert 0 <= start < end <= len(item["text"]), item
