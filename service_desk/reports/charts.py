"""Charts of tables, drawn on the server by pygal, without its scripts and its style sheet.

Each stands beside its table, which has every number. Fills are told apart by pattern too, so that paper, a dark page
and eyes that mix up colours all show the same; the colours are those of static/css/reports.css.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import pygal
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from pygal.style import Style

from service_desk.reports import words
from service_desk.reports.registry import FIGURES
from service_desk.reports.shapes import Column, Report, Table, Value

# pygal hangs a finder for packages of maps into Python's imports, of an old kind that Python warns of at every import
# that follows; the desk has no such packages.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

#: So many groups are drawn; the table has them all.
SHOWN_GROUPS = 15
_WIDTH, _HEIGHT, _LINE = 920, 300, 26
_LABELS, _LABEL_COLUMNS = 16, 28
_FONT = 13
#: Steps of a scale of times in seconds, of which it has so many at most.
_STEPS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000)
_MARKS, _DAY = 5, 86_400
#: The tones of what went well, what did not, and the rest, each in turn.
_TONES = {"good": ("good1", "good2"), "bad": ("bad1", "bad2"), "rest": ("rest1", "rest2", "rest3")}
#: Those whose fill is a pattern of templates/reports/patterns.html.
PATTERNS = frozenset({"good2", "bad1", "bad2", "rest2", "rest3"})
_STYLE = Style(label_font_size=_FONT, major_label_font_size=_FONT, value_font_size=_FONT, no_data_font_size=_FONT)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, what it shows in a word, and its legend: a label and a tone each."""

    svg: SafeString
    title: str
    legend: tuple[tuple[str, str], ...]
    patterns: frozenset[str] = PATTERNS


@dataclass(frozen=True, slots=True)
class _Series:
    column: Column
    tone: str
    values: tuple[Value, ...]


def of(table: Table, report: Report) -> list[Chart]:
    """The charts of a table; none where one would say nothing."""
    if table.key == "total" or table.total is None or not table.total.values[0]:
        return []
    counted = _counted(table, report)
    if table.key == "group":
        return [_bars(pygal.HorizontalStackedBar, table, counted, report)]
    times = [_Series(column, tone, _values(table, column)) for column, tone in _timed(table.columns)]
    charts = [_bars(pygal.StackedBar, table, counted, report)]
    return [*charts, _lines(table, times, report)] if times else charts


def _counted(table: Table, report: Report) -> list[_Series]:
    """How the facts went, one on top of the other; just how many where nothing is told of that."""
    figure = FIGURES[report.key]
    tones = {kind: iter(_TONES[kind] * 3) for kind in _TONES}
    found = []
    for column in table.columns:
        if column.key in figure.outcomes:
            kind = "good" if column.key in figure.good else "bad" if column.key in figure.bad else "rest"
            found.append(_Series(column, next(tones[kind]), _values(table, column)))
    return found or [_Series(table.columns[0], "good1", _values(table, table.columns[0]))]


def _timed(columns: Sequence[Column]) -> Iterator[tuple[Column, str]]:
    yield from ((column, tone) for column in columns for key, tone in _LINES if column.key == key)


_LINES = (("median", "line1"), ("p90", "line2"))


def _values(table: Table, column: Column) -> tuple[Value, ...]:
    place = table.columns.index(column)
    return tuple(row.values[place] for row in table.rows)


def _bars(kind: Any, table: Table, series: Sequence[_Series], report: Report) -> Chart:
    sideways = kind is pygal.HorizontalStackedBar
    shown = min(len(table.rows), SHOWN_GROUPS) if sideways else len(table.rows)
    labels = [_cut(row.label) for row in table.rows[:shown]]
    height = 60 + _LINE * shown if sideways else _HEIGHT
    chart = _new(kind, height, labels, sideways=sideways)
    chart.value_formatter = lambda value: f"{value:,.0f}"
    for one in series:
        chart.add(one.column.label, list(one.values[:shown])[:: -1 if sideways else 1])
    return _drawn(chart, f"{report.title}: {table.title}", series)


def _lines(table: Table, series: Sequence[_Series], report: Report) -> Chart:
    chart = _new(pygal.Line, _HEIGHT, [row.label for row in table.rows], sideways=False)
    chart.allow_interruptions = True
    chart.value_formatter = words.lasting
    times = [float(value) for one in series for value in one.values if isinstance(value, int | float)]
    chart.y_labels = _even_times(max(times, default=0.0))
    for one in series:
        chart.add(one.column.label, list(one.values))
    return _drawn(chart, f"{report.title}: {series[0].column.label}", series)


