"""The pages of quality: violations to decide, one of them, and the ledger of a month."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.models import Staff
from service_desk.quality import actions
from service_desk.quality.forms import AnswerForm, MonthForm, PraiseForm, ReasonForm, ReportForm, ViolationFilters
from service_desk.quality.models import ClosedMonth, LedgerEntry, Violation
from service_desk.quality.rules import ViolationState
from service_desk.rest.errors import FieldError, Refusal
from service_desk.rest.paging import listed

_LINES = 200
_OF_CASES = ("case", "complaint")
_SORTS: Mapping[str, Promise] = {
    "call": gettext_lazy("Call"),
    "case": gettext_lazy("Case"),
    "complaint": gettext_lazy("Complaint"),
}


@dataclass(frozen=True)
class Deed:
    """What may be done to a violation: its form and its verb."""

    label: str | Promise
    form: Callable[..., Any]
    verb: Callable[..., Violation]
    symbol: str


DEEDS: Mapping[str, Deed] = {
    "verify": Deed(gettext_lazy("Verify"), ReasonForm, actions.verify, "check"),
    "dismiss": Deed(pgettext_lazy("violation", "Dismiss"), ReasonForm, actions.dismiss, "x-mark"),
    "object": Deed(
        gettext_lazy("Object"),
        ReasonForm,
        lambda *, violation, actor, reason: actions.object_to(violation=violation, actor=actor, text=reason),
        "hand-raised",
    ),
    "answer": Deed(gettext_lazy("Answer the objection"), AnswerForm, actions.answer_objection, "scale"),
}


@login_required
@require_GET
def violation_list(request: HttpRequest) -> HttpResponse:
    """Violations, the suspected ones first asked for; everybody sees at least those that concern them."""
    require(request.user, "violation.view")
    form = ViolationFilters(request.GET)
    form.is_valid()
    rows = Violation.objects.visible_to(request.user).select_related("person", "chief", "unit")
    for name, value in form.chosen.items():
        rows = rows.filter(**{name: value})
    shown = listed(request, rows, ("-found_at", "-id"))
    places = _places(request.user, shown.items)
    context = {
        "form": form,
        "violations": shown.items,
        "rows": [(each, *places[each.source]) for each in shown.items],
        "lost": shown.lost,
        "filtered": bool(form.chosen),
        "next_url": shown.next_url,
        "previous_url": shown.previous_url,
        "may_report": bool(can(request.user, "violation.report")),
    }
    return render(request, "quality/violations.html", context)


@login_required
@require_GET
def violation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One violation, how it was decided, and what this person may do about it."""
    violation = _violation(request, pk)
    return render(request, "quality/violation.html", _detail(request, violation))


def _violation(request: HttpRequest, pk: int) -> Violation:
    rows = Violation.objects.visible_to(request.user).select_related(
        "person", "chief", "unit", "found_by", "decided_by", "answered_by"
    )
    return get_object_or_404(rows, pk=pk)


def _detail(request: HttpRequest, violation: Violation) -> dict[str, Any]:
    """What the page shows; the deeds that are possible now."""
    state = violation.state
    open_objection = violation.objected_at is not None and violation.answered_at is None
    possible = {
        "verify": state == ViolationState.SUSPECTED,
        "dismiss": state == ViolationState.SUSPECTED,
        "object": state == ViolationState.VERIFIED and violation.objected_at is None,
        "answer": open_objection,
    }
    deeds = [
        {"name": name, "label": deed.label, "symbol": deed.symbol}
        for name, deed in DEEDS.items()
        if possible[name] and can(request.user, f"violation.{name}", violation)
    ]
    entries = violation.entries.select_related("staff", "by").order_by("at", "id")
    place, link = _places(request.user, [violation])[violation.source]
    return {"violation": violation, "deeds": deeds, "entries": entries, "place": place, "place_link": link}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _places(user: Any, violations: Iterable[Violation]) -> dict[str, tuple[str, str]]:
    """Where each was found, as words and as an address; of what this person may not know of its sort alone (P6)."""
    parts = {each.source: each.source.partition(":")[::2] for each in violations}
    ids = {source: int(name) for source, (kind, name) in parts.items() if kind in _OF_CASES and _is_id(name)}
    cases = Case.objects.visible_to(user).in_bulk(ids.values()) if ids else {}
    refs = [name for kind, name in parts.values() if kind == "call"]
    calls = {call.ref: call for call in calls_visible_to(user).filter(ref__in=refs)} if refs else {}
    places = {}
    for source, (kind, name) in parts.items():
        if (case := cases.get(ids.get(source, 0))) is not None:
            places[source] = (case.number, case.get_absolute_url())
        elif (call := calls.get(name if kind == "call" else "")) is not None:
            number = _("Call of %(number)s") % {"number": call.masked_number or "–"}
            places[source] = (number, f"/calls/{call.ref}/")
        else:
            places[source] = (str(_SORTS[kind]) if kind in _SORTS else source, "")
    return places


