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
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.rules import CaseState, Severity, WaitingFor
from service_desk.customers.rules import mask_number


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, what of the case it needs, its text, and the orders that pressing its head asks for.

    A long file is written from values alone: those of `paths`, said by what `ready` makes once for many rows. `text`
    says the same of a row that is there as a whole.
    """

    key: str
    label: str | Promise
    text: Callable[[Any], str]
    needs: tuple[str, ...] = ()
    down: str = ""
    up: str = ""
    moment: bool = False
    paths: tuple[str, ...] = ()
    ready: Callable[[], Callable[..., str]] | None = None

    @property
    def sorts(self) -> bool:
        """Whether an index has this order."""
        return bool(self.down or self.up)


def local(moment: datetime | None) -> str:
    """A time in the desk's zone, to the minute; the zone is named in the head of a file."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M") if moment else ""


def moments() -> Callable[[datetime | None], str]:
    """`local` for very many: the zone is looked up once."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return lambda moment: moment.astimezone(zone).isoformat(" ")[:16] if moment else ""


def coded(choices: Any, missing: Callable[[], str] = str) -> Callable[[], Callable[[str], str]]:
    """Coded values in words, each put into the reader's language once; what has no code is `missing`."""

    def ready() -> Callable[[str], str]:
        words = {code: str(label) for code, label in choices}
        nothing = missing()
        return lambda code: words.get(code, code) if code else nothing

    return ready


def plainly() -> Callable[[Any], str]:
    """The value itself."""
    return lambda value: "" if value is None else str(value)


def persons() -> Callable[[str | None, str | None], str]:
    """A person as `Staff` says it, of full name and user name."""
    return lambda full, user: full or user or ""


def labels() -> Callable[[str | None, str | None], str]:
    """What has a name in two languages, in the reader's."""
    chinese = (get_language() or "").startswith("zh")
    return lambda name, english: (name if chinese else english or name) or ""


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
    Column(
        "number", _("Number"), lambda case: case.number, down="newest", up="oldest", paths=("number",), ready=plainly
    ),
    Column(
        "matter",
        _("Matter"),
        lambda case: case.subject,
        ("customer", "product_type"),
        paths=("subject",),
        ready=plainly,
    ),
    Column(
        "customer",
        _("Customer unit"),
        _named("customer", "name"),
        ("customer",),
        paths=("customer__name",),
        ready=plainly,
    ),
    Column(
        "product",
        _("Product type"),
        _named("product_type", "name"),
        ("product_type",),
        paths=("product_type__name",),
        ready=plainly,
    ),
    Column("fault", _("Fault in brief"), lambda case: case.fault, paths=("fault",), ready=plainly),
    Column(
        "severity",
        _("Severity"),
        _severity,
        paths=("severity",),
        ready=coded(Severity.choices, lambda: gettext("not graded")),
    ),
    Column(
        "state",
        _("State"),
        lambda case: str(case.get_state_display()),
        paths=("state",),
        ready=coded(CaseState.choices),
    ),
    Column("due", _("Next due"), _at("next_due"), up="deadline", moment=True, paths=("next_due",), ready=moments),
    Column(
        "handler",
        _("Handler"),
        _named("handler"),
        ("handler",),
        paths=("handler__full_name", "handler__username"),
        ready=persons,
    ),
    Column(
        "unit", _("Unit"), _named("handler", "unit"), ("handler__unit",), paths=("handler__unit__name",), ready=plainly
    ),
    Column(
        "responder",
        _("First responder"),
        _named("first_responder"),
        ("first_responder",),
        paths=("first_responder__full_name", "first_responder__username"),
        ready=persons,
    ),
    Column(
        "registered",
        pgettext_lazy("when", "Registered"),
        _at("registered_at"),
        down="newest",
        up="oldest",
        moment=True,
        paths=("registered_at",),
        ready=moments,
    ),
    Column(
        "accepted",
        _("Accepted"),
        _at("accepted_at"),
        down="accepted",
        up="accepted_oldest",
        moment=True,
        paths=("accepted_at",),
        ready=moments,
    ),
    Column(
        "waiting",
        _("Waiting for"),
        lambda case: str(case.get_waiting_for_display()) if case.waiting_for else "",
        paths=("waiting_for",),
        ready=coded(WaitingFor.choices),
    ),
    Column(
        "promise", _("Next promise"), _at("next_promise_at"), moment=True, paths=("next_promise_at",), ready=moments
    ),
    Column(
        "request_type",
        _("Request type"),
        _named("request_type"),
        ("request_type",),
        paths=("request_type__name", "request_type__name_en"),
        ready=labels,
    ),
    Column(
        "line",
        _("Service line"),
        _named("service_line"),
        ("service_line",),
        paths=("service_line__name",),
        ready=plainly,
    ),
    Column("caller", _("Caller"), lambda case: case.caller_name, paths=("caller_name",), ready=plainly),
    Column(
        "phone",
        _("Caller's number"),
        lambda case: mask_number(case.caller_phone) if case.caller_phone else "",
        paths=("caller_phone",),
        ready=lambda: lambda phone: mask_number(phone) if phone else "",
    ),
    Column(
        "restored",
        pgettext_lazy("when", "Restored"),
        _at("restored_at"),
        moment=True,
        paths=("restored_at",),
        ready=moments,
    ),
    Column("ended", _("Closed or cancelled"), _at("ended_at"), moment=True, paths=("ended_at",), ready=moments),
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
