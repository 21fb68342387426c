"""A date and time as it is typed in a hurry, read in the desk's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_desk.people.moments import read_moment

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)  # the 22nd, 01:30, in Shanghai


def read(text: str) -> datetime | None:
    return read_moment(text, now=NOW, zone=SHANGHAI)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("14:05", "2026-11-22 14:05:00"),
        ("00:10", "2026-11-22 00:10:00"),
        ("11-21 23:50", "2026-11-21 23:50:00"),
        ("2026-11-21 14:05", "2026-11-21 14:05:00"),
        ("2026-11-21T14:05", "2026-11-21 14:05:00"),
        ("2026-11-21T14:05:59.123", "2026-11-21 14:05:59"),
        ("2026/11/21 14:05", "2026-11-21 14:05:00"),
        ("2026年11月21日14时05分", "2026-11-21 14:05:00"),
        ("11月21日 8点", "2026-11-21 08:00:00"),
        ("１４：０５", "2026-11-22 14:05:00"),
        ("2026-11-21", "2026-11-21 00:00:00"),
        ("  9:5  ", "2026-11-22 09:05:00"),
    ],
)
def test_every_usual_writing_is_read_in_the_zone(typed: str, meant: str) -> None:
    moment = read(typed)
    assert moment is not None
    assert moment.strftime("%Y-%m-%d %H:%M:%S") == meant
    assert moment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "now",
        "14",
        "25:00",
        "14:60",
        "2026-02-29",
        "13-01 10:00",
        "0000-01-01",
        "-14:05",
        "14:05 pm",
        "T",
        "1" * 10_000,
        "\u202e14:05",
        "2026-11-21 14:05 +08:00",
    ],
)
def test_nonsense_is_nothing(typed: str) -> None:
    assert read(typed) is None


def test_a_zone_with_summer_time_is_read_too() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    skipped = read_moment("2026-03-29 02:30", now=NOW, zone=berlin)
    twice = read_moment("2026-10-25 02:30", now=NOW, zone=berlin)
    assert skipped is not None
    assert twice is not None
    assert skipped.astimezone(UTC).strftime("%H:%M") == "01:30"
    assert twice.astimezone(UTC).strftime("%H:%M") == "00:30"


@given(st.text(max_size=60))
def test_law_any_text_is_answered(text: str) -> None:
    moment = read(text)
    assert moment is None or moment.tzinfo is SHANGHAI


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  (local times are what is typed)
def test_law_what_is_written_in_full_is_read_back(moment: datetime) -> None:
    found = read(moment.strftime("%Y-%m-%d %H:%M:%S"))
    assert found is not None
    assert found.replace(tzinfo=None) == moment.replace(microsecond=0)