def _even_times(most: float) -> list[float]:
    """Marks of a scale of times, as people count them: minutes, hours, days."""
    step = next((step for step in _STEPS if step * _MARKS >= most), 0) or ceil(most / _MARKS / _DAY) * _DAY
    return [float(step * number) for number in range(max(1, ceil(most / step)) + 1)]


def _new(kind: Any, height: int, labels: list[str], *, sideways: bool) -> Any:
    chart = kind(
        width=_WIDTH, height=height, style=_STYLE, css=[], js=[], no_prefix=True, disable_xml_declaration=True,
        show_legend=False, print_values=False, include_x_axis=True, order_min=0, min_scale=2, max_scale=6,
        margin=12, margin_left=12 + (_overhang(labels) if sideways else 24), truncate_label=-1, no_data_text="–",
        show_minor_x_labels=sideways, tooltip_border_radius=0,
    )  # fmt: skip
    chart.x_labels = labels[::-1] if sideways else labels
    if not sideways:
        chart.x_labels_major = labels[:: max(1, -(-len(labels) // _LABELS))]
    return chart


def _drawn(chart: Any, title: str, series: Sequence[_Series]) -> Chart:
    chart.add_xml_filter(_Dresser(title, series))
    legend = tuple((one.column.label, one.tone) for one in series)
    return Chart(mark_safe(chart.render(is_unicode=True)), title, legend)  # noqa: S308 - pygal escapes what it is given


class _Dresser:
    """Takes from pygal's drawing what a page of the desk cannot have, and gives it a name, tones and words."""

    def __init__(self, title: str, series: Sequence[_Series]) -> None:
        self.title, self.series = title, series

    def __call__(self, root: Any) -> Any:
        """The drawing as it is sent: no script, no style, no comment, no address."""
        for element in list(root.iter()):
            if isinstance(element.tag, str):
                element.attrib.pop("style", None)
                for child in list(element):
                    if not isinstance(child.tag, str) or _is_dropped(child):
                        element.remove(child)
        root.attrib.pop("id", None)
        root.set("role", "img")
        root.set("aria-label", _("Chart: %(title)s. The table has every number.") % {"title": self.title})
        for element in list(root.iter()):
            classes = element.get("class", "").split()
            for name in classes:
                if name.startswith("serie-"):
                    _tone(element, self.series[int(name[6:])])
            if element.get("class") in ("bar", "dots"):
                _say(element)
        return root


def _is_dropped(element: Any) -> bool:
    """Definitions hold style and script; titles say 'Pygal' and repeat the axes; the tooltip is drawn by a script."""
    name = element.tag.rpartition("}")[2]
    return name in ("defs", "title", "script", "style") or "tooltip" in element.get("class", "").split()


def _tone(series: Any, one: _Series) -> None:
    for element in series.iter():
        name = element.tag.rpartition("}")[2]
        if name in ("rect", "circle", "path"):
            element.set("class", f"{element.get('class', '')} tone-{one.tone}")
            if name == "rect" and one.tone in PATTERNS:
                element.set("fill", f"url(#report-{one.tone})")


def _say(mark: Any) -> None:
    """What pygal's script would show on hovering, as the drawing's own title."""
    said = {child.get("class"): child.text for child in mark if child.tag.rpartition("}")[2] == "desc"}
    for child in [child for child in mark if child.tag.rpartition("}")[2] == "desc"]:
        mark.remove(child)
    space, brace, _name = mark.tag.rpartition("}")
    title = mark.makeelement(f"{space}{brace}title", {})
    title.text = f"{said.get('x_label') or ''}: {said.get('value') or ''}"
    mark.append(title)


def _overhang(labels: Sequence[str]) -> int:
    """How much wider the widest label is than pygal takes it to be, which reckons every character as narrow."""
    return max((int(_columns(label) * 0.56 * _FONT - len(label) * 0.6 * _FONT) for label in labels), default=0) + 12


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _cut(text: str) -> str:
    """As many characters of a name as a label has room for."""
    if _columns(text) <= _LABEL_COLUMNS:
        return text
    kept = ""
    for character in text:
        if _columns(kept + character) >= _LABEL_COLUMNS:
            break
        kept += character
    return kept + "…"
