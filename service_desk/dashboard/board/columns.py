"""Which columns the list behind a figure has, and how it sorts by them: a bounded set by any, a long one by its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import DateTimeField, F, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat, NullIf
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.models import CaseDeadline
from service_desk.dashboard.board import agents, asking
from service_desk.dashboard.board.figures import Figure
from service_desk.deadlines.rules import ClockKind
from service_desk.rest.keyset import Page, page

#: What has no clock that runs stands after everything that has one.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_UNIQUE = "pk"
Expression = Combinable | Callable[[Any], Combinable]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the address, its head, and what the rows are sorted by (none: they are not).

    `first`: the order in which the figure's rows come by themselves is that of this column.
    """

    name: str
    label: Words
    by: Expression | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A column as it stands above a list; `field` is what the address says of it, blank where it cannot sort."""

    name: str
    label: Words
    field: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows in the order that was asked for, and the columns above them."""

    rows: QuerySet[Any]
    order: tuple[str, ...]
    sort: str
    heads: Sequence[Head]
    number: int

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.number > asking.COUNTED

    def page(self, *, size: int, after: str | None = None, before: str | None = None) -> Page[Any]:
        """The keys of one page of them."""
        plain = [name.removeprefix("-") for name in self.order]
        keys = self.rows.only("pk", *(name for name in plain if name not in self.rows.query.annotations))
        return page(keys, order=self.order, size=size, after=after, before=before)


def listing(figure: Figure, user: Any, asked: str) -> Listing:
    """The rows behind a figure, counted and sorted as of one moment.

    At most so many as are counted are sorted by any column: these rows and no others, so that it costs the same however
    long the history is. Of more the figure's own order is kept, forwards or backwards, which an index has.
    """
    found = figure.rows(user)
    statement = asking.written({figure.key: found.order_by(*figure.order)}, {figure.key: asking.Form.PLACES})
    places = asking.ask(statement)[figure.key]
    columns = {column.name: column for column in COLUMNS[figure.kind]}
    own = next((column.name for column in columns.values() if column.first), "")
    usual = f"-{own}" if own and figure.order[0].startswith("-") else own
    many = len(places) > asking.COUNTED
    name = asked.removeprefix("-")
    if not (name in columns and columns[name].by is not None and (name == own or not many)):
        asked, name = usual, own
    rows = found if many else found.model._default_manager.filter(pk__in=places)
    heads = [Head(c.name, c.label, c.name if c.by and (c.name == own or not many) else "") for c in columns.values()]
    if name == own:
        order = figure.order if asked == usual else tuple(_turned(each) for each in figure.order)
    else:
        by = columns[name].by
        rows = rows.annotate(sorted_by=by(user) if callable(by) else by)
        sign = "-" if asked.startswith("-") else ""
        order = (f"{sign}sorted_by", f"{sign}{_UNIQUE}")
    return Listing(rows, order, asked, heads, len(places))


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _name(*whose: str) -> Combinable:
    """The name, as it is shown, of the first of these who is somebody; nobody's is empty."""
    names = [name for who in whose for name in (NullIf(f"{who}full_name", Value("")), F(f"{who}username"))]
    return Coalesce(*names, Value(""), output_field=TextField())


def _matter(case: str) -> Combinable:
    return Concat(f"{case}product_type__name", Value(" "), f"{case}fault", output_field=TextField())


def _next_due(case: str, **kind: str) -> Combinable:
    """When the nearest open clock of a case is due."""
    clocks = CaseDeadline.objects.open().filter(case=OuterRef(case), **kind).order_by("due_at", "id")
    return Coalesce(Subquery(clocks.values("due_at")[:1]), Value(_NEVER), output_field=DateTimeField())


_ENTRY, _MATTER, _WHO = pgettext_lazy("list of the board", "Entry"), _("Matter"), _("Who")
_DUE, _SINCE, _NOTE = _("Next due"), pgettext_lazy("list of the board", "Since"), _("Note")
_ANSWERS = _("Answers and notes")


def _of_case(case: str, who: str = "handler__", *, first: bool = False) -> tuple[Column, ...]:
    return (
        Column("entry", _ENTRY, F(f"{case}number"), first),
        Column("matter", _MATTER, _matter(case)),
        Column("who", _WHO, _name(who)),
    )


#: By the kind of a figure's rows, in the order in which they stand.
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "case": (
        *_of_case("", first=True),
        Column("due", _DUE, _next_due("pk", kind=ClockKind.EMERGENCY)),
        Column("note", _ANSWERS),
    ),
    "clock": (
        *_of_case("case__", "case__handler__"),
        Column("due", _DUE, F("due_at"), first=True),
        Column("note", _ANSWERS),
    ),
    "promise": (
        *_of_case("case__", "by__"),
        Column("due", _DUE, F("due_at"), first=True),
        Column("note", _("What was promised"), F("text")),
    ),
    "hand_over": (
        *_of_case("case__", "giver__"),
        Column("since", _SINCE, F("proposed_at"), first=True),
        Column("due", _DUE),
        Column("note", _("What remains")),
    ),
    "complaint": (
        *_of_case("case__", "case__handler__", first=True),
        Column("due", _DUE, _next_due("case_id")),
        Column("note", _("Channel"), F("channel")),
    ),
    "call": (
        Column("entry", _ENTRY),
        Column("matter", _("Phone system"), F("call__integration__name")),
        Column("who", _WHO, _name("call__claimed_by__", "call__agent__")),
        Column("due", _DUE, F("due_at"), first=True),
    ),
    "message": (
        Column("entry", _ENTRY, F("message_id")),
        Column("who", _WHO, _name("message__for_whom__")),
        Column("due", _DUE, F("due_at"), first=True),
    ),
    "delivery": (
        Column("entry", _ENTRY),
        Column("matter", _("Channel"), F("channel")),
        Column("who", _WHO, _name("notice__recipient__")),
        Column("since", _SINCE, F("created_at"), first=True),
        Column("note", _NOTE),
    ),
    "incident": (
        Column("entry", _ENTRY, F("kind")),
        Column("matter", _MATTER, F("thing")),
        Column("since", _SINCE, F("found_at"), first=True),
        Column("note", _NOTE),
    ),
    "endpoint": (
        Column("entry", _ENTRY, F("name"), first=True),
        Column("since", _SINCE, Coalesce(F("failing_since"), Value(_NEVER), output_field=DateTimeField())),
        Column("note", _NOTE),
    ),
    "phone": (Column("entry", _ENTRY, F("name"), first=True), Column("matter", _("Kind"), F("kind"))),
    "agent": (
        Column("entry", _WHO, _name(""), first=True),
        Column("matter", _("Unit"), Coalesce(F("unit__name"), Value(""))),
        Column("note", _("Open cases"), agents.load_of),
    ),
}
