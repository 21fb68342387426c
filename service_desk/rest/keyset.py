"""Pages of a long list that cost the same at the millionth row as at the first: by the last row seen, not by number.

Used by the REST lists (`rest.pagination`) and by the HTML lists alike. A cursor is the order values of one row,
signed for the list and order it came from, so that it can be neither forged nor used elsewhere.

Null: an order column must not be nullable (it would fall out of every comparison); order by a column that always
has a value, or annotate one with `Coalesce`. The last order column must be unique, such as the primary key.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.core.signing import BadSignature, Signer
from django.db.models import F, Field, Model, QuerySet, Value
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan

ModelT = TypeVar("ModelT", bound=Model)


class BadCursor(ValueError):  # noqa: N818  (named after what was given)
    """The cursor was not given out by this list in this order."""


@dataclass(frozen=True, slots=True)
class Page(Generic[ModelT]):
    """Some rows, and the cursors of what lies after (`next`) and before (`previous`), None where nothing does."""

    items: list[ModelT]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    descending: bool
    field: Field[Any, Any]


def page(
    queryset: QuerySet[ModelT],
    *,
    order: Sequence[str],
    size: int,
    after: str | None = None,
    before: str | None = None,
) -> Page[ModelT]:
    """The page of at most `size` rows after or before a cursor, or the first page.

    `order` is written as for `order_by`: `("-registered_at", "-id")`. Raises `BadCursor`.
    """
    if after and before:
        raise BadCursor
    columns = _columns(queryset, order)
    signer = _signer(queryset, order)
    backwards = bool(before)
    rows = queryset.order_by(*(_order(column, backwards) for column in columns))
    cursor = after or before
    if cursor:
        down = [column.descending != backwards for column in columns]
        found = _rows_beyond(rows, columns, _decode(signer, columns, cursor), down=down, most=size + 1)
    else:
        found = list(rows[: size + 1])
    return _page(signer, columns, found, size, backwards=backwards, from_a_cursor=bool(cursor))


def first_page(
    queryset: QuerySet[ModelT], *, order: Sequence[str], size: int, rows: Callable[[int], Sequence[ModelT]]
) -> Page[ModelT]:
    """The first page where `rows` gives so many of the queryset's first rows by a shorter way."""
    signer, columns = _signer(queryset, order), _columns(queryset, order)
    return _page(signer, columns, rows(size + 1), size, backwards=False, from_a_cursor=False)


def _signer(queryset: QuerySet[Any], order: Sequence[str]) -> Signer:
    return Signer(salt=f"keyset:{queryset.model._meta.label}:{','.join(order)}")


def _page(
    signer: Signer,
    columns: list[_Column],
    found: Sequence[ModelT],
    size: int,
    *,
    backwards: bool,
    from_a_cursor: bool,
) -> Page[ModelT]:
    more, items = len(found) > size, list(found[:size])
    if backwards:
        items.reverse()
    if not items:
        return Page([], None, None)
    has_next, has_previous = (True, more) if backwards else (more, from_a_cursor)
    return Page(
        items,
        _encode(signer, columns, items[-1]) if has_next else None,
        _encode(signer, columns, items[0]) if has_previous else None,
    )


def _columns(queryset: QuerySet[Any], order: Sequence[str]) -> list[_Column]:
    if not order:
        raise ValueError("A keyset needs at least one order column.")
    columns = [_column(queryset, text.removeprefix("-"), text.startswith("-")) for text in order]
    last = columns[-1].field
    if not getattr(last, "unique", False):
        raise ValueError(f"The last order column must be unique; {columns[-1].name} is not.")
    return columns


def _column(queryset: QuerySet[Any], name: str, descending: bool) -> _Column:
    annotation = queryset.query.annotations.get(name)
    if annotation is not None:
        return _Column(name, descending, annotation.output_field)
    options = queryset.model._meta
    try:
        found = options.pk if name == "pk" else options.get_field(name)
    except FieldDoesNotExist as error:
        raise ValueError(f"{options.label} has no column {name} to order by.") from error
    if not isinstance(found, Field):
        raise ValueError(f"{options.label}.{name} is no column.")  # noqa: TRY004  (a wrong name, not a wrong type)
    if found.null:
        raise ValueError(f"{options.label}.{name} may be null and cannot order a keyset.")
    return _Column(found.attname, descending, found)


def _order(column: _Column, backwards: bool) -> str:
    return f"-{column.name}" if column.descending != backwards else column.name


def _rows_beyond(
    rows: QuerySet[ModelT], columns: list[_Column], values: list[Any], *, down: list[bool], most: int
) -> list[ModelT]:
    """The next `most` rows beyond the row with these values, each statement answered from one place of an index."""
    typed = [Value(value, output_field=column.field) for column, value in zip(columns, values, strict=True)]
    if len(set(down)) == 1:
        lookup = TupleLessThan if down[0] else TupleGreaterThan
        # One comparison of rows: PostgreSQL goes straight to the place in an index of the same columns.
        return list(rows.filter(lookup(tuple(F(column.name) for column in columns), tuple(typed)))[:most])
    # Mixed directions have no row comparison, and the same condition written with OR makes the planner sort all
    # that is left of the list (seen at 20,000 rows). So: first the rows that tie in all columns but the last, then
    # those that tie in one column less, and so on; the second statement nearly always fills the page.
    found: list[ModelT] = []
    for number in range(len(columns) - 1, -1, -1):
        ties = {column.name: value for column, value in zip(columns[:number], typed[:number], strict=True)}
        step = {f"{columns[number].name}__{'lt' if down[number] else 'gt'}": typed[number]}
        found += rows.filter(**ties, **step)[: most - len(found)]
        if len(found) == most:
            break
    return found


def _encode(signer: Signer, columns: list[_Column], row: Model) -> str:
    values = [_text(getattr(row, column.name)) for column in columns]
    payload = base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")
    return f"{payload}.{signer.signature(payload)}"


def _text(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _decode(signer: Signer, columns: list[_Column], cursor: str) -> list[Any]:
    payload, _dot, signature = cursor.rpartition(".")
    try:
        signer.unsign(f"{payload}{signer.sep}{signature}")
        texts = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return [column.field.to_python(text) for column, text in zip(columns, texts, strict=True)]
    except (BadSignature, binascii.Error, ValueError, UnicodeError) as error:
        raise BadCursor from error
