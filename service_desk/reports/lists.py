"""The lists that can be taken along: cases, calls, complaints, violations, promises; what a row of each says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.filters import CallFilters
from service_desk.calls.models import CallSettlement
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases import columns as case_columns
from service_desk.cases import listing
from service_desk.cases.columns import Column, local
from service_desk.cases.forms.filters import CaseFilters
from service_desk.cases.models import Case, Promise
from service_desk.cases.offered import offered
from service_desk.complaints import listing as complaints
from service_desk.complaints.forms.filters import ComplaintFilters
from service_desk.quality.forms import ViolationFilters
from service_desk.quality.models import Violation
from service_desk.reports.exporting import Exportable, Rows, register


def _at(*path: str) -> Callable[[Any], str]:
    return lambda row: local(_value(row, path))


def _named(*path: str) -> Callable[[Any], str]:
    def text(row: Any) -> str:
        value = _value(row, path)
        return "" if value is None else str(value)

    return text


def _shown(name: str, *path: str) -> Callable[[Any], str]:
    """The words of a coded column."""

    def text(row: Any) -> str:
        thing = _value(row, path)
        return str(getattr(thing, f"get_{name}_display")()) if getattr(thing, name) else ""

    return text


def _value(row: Any, path: Sequence[str]) -> Any:
    for name in path:
        row = getattr(row, name) if row is not None else None
    return row


# --- Cases: as their list has them ---------------------------------------------------------------------------------
def _case_columns(query: QueryDict) -> Sequence[Column]:
    return case_columns.chosen(query.get("cols", "")[:1000])[0]


def _cases(user: Any, query: QueryDict, columns: Sequence[Column]) -> Rows:
    filters = CaseFilters(query, offered(user).choices)
    filters.is_valid()
    found = listing.find(user, filters.chosen)
    dressed = found.dressed(lambda cases: case_columns.needed(cases, columns))
    cases, order = listing.order_of(dressed, filters.order)
    if any(column.key == "due" for column in columns):
        cases = case_columns.with_next_due(cases)
    return Rows(cases, order, found.cases)


# --- Calls ---------------------------------------------------------------------------------------------------------
def _registered_as(call: Any) -> str:
    settled = getattr(call, "settled", None)
    if settled is None:
        return ""
    return (
        f"{settled.get_settled_as_display()} {settled.case.number}"
        if settled.case
        else str(settled.get_settled_as_display())
    )


_CALL_COLUMNS = (
    Column("ref", _("Call"), lambda call: call.ref),
    Column("direction", _("Direction"), _shown("direction")),
    Column("number", _("Caller's number"), lambda call: call.masked_number),
    Column("line", _("Line"), lambda call: call.line_number),
    Column("state", _("State"), _shown("state")),
    Column("began", pgettext_lazy("when", "Began"), lambda call: local(call.started_at or call.heard_at), moment=True),
    Column("answered", pgettext_lazy("when", "Answered"), _at("answered_at"), moment=True),
    Column("ended", pgettext_lazy("when", "Ended"), _at("ended_at"), moment=True),
    Column("rings", _("Rings"), lambda call: "" if call.ring_count is None else str(call.ring_count)),
    Column("agent", _("Answered by"), _named("agent")),
    Column("claimed", _("Claimed by"), _named("claimed_by")),
    Column("hung_up", _("Hung up by"), _shown("ended_by")),
    Column("system", _("Phone system"), _named("integration", "name")),
    Column("registered", _("Registered as"), _registered_as),
)


def _calls(user: Any, query: QueryDict, _columns: Sequence[Column]) -> Rows:
    form = CallFilters(query, user=user)
    form.is_valid()
    found = form.narrow(calls_visible_to(user))
    return Rows(found.select_related("integration", "agent", "claimed_by"), ("-id",), found)


def _with_settlements(calls: Sequence[Any]) -> None:
    standing = CallSettlement.objects.standing().filter(call__in=[call.pk for call in calls]).select_related("case")
    settled = {row.call_id: row for row in standing}
    for call in calls:
        call.settled = settled.get(call.pk)


# --- Complaints: those of one's circles (P6) -------------------------------------------------------------------------
_COMPLAINT_COLUMNS = (
    Column("number", _("Number"), _named("case", "number")),
    Column("matter", _("Matter"), _named("case", "subject")),
    Column("level", _("Level"), _shown("level", "case")),
    Column("stage", _("Instance"), _shown("stage")),
    Column("channel", _("Came by"), _shown("channel")),
    Column("state", _("State"), _shown("state", "case")),
    Column("about_unit", _("About the unit"), _named("about_unit")),
    Column("about_staff", _("About the person"), _named("about_staff")),
    Column("handler", _("Handler"), _named("case", "handler")),
    Column("accepted", _("Accepted"), _at("case", "accepted_at"), moment=True),
    Column("registered", pgettext_lazy("when", "Registered"), _at("case", "registered_at"), moment=True),
    Column("ended", _("Closed or cancelled"), _at("case", "ended_at"), moment=True),
)


def _complaints(user: Any, query: QueryDict, _columns: Sequence[Column]) -> Rows:
    form = ComplaintFilters(query)
    form.is_valid()
    found = complaints.find(user, form.chosen)
    return Rows(found, ("-pk",), found)


# --- Violations ------------------------------------------------------------------------------------------------------
_VIOLATION_COLUMNS = (
    Column("offence", _("Violation"), _shown("offence")),
    Column("person", _("Person"), _named("person")),
    Column("chief", _("Section chief"), _named("chief")),
    Column("unit", _("Unit"), _named("unit")),
    Column("source", _("Found in"), lambda row: str(row.source)),
    Column("happened", _("Happened"), _at("happened_at"), moment=True),
    Column("found", pgettext_lazy("when", "Found"), _at("found_at"), moment=True),
    Column("state", _("State"), _shown("state")),
    Column("decided_by", _("Decided by"), _named("decided_by")),
    Column("decided", pgettext_lazy("when", "Decided"), _at("decided_at"), moment=True),
    Column("decision", _("Reason"), lambda row: str(row.decision)),
    Column("objection", _("Objection"), lambda row: str(row.objection)),
    Column("answer", _("Answer"), lambda row: str(row.answer)),
)


def _violations(user: Any, query: QueryDict, _columns: Sequence[Column]) -> Rows:
    form = ViolationFilters(query)
    form.is_valid()
    found = Violation.objects.visible_to(user).filter(**form.chosen)
    return Rows(found.select_related("person", "chief", "unit", "decided_by"), ("-found_at", "-id"), found)


# --- Promises: of the cases that one may see (C11) -------------------------------------------------------------------
_PROMISE_COLUMNS = (
    Column("number", _("Case"), _named("case", "number")),
    Column("customer", _("Customer unit"), _named("case", "customer", "name")),
    Column("text", _("What was promised"), lambda row: str(row.text)),
    Column("by", _("Promised by"), _named("by")),
    Column("made", _("Promised"), _at("made_at"), moment=True),
    Column("due", _("Until"), _at("due_at"), moment=True),
    Column("state", _("State"), _shown("state")),
    Column("settled", _("Settled"), _at("settled_at"), moment=True),
    Column("broken", _("Broken"), _at("broken_at"), moment=True),
    Column("settled_with", _("What was done or said"), lambda row: str(row.settled_with)),
)


def _promises(user: Any, _query: QueryDict, _columns: Sequence[Column]) -> Rows:
    found = Promise.objects.filter(case__in=Case.objects.visible_to(user))
    return Rows(found.select_related("case__customer", "by"), ("-id",), found)


def register_lists() -> None:
    """Called once, when the room is ready."""
    register(
        Exportable(
            "cases",
            _("Cases"),
            "case.export",
            "case-list",
            _case_columns,
            _cases,
            full={"phone": lambda case: str(case.caller_phone)},
            numbers_verb="case.export_numbers",
            private=frozenset({"q"}),
        )
    )
    register(
        Exportable(
            "calls",
            _("Calls"),
            "call.export",
            "call-list",
            lambda _query: _CALL_COLUMNS,
            _calls,
            dress=_with_settlements,
            full={"number": lambda call: str(call.customer_number)},
            numbers_verb="call.export_numbers",
            private=frozenset({"number"}),
        )
    )
    register(
        Exportable(
            "complaints",
            _("Complaints"),
            "complaint.export",
            "complaint-list",
            lambda _query: _COMPLAINT_COLUMNS,
            _complaints,
        )
    )
    register(
        Exportable(
            "violations",
            _("Violations"),
            "violation.export",
            "violation-list",
            lambda _query: _VIOLATION_COLUMNS,
            _violations,
        )
    )
    register(
        Exportable(
            "promises",
            _("Promises"),
            "promise.export",
            "",
            lambda _query: _PROMISE_COLUMNS,
            _promises,
        )
    )
