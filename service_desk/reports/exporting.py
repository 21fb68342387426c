"""Which lists can be taken along as a file: each with its columns and the rows that a person may see of it.

A list is registered once (`register`, see `lists.py`); the page before an export, the short one that is sent at once
and the long one that a worker writes (`jobs.py`) are made from it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import parse_qsl

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from service_desk.audit.actions import record
from service_desk.cases.columns import Column
from service_desk.cases.exporting import DIRECT, Format, heads, write_csv, write_xlsx
from service_desk.people.access import require
from service_desk.reports.rules import CHUNK
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import NotFound
from service_desk.rest.keyset import page

_FIGURES = re.compile(r"\d(?=(?:\D?\d){4})")
#: Parts of an address that say where on a page somebody was.
_PASSING = frozenset({"after", "before", "view", "page"})
#: So much of a filter the trail keeps.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that meet the filters, the columns of their order (see rest.keyset), and the same rows for counting."""

    found: QuerySet[Any]
    order: Sequence[str]
    counted: QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Exportable:
    """A list: `rows` begins at what the person may see; `dress` adds to some rows what their columns need beside.

    `full` are the cells that hold a telephone number in full, for who has the right `numbers_verb`; `private` names
    the filters that may hold one, which no trail keeps.
    """

    key: str
    label: str | Promise
    verb: str
    route: str
    columns: Callable[[QueryDict], Sequence[Column]]
    rows: Callable[[Any, QueryDict, Sequence[Column]], Rows]
    dress: Callable[[Sequence[Any]], None] = lambda _rows: None
    full: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    numbers_verb: str = ""
    private: frozenset[str] = frozenset()

    def filters(self, query: str) -> dict[str, str]:
        """The filters as a trail may keep them: numbers that were searched for are masked."""
        given = {
            name[:_LONGEST]: value[:_LONGEST]
            for name, value in parse_qsl(query)
            if value and name not in _PASSING and is_clean(name + value)
        }
        hidden = {name for name in given if name in self.private or name.removesuffix("_text") in self.private}
        return {name: _FIGURES.sub("*", value) if name in hidden else value for name, value in given.items()}


EXPORTABLE: dict[str, Exportable] = {}


def register(exportable: Exportable) -> None:
    """Offer a list; called once, when the room is ready."""
    if exportable.key in EXPORTABLE:
        raise ValueError(f"The list {exportable.key} is registered already")
    EXPORTABLE[exportable.key] = exportable


def named(key: str) -> Exportable:
    """The list of this name; raises NotFound."""
    found = EXPORTABLE.get(key)
    if found is None:
        raise NotFound
    return found


def cells_of(exportable: Exportable, columns: Sequence[Column], *, in_full: bool) -> list[Callable[[Any], str]]:
    """What writes each cell of a row: masked, unless numbers were asked for in full."""
    return [exportable.full.get(column.key, column.text) if in_full else column.text for column in columns]


def chunks(exportable: Exportable, rows: Rows, after: str = "") -> Iterator[tuple[list[Any], str]]:
    """The rows in pieces, each with the cursor of what follows (blank: nothing does); never more than one in memory."""
    while True:
        piece = page(rows.found, order=rows.order, size=CHUNK, after=after or None)
        exportable.dress(piece.items)
        after = piece.next or ""
        yield piece.items, after
        if not after:
            return


def is_long(rows: Rows) -> bool:
    """Whether it has more rows than somebody waits for."""
    return rows.counted.order_by()[: DIRECT + 1].count() > DIRECT


def write_now(*, actor: Any, exportable: Exportable, query: str, file_format: str) -> IO[bytes]:
    """A short list as a file at its beginning, audited; the reader closes it. Numbers are masked."""
    asked = QueryDict(query)
    columns = exportable.columns(asked)
    with transaction.atomic():
        require(actor, exportable.verb)
        rows = exportable.rows(actor, asked, columns)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
        try:
            write = write_xlsx if file_format == Format.XLSX else write_csv
            count = write(file, heads(columns), _lines(exportable, rows, columns))
            record(
                verb=exportable.verb,
                thing=f"{exportable.key}:*",
                actor=actor,
                detail={
                    "format": file_format,
                    "filters": exportable.filters(query),
                    "rows": count,
                    "columns": [column.key for column in columns],
                },
            )
        except BaseException:
            file.close()
            raise
    file.seek(0)
    return file


def _lines(exportable: Exportable, rows: Rows, columns: Sequence[Column]) -> Iterator[list[str]]:
    cells = cells_of(exportable, columns, in_full=False)
    for piece, _after in chunks(exportable, rows):
        for row in piece:
            yield [cell(row) for cell in cells]
