"""Which lists can be taken along as a file: each with its columns and the rows that a person may see of it.

A list is registered once (`register`; see `lists/`, rooms above register their own); the page before an export, the
short one that is sent at once and the long one that a worker writes (`jobs.py`) are made from it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol
from urllib.parse import parse_qsl

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise

from service_desk.audit.actions import record
from service_desk.cases.columns import Column
from service_desk.cases.exporting import Format, heads, mark_of, most_at_once, too_long, write_csv, write_xlsx
from service_desk.people.access import can, require, rule, verbs
from service_desk.reports.rules import CHUNK
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import NotFound
from service_desk.rest.keyset import page

_FIGURES = re.compile(r"\d(?=(?:\D?\d){4})")
#: Parts of an address that say where on a page somebody was.
_PASSING = frozenset({"after", "before", "view", "page"})
#: So much of a filter the trail keeps.
_LONGEST = 200


class Rows(Protocol):
    """The rows of a list that somebody may see, in its order."""

    def piece(self, after: str) -> tuple[list[Any], str]:
        """Some of them beyond a cursor (blank: the beginning), and the cursor of what follows (blank: nothing does)."""

    def count(self, most: int) -> int:
        """How many there are, at most so many."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows of a queryset: what meets the filters, the columns of its order (rest.keyset), and the same for counting."""

    found: QuerySet[Any]
    order: Sequence[str]
    counted: QuerySet[Any]

    def piece(self, after: str) -> tuple[list[Any], str]:
        """By the last row seen: the millionth row costs what the first one did."""
        shown = page(self.found, order=self.order, size=CHUNK, after=after or None)
        return shown.items, shown.next or ""

    def texts(self, columns: Sequence[Column], after: str) -> tuple[list[list[str]], str]:
        """A piece as its cells, read as values and never made into things: a tenth of the work of `piece`."""
        meta = self.found.model._meta
        order = [meta.pk.attname if name.lstrip("-") == "pk" else name.lstrip("-") for name in self.order]
        names = list(dict.fromkeys([*(path for column in columns for path in column.paths), *order]))
        values: QuerySet[Any, Any] = self.found.select_related(None).values_list(*names, named=True)
        shown = page(values, order=self.order, size=CHUNK, after=after or None)
        cells = [_cell(column, names) for column in columns]
        return [[cell(row) for cell in cells] for row in shown.items], shown.next or ""

    def count(self, most: int) -> int:
        """Without the names that only their texts need."""
        return self.counted.order_by()[:most].count()


def _cell(column: Column, names: Sequence[str]) -> Callable[[Any], str]:
    """What writes the cell of a row of values with these names."""
    say, places = column.ready() if column.ready else str, [names.index(path) for path in column.paths]
    if len(places) == 1:
        (only,) = places
        return lambda row: say(row[only])
    return lambda row: say(*(row[place] for place in places))


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows that are few, and there already: sums, weeks, what is kept by an administrator."""

    items: Sequence[Any]

    def piece(self, after: str) -> tuple[list[Any], str]:
        """All of them at once."""
        return list(self.items), ""

    def count(self, most: int) -> int:
        """As many as there are."""
        return min(len(self.items), most)


@dataclass(frozen=True, slots=True)
class Exportable:
    """A list: `rows` begins at what the person may see; `dress` adds to some rows what their columns need beside.

    `opens` is the verb that opens its page: whoever may open it may take it along (blank: everybody has a list of their
    own); None where `verb` has a rule already. `route` is the page, or says its address; `alone`: it is a list without
    anything in the address. `full` are the cells that hold a telephone number in full, for who has the right
    `numbers_verb`; `private` names the filters that may hold one, which no trail keeps.
    """

    key: str
    label: str | Promise
    verb: str
    route: str | Callable[[QueryDict], str]
    columns: Callable[[QueryDict], Sequence[Column]]
    rows: Callable[[Any, QueryDict, Sequence[Column]], Rows]
    dress: Callable[[Any, Sequence[Any]], None] = lambda _user, _rows: None
    full: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    numbers_verb: str = ""
    private: frozenset[str] = frozenset()
    opens: str | None = None
    group: str | Promise = ""
    alone: bool = True

    def page(self, query: QueryDict) -> str:
        """The address of the list itself; blank where it has no page of its own."""
        if callable(self.route):
            return self.route(query)
        asked = query.urlencode()
        return f"{reverse(self.route)}{f'?{asked}' if asked else ''}" if self.route else ""

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
    if exportable.opens is not None and exportable.verb not in verbs():
        _let_take_along(exportable.verb, exportable.opens)


def _let_take_along(verb: str, opens: str) -> None:
    rule(verb)(lambda user, _thing: can(user, opens) if opens else True)


def named(key: str) -> Exportable:
    """The list of this name; raises NotFound."""
    found = EXPORTABLE.get(key)
    if found is None:
        raise NotFound
    return found


def cells_of(exportable: Exportable, columns: Sequence[Column], *, in_full: bool) -> list[Callable[[Any], str]]:
    """What writes each cell of a row: masked, unless numbers were asked for in full."""
    return [exportable.full.get(column.key, column.text) if in_full else column.text for column in columns]


def written(
    exportable: Exportable, user: Any, rows: Rows, columns: Sequence[Column], after: str = "", *, in_full: bool = False
) -> Iterator[tuple[list[list[str]], str]]:
    """The cells of the rows in pieces, each with the cursor of what follows (blank: nothing does).

    Never more than one piece is in memory. Rows of a table are written from their values where every column can be.
    """
    in_full = in_full and any(column.key in exportable.full for column in columns)
    plain = rows.texts if isinstance(rows, Keyed) and not in_full and all(one.ready for one in columns) else None
    cells = cells_of(exportable, columns, in_full=in_full)
    while True:
        if plain:
            texts, after = plain(columns, after)
        else:
            piece, after = rows.piece(after)
            exportable.dress(user, piece)
            texts = [[cell(row) for cell in cells] for row in piece]
        yield texts, after
        if not after:
            return


def is_long(rows: Rows) -> bool:
    """Whether it has more rows than are sent at once."""
    most = most_at_once()
    return rows.count(most + 1) > most


def write_now(*, actor: Any, exportable: Exportable, query: str, file_format: str) -> IO[bytes]:
    """A short list as a file at its beginning, audited; the reader closes it. Numbers are masked.

    Raises Invalid when it is too long to be sent at once: it may have grown since somebody looked.
    """
    asked = QueryDict(query)
    columns = exportable.columns(asked)
    with transaction.atomic():
        require(actor, exportable.verb)
        rows = exportable.rows(actor, asked, columns)
        if is_long(rows):
            raise too_long()
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the answer that sends it
        try:
            lines = _lines(exportable, actor, rows, columns)
            if file_format == Format.XLSX:
                count = write_xlsx(file, heads(columns), lines, mark=mark_of(actor))
            else:
                count = write_csv(file, heads(columns), lines)
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


def _lines(exportable: Exportable, user: Any, rows: Rows, columns: Sequence[Column]) -> Iterator[list[str]]:
    for texts, _after in written(exportable, user, rows, columns):
        yield from texts
