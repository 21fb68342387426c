"""Gaps in the roster, found before they happen (C18): a pure sweep over shifts, held to minute-by-minute counting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service_desk.people.gaps import uncovered

START = datetime(2026, 11, 21, tzinfo=UTC)
END = START + timedelta(minutes=60)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def test_no_shift_is_one_gap_and_a_full_cover_none() -> None:
    assert list(uncovered([], START, END)) == [(START, END)]
    assert list(uncovered([(at(-5), at(70))], START, END)) == []
    assert list(uncovered([(at(0), at(30)), (at(30), at(60))], START, END)) == []


def test_gaps_before_between_and_after() -> None:
    found = list(uncovered([(at(10), at(20)), (at(30), at(40))], START, END))
    assert found == [(at(0), at(10)), (at(20), at(30)), (at(40), at(60))]


def test_a_shift_beyond_the_end_is_cut() -> None:
    assert list(uncovered([(at(50), at(90))], START, END)) == [(at(0), at(50))]


@given(st.lists(st.tuples(st.integers(-20, 80), st.integers(1, 40)), max_size=8))
def test_law_every_minute_is_in_a_shift_or_in_a_gap_and_never_in_both(shifts: list[tuple[int, int]]) -> None:
    inside = sorted((begin, begin + length) for begin, length in shifts if begin < 60 and begin + length > 0)
    found = list(uncovered([(at(begin), at(end)) for begin, end in inside], START, END))
    for minute in range(60):
        covered = any(begin <= minute < end for begin, end in inside)
        in_gap = sum(start <= at(minute) < end for start, end in found)
        assert in_gap == (0 if covered else 1)
    assert all(start < end for start, end in found)
