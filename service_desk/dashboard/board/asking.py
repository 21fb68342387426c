"""Many questions as one SQL statement: the board's numbers are of one moment, and what is written is asked again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

#: So far things are counted; beyond, 'more than'. The cost of the board is bounded by it.
COUNTED = 1_000


def count_all(wanted: Mapping[Any, QuerySet[Any]]) -> dict[Any, int]:
    """The sizes of these querysets, each at most one more than `COUNTED`, in one query."""
    return ask(written(wanted))


class Form(Enum):
    """What is asked about the rows of a queryset: how many, which, or how many of each standing."""

    NUMBER = "(SELECT count(*) FROM ({}) AS counted)"
    PLACES = "ARRAY({})"
    STANDING = (
        "(SELECT json_object_agg(standing, n) FROM"
        " (SELECT standing, count(*) AS n FROM ({}) AS each GROUP BY standing) AS counted)"
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """Many questions written as one SQL statement, so that all are answered as of one moment."""

    sql: str
    params: tuple[Any, ...]
    places: dict[Hashable, int]  # in which column each is answered
    empty: dict[Hashable, Any]


def written(wanted: Mapping[Any, QuerySet[Any]], forms: Mapping[Any, Form] | None = None) -> Statement:
    """These querysets as one statement; of each at most one row more than `COUNTED`, but for a standing.

    What two of them ask in the same words is asked once. An order that a queryset asks for by itself is kept: it is
    one in which an index lets the count stop early.
    """
    forms = forms or {}
    columns: dict[tuple[str, str], int] = {}
    values: list[Any] = []
    places: dict[Hashable, int] = {}
    empty: dict[Hashable, Any] = {}
    for key, rows in wanted.items():
        form = forms.get(key, Form.NUMBER)
        empty[key] = {Form.NUMBER: 0, Form.PLACES: [], Form.STANDING: {}}[form]
        try:
            if form is Form.STANDING:
                rows = rows.order_by().values("standing")
            else:
                rows = (rows if rows.query.order_by else rows.order_by()).values("pk")[: COUNTED + 1]
            sql, params = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        column = (form.value.format(sql), repr(params))
        if column not in columns:
            columns[column] = len(columns)
            values += params
        places[key] = columns[column]
    sql = "SELECT " + ", ".join(words for words, _params in columns) if columns else ""
    return Statement(sql, tuple(values), places, empty)


def ask(statement: Statement, params: Sequence[Any] | None = None) -> dict[Any, Any]:
    """The answers by key."""
    if not statement.sql:
        return dict(statement.empty)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params if params is None else params)
        row = cursor.fetchone()
    answers = {key: row[place] or statement.empty[key] for key, place in statement.places.items()}
    return statement.empty | answers


def ask_for_each(statement: Statement, instead_of: Any, values: Sequence[Any]) -> list[Any]:
    """The answer of a statement of one question for each of these values, in one query."""
    if not values or not statement.sql:
        return [next(iter(statement.empty.values())) for _value in values]
    params = [value if given == instead_of else given for value in values for given in statement.params]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join([f"({statement.sql})"] * len(values)), params)
        return list(cursor.fetchone())
