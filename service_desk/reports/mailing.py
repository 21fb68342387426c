"""A report as a page that can be printed and as a workbook: what is sent by e-mail and taken along from its page."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import xlsxwriter
from django.conf import settings
from django.template.loader import render_to_string

from service_desk.reports import vault, words
from service_desk.reports.shapes import Report, Row, Table, Value
from service_desk.rest.spreadsheets import harmless

_PAGE, _BOOK = "report.html", "report.xlsx"
_FORMATS = {"count": "#,##0", "share": "0.0%", "seconds": "[h]:mm:ss"}
_SECONDS_OF_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as the page of a mail draws it: every value in words."""

    table: Table
    rows: list[tuple[str, list[str]]]
    total: tuple[str, list[str]] | None


def page_of(report: Report, *, name: str, link: str) -> str:
    """The report as one page of HTML with nothing to fetch from anywhere."""
    context = {
        "report": report,
        "name": name,
        "days": words.days(report.period),
        "tables": [_drawn(table) for table in report.tables if table.rows],
        "link": link,
        "company": settings.COMPANY_NAME,
        "zone": settings.TIME_ZONE,
    }
    return render_to_string("reports/mail.html", context)


def _drawn(table: Table) -> Drawn:
    return Drawn(table, [_said(row, table) for row in table.rows], _said(table.total, table) if table.total else None)


def _said(row: Row, table: Table) -> tuple[str, list[str]]:
    values = zip(row.values, table.columns, strict=True)
    return row.label, [words.shown(value, column.unit) for value, column in values]


def write_book(file: IO[bytes], report: Report) -> None:
    """A sheet a table, numbers as numbers; no cell is a formula."""
    with xlsxwriter.Workbook(file) as book:
        bold = book.add_format({"bold": True})
        formats = {unit: book.add_format({"num_format": text}) for unit, text in _FORMATS.items()}
        for table in report.tables:
            sheet = book.add_worksheet(_sheet_name(table))
            for place, line in enumerate(_about(report)):
                sheet.write_string(place, 0, line)
            top = place + 2
            sheet.freeze_panes(top + 1, 1)
            sheet.set_column(0, 0, 34)
            sheet.set_column(1, max(1, len(table.columns)), 18)
            for place, head in enumerate(_heads(table)):
                sheet.write_string(top, place, head, bold)
            for line_no, row in enumerate(_rows(table), start=top + 1):
                sheet.write_string(line_no, 0, row.label)
                for place, (value, column) in enumerate(zip(row.values, table.columns, strict=True), start=1):
                    _write(sheet, line_no, place, value, column.unit, formats)


def _write(sheet: Any, line: int, place: int, value: Value, unit: str, formats: dict[str, Any]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        sheet.write_string(line, place, words.shown(value, "text") if value is not None else "")
    else:
        sheet.write_number(line, place, value / _SECONDS_OF_A_DAY if unit == "seconds" else value, formats.get(unit))


def write_text(file: IO[bytes], report: Report) -> None:
    """The tables one under the other as text with commas."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    for line in _about(report):
        writer.writerow([harmless(line)])
    for table in report.tables:
        writer.writerow([])
        writer.writerow([harmless(table.title)])
        writer.writerow([harmless(head) for head in _heads(table)])
        for row in _rows(table):
            values = zip(row.values, table.columns, strict=True)
            cells = ["" if value is None else words.shown(value, column.unit) for value, column in values]
            writer.writerow([harmless(cell) for cell in (row.label, *cells)])
    text.flush()
    text.detach()


def _about(report: Report) -> list[str]:
    """What stands above a table: what it is, of which days, narrowed down to what, and what it counts."""
    given = " · ".join(f"{label}: {value}" for label, value in report.given)
    days = f"{words.days(report.period)} ({settings.TIME_ZONE})"
    return [f"{settings.COMPANY_NAME} · {report.title}", days, *([given] if given else []), report.definition]


def _heads(table: Table) -> list[str]:
    return [table.first, *(column.label for column in table.columns)]


def _rows(table: Table) -> Iterator[Row]:
    yield from table.rows
    if table.total:
        yield table.total


def _sheet_name(table: Table) -> str:
    """At most 31 characters, and none that Excel keeps for itself."""
    return "".join(" " if sign in "[]:*?/\\'" else sign for sign in table.title)[:31].strip() or table.key


def keep(key: str, report: Report, *, name: str, link: str) -> int:
    """Lay page and workbook into the vault; how large they are."""
    folder = vault.folder_of(key, make=True)
    page, book = folder / _PAGE, folder / _BOOK
    for path in (page, book):
        path.touch(mode=0o600)
    page.write_text(page_of(report, name=name, link=link), encoding="utf-8")
    with book.open("wb") as file:
        write_book(file, report)
        file.flush()
        os.fsync(file.fileno())
    return page.stat().st_size + book.stat().st_size


def kept(key: str) -> tuple[str, Path | None]:
    """The page and the workbook, as far as they are still there."""
    folder = vault.folder_of(key)
    page, book = folder / _PAGE, folder / _BOOK
    return page.read_text(encoding="utf-8") if page.is_file() else "", book if book.is_file() else None


def file_name(title: str, since: str, until: str) -> str:
    """What the workbook is called: the report and its days."""
    days = since if since == until else f"{since}_{until}"
    return f"{title} {days}.xlsx"