@login_required
@require_http_methods(["GET", "POST"])
def violation_do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """The form of a deed, or the deed."""
    if deed not in DEEDS:
        raise Http404(_("There is no such action."))
    violation, chosen = _violation(request, pk), DEEDS[deed]
    require(request.user, f"violation.{deed}", violation)
    form = chosen.form(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _done(form, chosen.verb, violation=violation, actor=request.user):
            messages.success(request, _("Saved: %(move)s.") % {"move": chosen.label})
            return redirect(violation)
    context = {"violation": violation, "form": form, "label": chosen.label}
    return render(request, "quality/deed.html", context, status=status)


def _done(form: Any, verb: Callable[..., Any], **given: Any) -> bool:
    """Call the verb with what the form holds; a refusal goes beside its field."""
    try:
        verb(**given, **form.cleaned_data)
    except Refusal as refusal:
        add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
        return False
    return True


@login_required
@require_http_methods(["GET", "POST"])
def violation_report(request: HttpRequest) -> HttpResponse:
    """Report a violation that somebody has found."""
    require(request.user, "violation.report")
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _done(form, actions.report, actor=request.user):
        messages.success(request, _("The suspicion is recorded; both people concerned are told."))
        return redirect("violation-list")
    context = {"form": form, "label": _("Report a violation"), "violation": None}
    return render(request, "quality/deed.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def praise(request: HttpRequest) -> HttpResponse:
    """Praise somebody in the ledger."""
    require(request.user, "ledger.praise")
    form = PraiseForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _done(form, actions.praise, actor=request.user):
        messages.success(request, _("The praise stands in the ledger."))
        return redirect("ledger")
    context = {"form": form, "label": _("Praise somebody"), "violation": None}
    return render(request, "quality/deed.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def ledger(request: HttpRequest) -> HttpResponse:
    """A month of the ledger: sums by person and the lines behind them; closing it, for those who may."""
    user: Any = request.user
    form = MonthForm(request.GET, moment=now())
    form.is_valid()
    month = form.first_day
    if request.method == "POST":
        return _close(request, month)
    whole = bool(can(user, "ledger.view"))
    lines = LedgerEntry.objects.filter(month=month).select_related("staff", "unit", "by", "violation")
    if not whole:
        lines = lines.filter(Q(staff=user))
    closed = ClosedMonth.objects.select_related("closed_by").filter(pk=month).first()
    context = {
        "form": form,
        "month": month,
        "lines": lines[:_LINES],
        "more": lines[_LINES : _LINES + 1].exists(),
        "sums": _sums(month, None if whole else user.pk),
        "closed": closed,
        "whole": whole,
        "may_close": closed is None and bool(can(user, "ledger.close")),
        "may_praise": bool(can(user, "ledger.praise")),
    }
    return render(request, "quality/ledger.html", context)


def _sums(month: date, only: int | None) -> list[dict[str, Any]]:
    """Each person's points and yuan in the month, the heaviest first."""
    sums = {pk: line for pk, line in actions.sums_of(month).items() if only in (None, pk)}
    people = Staff.objects.select_related("unit").in_bulk(list(sums))
    rows = [{"person": people[pk], **line} for pk, line in sums.items()]
    return sorted(rows, key=lambda row: (row["points"], row["yuan"], row["person"].full_name))


def _close(request: HttpRequest, month: date) -> HttpResponse:
    try:
        actions.close_month(actor=request.user, month=month)
    except Refusal as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("%(month)s is closed.") % {"month": f"{month:%Y-%m}"})
    return redirect(f"{reverse('ledger')}?month={month:%Y-%m}")
