"""A clock reads the same on the page and in the script: figures, tone, word and share."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from service_desk.dashboard import clockface

NOW = datetime(2026, 11, 21, 6, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def clock(used: float = 0.5, state: str = "running", **more: Any) -> dict[str, Any]:
    started = NOW - 4 * HOUR * used
    return {
        "kind_label": "Restoration",
        "state": state,
        "started_at": started,
        "due_at": started + 4 * HOUR,
        "share": min(used, 1),
        **more,
    }


@pytest.mark.parametrize(
    ("left", "figures"),
    [
        (timedelta(hours=1, minutes=2, seconds=3), "01:02:03"),
        (timedelta(0), "00:00:00"),
        (-timedelta(milliseconds=600), "00:00:00"),
        (-timedelta(minutes=12, seconds=40), "−00:12:40"),
        (timedelta(hours=99, minutes=59, seconds=59), "99:59:59"),
        (timedelta(days=5, hours=4, minutes=12), "5 d 04:12"),
        (-timedelta(days=5, hours=4, minutes=12), "−5 d 04:12"),
    ],
)
def test_figures(left: timedelta, figures: str) -> None:
    assert clockface.figures(left) == figures


@pytest.mark.parametrize(
    ("deadline", "tone", "ticking"),
    [
        (clock(0.5), "calm", True),
        (clock(0.75), "warn", True),
        (clock(1.1), "late", True),
        (clock(0.5, "error"), "calm", True),
        (clock(0.5, "paused"), "paused", False),
        (clock(0.5, "met", ended_at=NOW), "met", False),
        (clock(1.1, "breached", ended_at=NOW), "late", False),
        (clock(0.5, "merged"), "merged", False),
        (clock(0.5, "cancelled"), "cancelled", False),
    ],
)
def test_each_state_has_its_tone_and_its_word(deadline: dict[str, Any], tone: str, ticking: bool) -> None:
    face = clockface.read(deadline, NOW)
    assert (face.tone, face.ticking) == (tone, ticking)
    assert face.word == ("ended late" if deadline["state"] == "breached" else clockface.words()[tone])


def test_an_ended_clock_stands_still() -> None:
    ended = clock(0.5, "met", ended_at=NOW - HOUR)
    assert clockface.read(ended, NOW).text == clockface.read(ended, NOW + 5 * HOUR).text == "03:00:00"


def test_a_paused_clock_shows_what_is_left_and_does_not_run() -> None:
    assert clockface.read(clock(0.5, "paused", remaining=90 * 60), NOW).text == "01:30:00"
    assert clockface.read(clock(0.5, "paused"), NOW).text == "–"


def test_a_row_of_the_database_is_read_as_it_is() -> None:
    row = SimpleNamespace(
        state="running",
        started_at=NOW - HOUR,
        due_at=NOW + 3 * HOUR,
        ended_at=None,
        get_kind_display=lambda: "On site",
        remaining=lambda now: None,
    )
    face = clockface.read(row, NOW)
    assert (face.kind, face.share, face.text) == ("On site", 0.25, "03:00:00")


def test_without_a_clock_the_due_time_is_still_told() -> None:
    html = render_to_string("components/countdown.html", {"deadline": clock(0.5)})
    assert "due 2026-11-21 16:05" in html
    assert 'data-due="2026-11-21T08:05:00+00:00"' in html


def test_a_clock_opens_its_explanation_only_where_there_is_one() -> None:
    with_why = render_to_string("components/countdown.html", {"deadline": clock(explain_url="/cases/1/clock/2/")})
    without = render_to_string("components/countdown.html", {"deadline": clock(), "compact": 1})
    assert 'hx-get="/cases/1/clock/2/"' in with_why
    assert "hx-get" not in without
    assert 'tabindex="0"' in without  # its due time is reached by keyboard all the same


def test_every_tone_has_its_shape() -> None:
    shapes = Path("templates/components/shapes.html").read_text()
    missing = [tone for tone in clockface.words() if f'id="shape-{tone}"' not in shapes]
    assert missing == []


def test_the_script_warns_from_the_same_share() -> None:
    script = Path("static/js/clock.js").read_text()
    assert f"WARN_FROM = {clockface.WARN_FROM};" in script
