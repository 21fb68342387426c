"""A list as the file that somebody takes along, for tests of several rooms."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import QueryDict

from service_desk.people.access import can
from service_desk.reports.exporting import EXPORTABLE, Keyed, named, write_now


def file_of(person: Any, what: str, query: str = "") -> list[list[str]]:
    """Its lines, the head first; raises NotAllowed."""
    with write_now(actor=person, exportable=named(what), query=query, file_format="csv") as file:
        return list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))


def all_that_are_filled(person: Any) -> dict[str, int]:
    """How many lines each list has of which this person can take some along, the head left out."""
    found = {}
    for what, exportable in EXPORTABLE.items():
        if exportable.alone and can(person, exportable.verb):
            lines = file_of(person, what)
            columns = exportable.columns(QueryDict(""))
            assert all(len(line) == len(columns) for line in lines), what
            found[what] = len(lines) - 1
            say_the_same(person, what)
    return found


def say_the_same(person: Any, what: str, query: str = "") -> None:
    """What is written from values alone is what the things themselves say."""
    exportable, asked = named(what), QueryDict(query)
    columns = [column for column in exportable.columns(asked) if column.ready]
    rows = exportable.rows(person, asked, columns)
    if isinstance(rows, Keyed) and columns:
        told = [[column.text(row) for column in columns] for row in rows.piece("")[0]]
        assert rows.texts(columns, "")[0] == told, what
