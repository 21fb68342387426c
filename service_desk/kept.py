"""Questions that every page asks in the same words, put into SQL once a process and planned once a connection.

Django writes a queryset's SQL anew each time it is asked, and for a case page that took more processor time than its
templates; PostgreSQL plans it anew, and for a case with all its names that took more than finding it. A kept question
is an ordinary queryset, written once; afterwards only its values change.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import update_wrapper
from itertools import count
from typing import Any, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import connections
from django.db.models import BigIntegerField, BooleanField, F, Func, Model, QuerySet, Value
from psycopg2.extensions import AsIs

from service_desk.prepared import prepare

ModelT = TypeVar("ModelT", bound=Model)

#: So many shapes of one question are kept; what is asked in more is written each time.
_MOST_SHAPES = 64
#: A larger number belongs to no row, but it would be too large for what the plan expects in its place.
_LARGEST = 2**31 - 1
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class _Written:
    """One shape of a question in SQL: where its values go, and how its rows become objects."""

    pattern: QuerySet[Any]
    compiler: Any
    sql: str
    params: tuple[Any, ...]
    slots: tuple[tuple[int, int], ...]  # (place among the parameters, which value)
    converters: dict[int, Any]
    name: str  # under which it is planned; '' to plan it each time

    def asked(self, values: Sequence[Any]) -> QuerySet[Any]:
        """A queryset that is asked with these values and not written again; it cannot be filtered any more."""
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[self.pattern.db]  # each thread has its own
        compiler.as_sql = lambda: self._sql(compiler.connection, values)
        compiler.get_converters = lambda _expressions: self.converters
        fresh: Any = self.pattern.__class__(model=self.pattern.model, query=_Ready(compiler), using=self.pattern.db)  # type: ignore[arg-type]  # all that is asked of a written query is its compiler
        for name in ("_iterable_class", "_fields", "_prefetch_related_lookups"):
            setattr(fresh, name, getattr(self.pattern, name))
        return fresh  # type: ignore[no-any-return]

    def _sql(self, connection: Any, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        if not self.name or any(isinstance(value, int) and abs(value) > _LARGEST for value in values):
            return self.sql, self._filled(values)
        self._plan(connection)
        places = f" ({', '.join(['%s'] * len(values))})" if values else ""
        return f"EXECUTE {self.name}{places}", tuple(values)

    def _plan(self, connection: Any) -> None:
        blanks = self._filled([AsIs(f"${number}") for number in range(1, len(self.slots) + 1)])
        prepare(connection, self.name, f"PREPARE {self.name} AS {self.sql}", blanks)

    def _filled(self, values: Sequence[Any]) -> tuple[Any, ...]:
        params = list(self.params)
        for place, index in self.slots:
            params[place] = values[index]
        return tuple(params)


class _Ready:
    """Stands where a queryset has its query."""

    __slots__ = ("compiler",)

    def __init__(self, compiler: Any) -> None:
        self.compiler = compiler

    def get_compiler(self, *_wanted: Any, **_named: Any) -> Any:
        """The one there is."""
        return self.compiler


class Kept(Generic[ModelT]):
    """A question as a function: what is given by place are values, what is given by name shapes its SQL."""

    def __init__(self, question: Callable[..., QuerySet[ModelT]], *, planned: bool = True) -> None:
        self._question = question
        self._is_planned = planned
        self._shapes: dict[Hashable, _Written] = {}
        update_wrapper(self, question)

    def __call__(self, *values: Any, **shape: Hashable) -> list[ModelT]:
        """The rows."""
        return list(self.asked(*values, **shape))

    def first(self, *values: Any, **shape: Hashable) -> ModelT | None:
        """The first row, if there is one; the question itself says in which order and how many."""
        return next(iter(self.asked(*values, **shape)), None)

    def asked(self, *values: Any, **shape: Hashable) -> QuerySet[ModelT]:
        """The queryset, for what asks of it nothing but its rows."""
        if any(value is None or isinstance(value, bool) for value in values):
            raise TypeError("None, true and false shape a question: give them by name.")
        key = (len(values), *sorted(shape.items()))
        written = self._shapes.get(key)
        if written is None:
            if len(self._shapes) >= _MOST_SHAPES:
                return self._question(*values, **shape)
            written = self._shapes[key] = self._write(values, shape)
        return written.asked(values)

    def _write(self, values: Sequence[Any], shape: dict[str, Hashable]) -> _Written:
        """Written with these values and with each of them changed: where the SQL's parameters differ is its place."""
        pattern = self._question(*values, **shape)
        compiler, sql, params = _compiled(pattern)
        slots: list[tuple[int, int]] = []
        for index, value in enumerate(values):
            changed = [*values]
            changed[index] = _other(value, values)
            _compiler, other_sql, others = _compiled(self._question(*changed, **shape))
            places = [place for place, both in enumerate(zip(params, others, strict=True)) if both[0] != both[1]]
            if other_sql != sql or not places or any(others[place] != changed[index] for place in places):
                raise TypeError(f"Value {index} of {self._question.__name__} shapes its SQL: give it by name.")
            slots += [(place, index) for place in places]
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        name = f"kept_{next(_numbers)}" if self._is_planned else ""
        return _Written(pattern, compiler, sql, params, tuple(slots), converters, name)


def keep(question: Callable[..., QuerySet[ModelT]]) -> Kept[ModelT]:
    """Keep the SQL of `question`, which gives a queryset for values (by place) and shapes (by name), and its plan."""
    return Kept(question)


def keep_sql(question: Callable[..., QuerySet[ModelT]]) -> Kept[ModelT]:
    """Keep the SQL alone, for what must be planned by how full its table is at this very moment."""
    return Kept(question, planned=False)


def _compiled(questions: QuerySet[Any]) -> tuple[Any, str, tuple[Any, ...]]:
    compiler: Any = questions.query.get_compiler(using=questions.db)
    sql, params = compiler.as_sql()
    return compiler, sql, tuple(params)


def _other(value: Any, values: Sequence[Any]) -> Any:
    """A value of the same kind that is none of these: of two that are alike a list of values keeps one."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, list):
        return [*value, max(value, default=0) + 1]
    if isinstance(value, int):
        return next(number for number in count(1) if number not in values)  # small: it must fit where the value does
    return "~".join(str(each) for each in (*values, ""))


def among(column: str, keys: list[int]) -> Func:
    """`column__in` as one array: one shape for any number of keys, and Django does not look at each of thousands."""
    array = Value(keys, output_field=ArrayField(BigIntegerField()))
    return Func(F(column), array, template="%(expressions)s)", arg_joiner=" = ANY(", output_field=BooleanField())


def laid_beside(thing: Model, name: str, rows: Sequence[Model], *, back: str) -> None:
    """Let `thing.<name>.all()` answer with these rows, as after `prefetch_related`; `back` is the way from a row."""
    for row in rows:
        setattr(row, back, thing)
    found: Any = getattr(thing, name).all()
    found._result_cache, found._prefetch_done = list(rows), True
    beside = thing.__dict__.setdefault("_prefetched_objects_cache", {})
    beside[name] = found
