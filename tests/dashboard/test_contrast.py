"""Colours are readable: AA for every text on its ground, AAA for count-downs, 3:1 for what has no text; both themes."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path("static/css/tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}
THEMES = ("light", "dark")
GROUNDS = ("surface", "canvas", "sunken", "raised")


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str, theme: str) -> float:
    high, low = sorted((luminance(COLOURS[one][theme]), luminance(COLOURS[other][theme])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "theme"), list(product(("ink", "ink-2", "ink-3", "accent"), GROUNDS, THEMES))
)
def test_text_is_AA_on_every_ground(ink: str, ground: str, theme: str) -> None:
    assert contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize(
    ("ink", "ground", "theme"),
    [
        (ink, ground, theme)
        for (ink, ground), theme in product(
            [
                ("on-accent", "accent"),
                ("on-accent", "accent-strong"),
                ("accent-strong", "accent-soft"),
                ("ink", "accent-soft"),
                ("accent", "accent-soft"),
                ("ink-2", "accent-soft"),
                ("quiet", "quiet-soft"),
                ("ink-2", "quiet-soft"),
                ("met", "met-soft"),
                ("surface", "ink"),
                ("rail-ink", "rail"),
                ("rail-on", "rail-active"),
                ("ink-2", "warn-soft"),
                ("ink-2", "late-soft"),
                ("accent", "warn-soft"),
                ("accent", "late-soft"),
            ],
            THEMES,
        )
    ],
)
def test_text_is_AA_on_its_tint(ink: str, ground: str, theme: str) -> None:
    assert contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize(
    ("ink", "ground", "theme"),
    [
        *product(("calm", "warn", "late", "met", "paused", "quiet"), ("surface",), THEMES),
        *product(("warn",), ("warn-soft",), THEMES),
        *product(("late",), ("late-soft",), THEMES),
        *product(("paused",), ("paused-soft",), THEMES),
    ],
)
def test_count_downs_are_AAA(ink: str, ground: str, theme: str) -> None:
    assert contrast(ink, ground, theme) >= 7


@pytest.mark.parametrize(
    ("edge", "ground", "theme"),
    [
        *product(("line-strong", "focus"), GROUNDS, THEMES),
        *product(("calm-bar", "warn-bar", "late-bar", "met-bar", "paused-bar"), ("surface",), THEMES),
    ],
)
def test_edges_of_controls_and_bars_are_seen(edge: str, ground: str, theme: str) -> None:
    assert contrast(edge, ground, theme) >= 3


def test_no_colour_is_named_outside_the_tokens() -> None:
    stray = {}
    for sheet in Path("static/css").glob("*.css"):
        if sheet.name in {"tokens.css", "print.css"}:
            continue
        found = set(re.findall(r"#[0-9a-f]{3,8}\b", sheet.read_text())) - {"#64d3c8", "#7be0d6", "#fff"}
        if found:
            stray[sheet.name] = found
    assert stray == {}
