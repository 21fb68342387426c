"""The columns that a list of cases may have: chosen by the person, kept in the address, the same in an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case, CaseDeadline
from service_desk.customers.rules import mask_number


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, what of the case it needs, its text, and the orders that pressing its head asks for."""

    key: str
    label: str | Promise
    text: Callable[[Any], str]
    needs: tuple[str, ...] = ()
    down: str = ""
    up: str = ""
    moment: bool = False

    @property
    def sorts(self) -> bool:
        """Whether an index has this order."""
        return bool(self.down or self.up)


def local(moment: datetime | None) -> str:
    """A time in the desk's zone, to the minute; the zone is named in the head of a file."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M") if moment else ""


def _at(field: str) -> Callable[[Any], str]:
    return lambda case: local(getattr(case, field))


def _named(*path: str) -> Callable[[Any], str]:
    def text(case: Any) -> str:
        value: Any = case
        for name in path:
            value = getattr(value, name) if value is not None else None
        return "" if value is None else str(value)

    return text


def _severity(case: Case) -> str:
    return str(case.get_severity_display()) if case.severity else gettext("not graded")


_ALL = (
    Column("number", _("Number"), lambda case: case.number, down="newest", up="oldest"),
    Column("matter", _("Matter"), lambda case: case.subject, ("customer", "product_type")),
    Column("customer", _("Customer unit"), _named("customer", "name"), ("customer",)),
    Column("product", _("Product type"), _named("product_type", "name"), ("product_type",)),
    Column("fault", _("Fault in brief"), lambda case: case.fault),
    Column("severity", _("Severity"), _severity),
    Column("state", _("State"), lambda case: str(case.get_state_display())),
    Column("due", _("Next due"), _at("next_due"), up="deadline", moment=True),
    Column("handler", _("Handler"), _named("handler"), ("handler",)),
    Column("unit", _("Unit"), _named("handler", "unit"), ("handler__unit",)),
    Column("responder", _("First responder"), _named("first_responder"), ("first_responder",)),
    Column(
        "registered", pgettext_lazy("when", "Registered"), _at("registered_at"), down="newest", up="oldest", moment=True
    ),
    Column("accepted", _("Accepted"), _at("accepted_at"), down="accepted", up="accepted_oldest", moment=True),
    Column("waiting", _("Waiting for"), lambda case: str(case.get_waiting_for_display()) if case.waiting_for else ""),
    Column("promise", _("Next promise"), _at("next_promise_at"), moment=True),
    Column("request_type", _("Request type"), _named("request_type"), ("request_type",)),
    Column("line", _("Service line"), _named("service_line"), ("service_line",)),
    Column("caller", _("Caller"), lambda case: case.caller_name),
    Column("phone", _("Caller's number"), lambda case: mask_number(case.caller_phone) if case.caller_phone else ""),
    Column("restored", pgettext_lazy("when", "Restored"), _at("restored_at"), moment=True),
    Column("ended", _("Closed or cancelled"), _at("ended_at"), moment=True),
)
COLUMNS: Mapping[str, Column] = {column.key: column for column in _ALL}
USUAL = ("number", "matter", "severity", "state", "due", "handler")


def chosen(text: str) -> tuple[list[Column], list[str]]:
    """The columns named in the address, in order and each once, and the names that are none; the usual without any."""
    names = [name for name in dict.fromkeys(text.split(",")) if name]
    known = [COLUMNS[name] for name in names if name in COLUMNS]
    return known or [COLUMNS[name] for name in USUAL], [name for name in names if name not in COLUMNS]


def in_address(columns: Sequence[Column]) -> str | None:
    """As the address has them; None for the usual ones, which it leaves out."""
    names = tuple(column.key for column in columns)
    return None if names == USUAL else ",".join(names)


def needed(cases: QuerySet[Case], columns: Sequence[Column]) -> QuerySet[Case]:
    """The cases with the names that these columns show, in the same query."""
    names = sorted({name for column in columns for name in column.needs})
    return cases.select_related(*names) if names else cases


def with_next_due(cases: QuerySet[Case]) -> QuerySet[Case]:
    """With the due time of the nearest open clock, for a file (a page draws the clock itself)."""
    nearest = CaseDeadline.objects.open().filter(case=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    return cases.annotate(next_due=Subquery(nearest))
