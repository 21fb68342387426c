"""Rows of the list as HTML, put together here: as a template, twenty rows took half of the page's processor time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from service_desk.cases.columns import Column, local
from service_desk.cases.faces import ClockFace
from service_desk.cases.matches import MarkedRow
from service_desk.cases.models import Case


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row before and after its clock, which the page's own component draws; without that column all is `before`."""

    case: Case
    clock: ClockFace | None
    before: SafeString
    after: SafeString
    has_clock_column: bool


def drawn(rows: Sequence[MarkedRow], shown: Sequence[Column], *, selectable: bool) -> Iterator[DrawnRow]:
    """The rows in the columns `shown`; with a tick for cases/bulk_bar.html if they are `selectable`."""
    heads = [_head(column) for column in shown]
    split = next((place for place, column in enumerate(shown) if column.key == "due"), len(heads))
    tick_label = _("Choose %(number)s") if selectable else ""
    late = render_to_string("cases/cell_late.html") if any(row.case.late_registration for row in rows) else ""
    for row in rows:
        url = escape(row.case.get_absolute_url())
        start = f'<tr data-href="{url}" tabindex="-1">'
        if selectable:
            start += _tick(row.case.number, tick_label)
        cells = [
            head + _cell(row, column, text, url, late) for head, (column, text) in zip(heads, row.cells, strict=True)
        ]
        if split < len(heads):
            before, after = [start, *cells[:split], heads[split]], ["</td>", *cells[split + 1 :], "</tr>"]
        else:
            before, after = [start, *cells, "</tr>"], []
        yield DrawnRow(row.case, row.clock, _joined(before), _joined(after), split < len(heads))


def _joined(pieces: Sequence[str]) -> SafeString:
    return mark_safe("".join(pieces))  # noqa: S308 - each piece is escaped where it is made


def _head(column: Column) -> str:
    if column.key == "number":
        return '<th scope="row" class="nowrap">'
    kind = ' class="case-table__matter"' if column.key == "matter" else ""
    return f'<td data-label="{escape(column.label)}"{kind}>'


def _cell(row: MarkedRow, column: Column, text: str, url: str, late: str) -> str:
    """What stands in a cell, with its end."""
    case = row.case
    if column.key == "number":
        when = local(case.registered_at)
        mark = late if case.late_registration else ""
        return f'<a href="{url}">{escape(case.number)}</a><span class="case-table__when">{when}</span>{mark}</th>'
    if column.key == "matter":
        found = f'<small class="case-table__found">{row.elsewhere}</small>' if row.elsewhere else ""
        return f"<div><b>{row.matter}</b><small>{row.customer}</small>{found}</div></td>"
    if column.key == "due":
        return ""
    return f"{conditional_escape(text) or '–'}</td>"


def _tick(number: str, label: str) -> str:
    """The tick of a row; it belongs to the form of cases/bulk_bar.html, which stands on the same page."""
    return format_html(
        '<td class="case-table__tick"><label class="tick"><input type="checkbox" name="number" value="{}"'
        ' form="bulk-bar" data-tick><span class="sr">{}</span></label></td>',
        number,
        label % {"number": number},
    )
