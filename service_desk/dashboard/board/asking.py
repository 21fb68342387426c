"""Many questions as one SQL statement: the board's numbers are of one moment, and what is written is asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

#: So far things are counted; beyond, 'more than'. The cost of the board is bounded by it.
COUNTED = 1_000


def count_all(wanted: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
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
    asked: tuple[str, ...]
    empty: dict[str, Any]


def written(wanted: Mapping[str, QuerySet[Any]], forms: Mapping[str, Form] | None = None) -> Statement:
    """These querysets as one statement; of each at most one row more than `COUNTED`, but for a standing.

    An order that a queryset asks for by itself is kept: it is one in which an index lets the count stop early.
    """
    forms = forms or {}
    parts: list[str] = []
    values: list[Any] = []
    asked: list[str] = []
    empty: dict[str, Any] = {}
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
        parts.append(form.value.format(sql))
        values += params
        asked.append(key)
    return Statement("SELECT " + ", ".join(parts) if parts else "", tuple(values), tuple(asked), empty)


def ask(statement: Statement, params: Sequence[Any] | None = None) -> dict[str, Any]:
    """The answers by key."""
    if not statement.sql:
        return dict(statement.empty)
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params if params is None else params)
        answers = zip(statement.asked, cursor.fetchone(), strict=True)
        return statement.empty | {key: answer or statement.empty[key] for key, answer in answers}
