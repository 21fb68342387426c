"""What the head of the list offers to choose from, read in one query: products, lines, units, request types, views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import get_language

from service_desk.cases.models import RequestType, SavedView
from service_desk.kept import keep
from service_desk.people.models import ProductType, ServiceLine, Unit

_VIEWS = 40
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OfferedView:
    """A saved view as the list needs it."""

    pk: int
    name: str
    query: str
    owner_id: int


@dataclass(frozen=True, slots=True)
class Offered:
    """The choices of each filter by its name, and the saved views that this person may use."""

    choices: Mapping[str, Choices] = field(default_factory=dict)
    views: tuple[OfferedView, ...] = ()

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        """All choices as something to look up by."""
        return tuple((name, *pair) for name, pairs in self.choices.items() for pair in pairs)


@keep
def _everything(person: int, *unit: int) -> QuerySet[Any, Any]:
    nothing = Value("", output_field=TextField())
    views = SavedView.objects.offered_in(person, *(unit or (None,)))
    return _rows("product", ProductType.objects.all(), nothing).union(
        _rows("line", ServiceLine.objects.all(), nothing),
        _rows("unit", Unit.objects.all(), nothing),
        _rows("request_type", RequestType.objects.all(), F("name_en")),
        _rows("view", views, F("query"), owner=F("owner_id")),
        all=True,
    )


def offered(user: Any) -> Offered:
    """Everything to choose from, each sorted by its name."""
    unit = (user.unit_id,) if user.unit_id else ()
    rows: Iterable[Any] = _everything(user.pk, *unit)
    choices: dict[str, Choices] = {"product": [], "line": [], "unit": [], "request_type": []}
    views = []
    in_chinese = (get_language() or "").startswith("zh")
    for kind, key, label, extra, owner in sorted(rows, key=lambda row: (row[2], row[1])):
        if kind == "view":
            views.append(OfferedView(int(key), label, extra, owner))
        else:
            choices[kind].append((key, label if in_chinese or not extra else extra))
    return Offered(choices, tuple(views[:_VIEWS]))


def _rows(kind: str, found: QuerySet[Any], extra: Any, owner: Any = None) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = (
        found.order_by()
        .annotate(
            o_kind=Value(kind, output_field=TextField()),
            o_key=Cast("pk", TextField()),
            o_label=Cast("name", TextField()),
            o_extra=Cast(extra, TextField()),
            o_owner=owner or Value(0),
        )
        .values_list("o_kind", "o_key", "o_label", "o_extra", "o_owner")
    )
    return rows
