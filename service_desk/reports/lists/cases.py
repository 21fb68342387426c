"""Lists of cases and of what was agreed on in them: promises, hand-overs, a customer's history, minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases import columns as case_columns
from service_desk.cases import listing, stage_sums
from service_desk.cases.columns import Column, local
from service_desk.cases.customer_history import Kind, history
from service_desk.cases.forms.filters import CaseFilters
from service_desk.cases.forms.stage_sums import PeriodForm
from service_desk.cases.models import Case, HandOver, NoteTemplate, Promise, RequestType, SavedView
from service_desk.cases.offered import offered
from service_desk.cases.timeline import event_title
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.reports.exporting import Exportable, Keyed, Listed, Rows
from service_desk.reports.lists.cells import columns, keyed, text

GROUP = _("Cases")


# --- Cases: as their list has them ---------------------------------------------------------------------------------
def _case_columns(query: QueryDict) -> Sequence[Column]:
    return case_columns.chosen(query.get("cols", "")[:1000])[0]


def _cases(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    filters = CaseFilters(query, offered(user).choices)
    filters.is_valid()
    found = listing.find(user, filters.chosen)
    dressed = found.dressed(lambda cases: case_columns.needed(cases, shown))
    cases, order = listing.order_of(dressed, filters.order)
    if any(column.key == "due" for column in shown):
        cases = case_columns.with_next_due(cases)
    return Keyed(cases, order, found.cases)


# --- Promises (C11) and hand-overs (C5) of the cases that one may see -----------------------------------------------
_PROMISES = columns(
    Promise,
    "case__number", "case__customer__name", "text", "by", "made_at", "due_at", "state", "settled_at", "broken_at",
    "settled_with",
)  # fmt: skip
_HAND_OVERS = columns(
    HandOver,
    "case__number", "case__customer__name", "giver", "receiver", "proposed_at", "state", "decided_at", "done",
    "remaining", "promised", "decline_reason",
)  # fmt: skip


def _promises(user: Any, _query: QueryDict, shown: Sequence[Column]) -> Rows:
    return keyed(Promise.objects.filter(case__in=Case.objects.visible_to(user)), shown)


def _hand_overs(user: Any, _query: QueryDict, shown: Sequence[Column]) -> Rows:
    return keyed(HandOver.objects.filter(case__in=Case.objects.visible_to(user)), shown)


# --- What happened with a customer ----------------------------------------------------------------------------------
_HISTORY = (
    text("number", _("Case"), lambda event: event.case.number),
    Column("at", pgettext_lazy("event", "When"), lambda event: local(event.at), moment=True),
    text("what", _("What happened"), event_title),
    text("text", _("Text"), lambda event: event.text),
    text("who", _("By"), lambda event: event.actor),
)


@dataclass(frozen=True, slots=True)
class _History:
    """Page by page as the screen has it."""

    user: Any
    customer: Customer | None
    kind: str

    def piece(self, after: str) -> tuple[list[Any], str]:
        """The next page."""
        if self.customer is None:
            return [], ""
        shown = history(self.customer, self.user, self.kind, after=after or None)
        return shown.items, shown.next or ""

    def count(self, most: int) -> int:
        """Counted by pages: a customer has few."""
        found, after = 0, ""
        while found < most:
            items, after = self.piece(after)
            found += len(items)
            if not after:
                break
        return min(found, most)


def number_in(query: QueryDict, name: str) -> int:
    """The primary key that the address names; 0, which nothing has, for anything else."""
    given = query.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0


def _customer_history(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    kind = query.get("kind", Kind.ALL)
    customer = Customer.objects.filter(pk=number_in(query, "customer")).first()
    return _History(user, customer, kind if kind in Kind.values else Kind.ALL)


# --- Whose minutes they were (D6) -----------------------------------------------------------------------------------


def _minutes(key: str, label: Any) -> Column:
    def said(row: Any) -> str:
        value = getattr(row, key)
        return str(round(value / timedelta(minutes=1))) if isinstance(value, timedelta) else str(value)

    return Column(key, label, said)


_SUMS = (
    text("name", _("Who"), lambda row: row.name),
    _minutes("cases", _("Cases")),
    _minutes("first_responder", _("As first responder (minutes)")),
    _minutes("handler", _("As handler (minutes)")),
    _minutes("hand_over", _("Hand-over unanswered (minutes)")),
    _minutes("customer", _("Waiting for the customer (minutes)")),
    _minutes("others", _("Waiting for others (minutes)")),
    _minutes("whole", _("All together (minutes)")),
    _minutes("late_cases", _("Late cases")),
    _minutes("late", _("Of it in late cases (minutes)")),
    _minutes("pauses", _("Pauses set")),
    _minutes("paused", _("Paused for (minutes)")),
)
_BEHIND = (
    text("number", _("Case"), lambda row: row.number),
    text("subject", _("Matter"), lambda row: row.subject),
    text("state", _("State"), lambda row: row.state_label),
    _minutes("lasted", _("Of it counted (minutes)")),
)


def _asked(query: QueryDict) -> tuple[stage_sums.Period, stage_sums.By, Any]:
    """The period and the grouping that the address asks for; of what is wrong in it, the usual."""
    moment = now()
    form = PeriodForm(query)
    form.is_valid()
    by = stage_sums.By.UNIT if query.get("by") == stage_sums.By.UNIT else stage_sums.By.PERSON
    return form.period(stage_sums.usual_period(moment)), by, moment


def _stage_sums(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    period, by, moment = _asked(query)
    sort = query.get("sort", "-late")
    name = sort.removeprefix("-")
    known = name if name in stage_sums.SORTS else "late"
    rows = stage_sums.sums(user, period, by, now=moment)
    return Listed(stage_sums.in_order(rows, known, down=sort.startswith("-") or known != name))


def _stage_cases(user: Any, query: QueryDict, _shown: Sequence[Column]) -> Rows:
    period, by, moment = _asked(query)
    kind, whose = query.get("kind", ""), number_in(query, "of") or None
    late = kind in ("late", "late_cases")
    return Listed(stage_sums.cases_behind(user, period, by, whose, now=moment, kind=kind, late=late))


# --- What the desk writes with: request types, templates, views ---
_TYPES = columns(RequestType, "name", "service_line", "is_active")
_TEMPLATES = columns(NoteTemplate, "name", "use", "scope", "owner", "unit", "service_line", "text", "changed_at")
_VIEWS = columns(SavedView, "name", "owner", "unit", ("query", _("Filters")))


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "cases", _("Cases"), "case.export", "case-list", _case_columns, _cases,
            full={"phone": lambda case: str(case.caller_phone)}, numbers_verb="case.export_numbers",
            private=frozenset({"q"}), group=GROUP,
        ),
        Exportable("promises", _("Promises"), "promise.export", "", lambda _q: _PROMISES, _promises, group=GROUP),
        Exportable(
            "hand-overs", _("Hand-overs"), "promise.export", "", lambda _q: _HAND_OVERS, _hand_overs, group=GROUP
        ),
        Exportable(
            "customer-history", _("What happened with a customer"), "customer.export",
            lambda query: reverse("customer-history", args=[number_in(query, "customer")]),
            lambda _q: _HISTORY, _customer_history, opens="customer.view", group=GROUP, alone=False,
        ),
        Exportable(
            "minutes", _("Whose minutes"), "stages.export", "stage-sums", lambda _q: _SUMS, _stage_sums,
            opens="stages.view", group=GROUP,
        ),
        Exportable(
            "minutes-cases", _("Cases behind minutes"), "stages.export", "stage-cases", lambda _q: _BEHIND,
            _stage_cases, opens="stages.view", group=GROUP, alone=False,
        ),
        Exportable(
            "request-types", _("Request types"), "request_type.export", "request-type-list", lambda _q: _TYPES,
            lambda _user, _q, shown: keyed(RequestType.objects.all(), shown, "-is_active", "order", "id"),
            opens="request_type.view", group=GROUP,
        ),
        Exportable(
            "note-templates", _("Templates"), "note_template.export", "note-template-list", lambda _q: _TEMPLATES,
            lambda user, _q, shown: keyed(NoteTemplate.objects.usable_by(user), shown), opens="note_template.use",
            group=GROUP,
        ),
        Exportable(
            "views", _("Saved views"), "view.export", "case-views", lambda _q: _VIEWS,
            lambda user, _q, shown: keyed(SavedView.objects.offered_to(user), shown), opens="", group=GROUP,
        ),
    )  # fmt: skip
