"""Times, names and icons are said the same way everywhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from service_desk.dashboard.templatetags import desk


@pytest.mark.parametrize(
    ("value", "english"),
    [
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(seconds=42), "42 s"),
        (12000, "3 h 20 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(days=1, hours=1, minutes=1), "1 d 1 h 1 min"),
        (-timedelta(minutes=5), "−5 min"),
        (0, "0 s"),
        (None, "–"),
    ],
)
def test_durations(value: Any, english: str) -> None:
    with translation.override("en"):
        assert desk.duration(value) == english


def test_times_are_of_the_desks_zone() -> None:
    assert desk.localdt(datetime(2026, 11, 21, 6, 5, tzinfo=UTC)) == "2026-11-21 14:05"
    assert desk.localdt(None) == "–"


def test_a_long_name_is_cut_in_the_middle_and_kept_whole_beside() -> None:
    name = "内蒙古自治区呼伦贝尔市鄂温克族自治旗红花尔基林业局移动通信枢纽机房"
    html = desk.middle_cut(name, 12)
    assert f'title="{name}"' in html
    shown = html.split('aria-hidden="true">')[1].split("<")[0]
    assert len(shown) == 12
    assert shown.startswith("内蒙古")
    assert shown.endswith("机房")


def test_a_short_name_stays_and_a_hostile_one_is_escaped() -> None:
    assert desk.middle_cut("华苑小区", 12) == "华苑小区"
    assert "<b>" not in str(desk.middle_cut("<b>" + "x" * 40, 12))


def test_an_icon_is_hidden_from_screen_readers_and_light() -> None:
    html = Template('{% load desk %}{% icon "bell" %}{% icon "bell" 24 %}').render(Context())
    assert html.count('aria-hidden="true"') == 2
    assert "\n" not in html
