"""Columns of a file made from the columns of a table: head, words, and what of other tables their words need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext

from service_desk.cases.columns import Column, coded, local, moments, persons, plainly
from service_desk.customers.models import Customer
from service_desk.people.models import ServiceLine, Staff, Unit
from service_desk.reports.exporting import Keyed

Words = str | Promise


def column(model: type[models.Model], path: str, label: Words = "", key: str = "") -> Column:
    """The column of this path (`case__number`), headed as its table heads it unless it is given a `label`."""
    names, needs, at, last = path.split("__"), [], model, None
    for place, name in enumerate(names):
        try:
            last = at._meta.get_field(name)
        except FieldDoesNotExist:  # a property: it is given a label
            last = None
            break
        if last.is_relation:
            needs.append("__".join(names[: place + 1]))
            at = last.related_model  # type: ignore[assignment]
    head = label or getattr(last, "verbose_name", "") or path
    moment = isinstance(last, models.DateTimeField)
    paths, ready = _from_values(path, last)
    return Column(
        key or path,
        head,
        lambda row: words(getattr_along(row, names), last),
        tuple(needs[-1:]),
        moment=moment,
        paths=paths,
        ready=ready,
    )


def _from_values(path: str, last: Any) -> tuple[tuple[str, ...], Callable[[], Callable[..., str]] | None]:
    """How a long file says the column from values alone; of what is said by code only, in no way."""
    if last is None or isinstance(last, ArrayField | models.JSONField | models.BinaryField):
        return (), None
    if last.is_relation:
        if last.related_model is Staff:
            return (f"{path}__full_name", f"{path}__username"), persons
        return ((f"{path}__name",), plainly) if last.related_model in (Unit, ServiceLine, Customer) else ((), None)
    if last.choices:
        return (path,), coded(last.flatchoices)
    if isinstance(last, models.DateTimeField):
        return (path,), moments
    return (path,), _truths if isinstance(last, models.BooleanField) else plainly


def _truths() -> Callable[[bool | None], str]:
    known = {True: gettext("yes"), False: gettext("no"), None: ""}
    return lambda value: known[value]


def getattr_along(row: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """The last thing on the way and its value there; nothing where the way ends before."""
    for name in names[:-1]:
        row = getattr(row, name) if row is not None else None
    return row, getattr(row, names[-1]) if row is not None else None


def words(found: tuple[Any, Any], column: Any) -> str:
    """A value as a file says it: coded values and yes and no in words, moments in the desk's zone."""
    thing, value = found
    if value is None or value == "":
        return ""
    if column is not None and column.choices:
        return str(getattr(thing, f"get_{column.name}_display")())
    if isinstance(column, models.DateTimeField):
        return local(value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def columns(model: type[models.Model], *given: str | tuple[str, Words] | Column) -> tuple[Column, ...]:
    """Several: a path, a path with its label, or a column made otherwise."""
    return tuple(
        each if isinstance(each, Column) else column(model, *((each,) if isinstance(each, str) else each))
        for each in given
    )


def text(key: str, label: Words, say: Callable[[Any], Any], *needs: str) -> Column:
    """A column in words of its own."""
    return Column(key, label, lambda row: "" if (said := say(row)) is None else str(said), needs)


def keyed(found: QuerySet[Any], shown: Sequence[Column], *order: str) -> Keyed:
    """The rows with what these columns need of other tables, in the same statement; the newest first unless said."""
    needs = sorted({name for each in shown for name in each.needs})
    return Keyed(found.select_related(*needs) if needs else found, order or ("-id",), found)
