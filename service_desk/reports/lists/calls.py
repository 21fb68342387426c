"""Lists of calls, messages, complaints, suggestions and customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.calls.filters import CallFilters
from service_desk.calls.models import CallMessage, CallSettlement
from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.columns import Column, local
from service_desk.complaints import listing as complaints
from service_desk.complaints.forms.filters import ComplaintFilters
from service_desk.complaints.models import Complaint, Suggestion
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import mask_number
from service_desk.people.rules import LEADING_ROLES
from service_desk.reports.exporting import Exportable, Rows
from service_desk.reports.lists.cells import columns, keyed, text
from service_desk.rest.clean import is_clean
from service_desk.telephony.models import Call

GROUP = _("Calls, complaints and customers")
_LONGEST = 200


# --- Calls ---------------------------------------------------------------------------------------------------------
def _registered_as(call: Any) -> str:
    settled = getattr(call, "settled", None)
    if settled is None:
        return ""
    words = str(settled.get_settled_as_display())
    return f"{words} {settled.case.number}" if settled.case else words


_CALLS = columns(
    Call,
    ("ref", _("Call")),
    ("direction", _("Direction")),
    text("number", _("Caller's number"), lambda call: call.masked_number),
    ("line_number", _("Line")),
    ("state", _("State")),
    Column("began", pgettext_lazy("when", "Began"), lambda call: local(call.started_at or call.heard_at), moment=True),
    ("answered_at", pgettext_lazy("when", "Answered")),
    ("ended_at", pgettext_lazy("when", "Ended")),
    ("ring_count", _("Rings")),
    ("agent", _("Answered by")),
    ("claimed_by", _("Claimed by")),
    ("ended_by", _("Hung up by")),
    ("integration__name", _("Phone system")),
    text("registered", _("Registered as"), _registered_as),
)


def _calls(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    form = CallFilters(query, user=user)
    form.is_valid()
    return keyed(form.narrow(calls_visible_to(user)), shown)


def _with_settlements(_user: Any, calls: Sequence[Any]) -> None:
    standing = CallSettlement.objects.standing().filter(call__in=[call.pk for call in calls]).select_related("case")
    settled = {row.call_id: row for row in standing}
    for call in calls:
        call.settled = settled.get(call.pk)


# --- Messages for colleagues (C14): as the page shows them, numbers masked ---
_MESSAGES = columns(
    CallMessage,
    ("from_name", pgettext_lazy("message", "From")),
    text("number", pgettext_lazy("telephone", "Number"), lambda message: message.masked_number),
    "for_whom", "matter", "call_back_by", ("taken_at", pgettext_lazy("message", "Taken")), "taken_by",
    "acknowledged_at", "done_at", "outcome",
)  # fmt: skip


def _messages(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    show = query.get("show", "")
    if show == "relayed":
        rows = CallMessage.objects.relayed_by(user)
    elif show == "all" and user.has_role(*LEADING_ROLES):
        rows = CallMessage.objects.visible_to(user)
    else:
        rows = CallMessage.objects.for_me(user)
    return keyed(rows if query.get("done") == "1" else rows.open(), shown)


# --- Complaints and suggestions: those of one's circles (P6) ---
_COMPLAINTS = columns(
    Complaint,
    "case__number",
    ("case__subject", _("Matter")),
    "case__level", "stage", "channel", "case__state",
    ("about_unit", _("About the unit")),
    ("about_staff", _("About the person")),
    "case__handler", "case__accepted_at", "case__registered_at",
    ("case__ended_at", _("Closed or cancelled")),
)  # fmt: skip
_SUGGESTIONS = columns(Suggestion, "text", "unit", "at", "answer", "answered_by", "answered_at", "returned_at")


def _complaints(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    form = ComplaintFilters(query)
    form.is_valid()
    return keyed(complaints.find(user, form.chosen), shown, "-pk")


def _suggestions(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    found = Suggestion.objects.visible_to(user)
    return keyed(found.filter(returned_at=None) if query.get("open") == "on" else found, shown)


# --- Customers ---
_CUSTOMERS = columns(
    Customer,
    "name", "region", "address",
    text("number", pgettext_lazy("telephone", "Number"), lambda row: mask_number(row.number) if row.number else ""),
)  # fmt: skip


def _customers(_user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    """By name; of those that fit a search all, where the page shows the first ones."""
    asked = query.get("q", "").strip()
    found = Customer.objects.filter(is_active=True)
    if asked:
        fits = is_clean(asked) and len(asked) <= _LONGEST
        found = Customer.objects.filter(pk__in=Customer.objects.suggest(asked).values("pk")) if fits else found.none()
    first = PhoneNumber.objects.filter(customer=OuterRef("pk")).order_by("id").values("raw")[:1]
    return keyed(found.annotate(number=Subquery(first)), shown, "name")


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "calls", _("Calls"), "call.export", "call-list", lambda _q: _CALLS, _calls, dress=_with_settlements,
            full={"number": lambda call: str(call.customer_number)}, numbers_verb="call.export_numbers",
            private=frozenset({"number"}), group=GROUP,
        ),
        Exportable(
            "messages", pgettext_lazy("for colleagues", "Messages"), "message.export", "message-list",
            lambda _q: _MESSAGES, _messages, opens="message.view", group=GROUP,
        ),
        Exportable(
            "complaints", _("Complaints"), "complaint.export", "complaint-list", lambda _q: _COMPLAINTS, _complaints,
            group=GROUP,
        ),
        Exportable(
            "suggestions", _("Suggestions of customers"), "complaint.export", "suggestion-list",
            lambda _q: _SUGGESTIONS, _suggestions, group=GROUP,
        ),
        Exportable(
            "customers", _("Customers"), "customer.export", "customer-list", lambda _q: _CUSTOMERS, _customers,
            full={"number": lambda row: str(row.number or "")}, numbers_verb="customer.export_numbers",
            private=frozenset({"q"}), opens="customer.view", group=GROUP,
        ),
    )  # fmt: skip
