"""What a report is once it has been computed: tables of plain values, which page, print, file and mail all draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from service_desk.reports.periods import Period

#: What a value counts in: how many, a share of one (0 to 1), seconds, or words.
Unit = Literal["count", "share", "seconds", "text"]
#: A plain value: a number of its column's unit, words, or nothing to say (no facts).
Value = int | float | str | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in code and in words, what its values count in, and what it means."""

    key: str
    label: str
    unit: Unit
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line: what it speaks of, one value a column, and where the facts behind it are listed (blank: nowhere).

    `links` leads from single values to the facts behind them, by the key of the column.
    """

    label: str
    values: tuple[Value, ...]
    link: str = ""
    links: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `first` heads the labels of the rows; `total` counts each fact once, so it may be less than the sum.

    `more`: so many further rows were left out, since nobody reads them; the total counts them too.
    """

    key: str
    title: str
    first: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A figure over a period as one person may see it; `given` are the filters in words, label by label."""

    key: str
    title: str
    definition: str
    period: Period
    by: str
    by_label: str
    given: tuple[tuple[str, str], ...]
    tables: Sequence[Table]

    def table(self, key: str) -> Table:
        """The table of this key: 'total', 'time' or 'group'."""
        return next(table for table in self.tables if table.key == key)
