"""The phrasebook as a sheet: CSV out for people to read and work on, CSV in as drafts only (K4).

A cell that a spreadsheet would take for a formula is written behind an apostrophe, and read without it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service_desk.knowledge.language.wording import LISTS
from service_desk.rest.spreadsheets import is_formula

COLUMNS = (
    "code", "kind", "text", "category", "group", "situation", "severity", "need", "fuzzy",
    *LISTS, "note",
)  # fmt: skip
_BETWEEN = "\n"  # items of a list, inside one cell
MOST_ROWS = 2_000


class UnreadableSheet(ValueError):  # noqa: N818  (a sheet that cannot be read)
    """What is wrong with the sheet: a stable word and the row, 1 for the headings."""

    def __init__(self, code: str, row: int, word: str = "") -> None:
        super().__init__(code, row, word)
        self.code, self.row, self.word = code, row, word


@dataclass(frozen=True, slots=True)
class Row:
    """One proposal of a sheet."""

    number: int
    code: str
    kind: str
    text: str
    note: str
    content: dict[str, Any]


def write(rows: Iterable[Mapping[str, Any]]) -> str:
    """Entries, as releases hold them, as CSV for a spreadsheet."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for row in rows:
        sheet.writerow([_safe(_cell(row.get(column, ""))) for column in COLUMNS])
    return "\ufeff" + out.getvalue()


def read(text: str) -> Iterator[Row]:
    """The proposals of a sheet; raises UnreadableSheet."""
    try:
        lines = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise UnreadableSheet("no_csv", 0) from error
    if not lines:
        raise UnreadableSheet("empty", 1)
    if strange := [str(name) for name in lines[0] if name is not None and name not in COLUMNS]:
        raise UnreadableSheet("unknown_column", 1, strange[0])
    if not {"code", "kind", "text"} <= lines[0].keys():
        raise UnreadableSheet("missing_column", 1)
    if len(lines) > MOST_ROWS:
        raise UnreadableSheet("too_many_rows", MOST_ROWS + 1)
    for number, line in enumerate(lines, start=2):
        if None in line or None in line.values():
            raise UnreadableSheet("ragged", number)
        yield _row(number, {name: _unsafe(value) for name, value in line.items()})


def _row(number: int, cells: dict[str, str]) -> Row:
    content: dict[str, Any] = {}
    for name in COLUMNS:
        value = cells.get(name, "")
        if name in ("code", "kind", "text", "note") or not value:
            continue
        if name in LISTS:
            content[name] = [item.strip() for item in value.splitlines() if item.strip()]
        elif name == "fuzzy":
            content[name] = value.strip().lower() not in ("no", "false", "0")
        else:
            content[name] = value.strip()
    return Row(
        number, cells["code"].strip(), cells["kind"].strip(), cells["text"].strip(), cells.get("note", ""), content
    )


def _cell(value: Any) -> str:
    if isinstance(value, list | tuple):
        return _BETWEEN.join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith("'") or is_formula(cell) else cell


def _unsafe(cell: str) -> str:
    meant = cell[1:]
    return meant if cell.startswith("'") and (meant[:1] in ("", "'") or is_formula(meant)) else cell
