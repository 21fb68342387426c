"""The pages of privacy: what is asked, one request with its answer and its copy, a customer's requests and holds."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from service_desk.customers import privacy
from service_desk.customers.models import Customer, ErasurePass, LegalHold, PrivacyRequest, PrivacyRule
from service_desk.customers.privacy_forms import AnswerForm, HoldForm, PrivacyRuleForm, RequestForm
from service_desk.customers.rules import PrivacyKind, PrivacyState
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.roster import database_now
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import FieldError, NotAllowed, Refusal

_SHOWN = 200


@login_required
@require_http_methods(["GET", "POST"])
def request_list(request: HttpRequest) -> HttpResponse:
    """Open requests by the time of their answer, then those answered lately; the rule, and what it would erase."""
    require(request.user, "privacy.view")
    rule = PrivacyRule.in_force()
    may_set = bool(can(request.user, "privacy.rule"))
    start = {"keep_days": rule.keep_days, "answer_days": rule.answer_days}
    form = PrivacyRuleForm(request.POST if request.method == "POST" else None, initial=start)
    would: list[tuple[str, int]] = []
    if request.method == "POST":
        require(request.user, "privacy.rule")
        if form.is_valid() and "dry" in request.POST:
            would = privacy.dry_run(form.cleaned_data["keep_days"])
        elif form.is_valid():
            privacy.set_rule(actor=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("privacy-list")
    asked = PrivacyRequest.objects.select_related("customer", "decided_by")
    context = {
        "open_requests": asked.filter(state=PrivacyState.OPEN).order_by("due_at", "id")[:_SHOWN],
        "answered": asked.exclude(state=PrivacyState.OPEN).order_by("-id")[:50],
        "holds": LegalHold.objects.filter(lifted_at=None).select_related("customer", "by")[:_SHOWN],
        "now": database_now(),
        "rule": rule,
        "form": form if may_set else None,
        "would": would,
        "walks": ErasurePass.objects.order_by("pk"),
    }
    return render(request, "customers/privacy_list.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def of_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer's requests and hold, and the form for a new request."""
    customer = get_object_or_404(Customer, pk=pk)
    require(request.user, "privacy.view", customer)
    form = RequestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = privacy.ask(actor=request.user, customer=customer, **form.cleaned_data)
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The request is recorded."))
            return redirect(made)
    return _customer_page(request, customer, form, HoldForm())


@login_required
@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a legal hold on a customer, or lift it."""
    customer = get_object_or_404(Customer, pk=pk)
    require(request.user, "privacy.decide", customer)
    there = customer.holds.filter(lifted_at=None).first()
    if "lift" in request.POST:
        if there is not None:
            privacy.lift(actor=request.user, hold=there)
            messages.success(request, _("The hold is lifted."))
        return redirect("customer-privacy", pk)
    form = HoldForm(request.POST)
    if form.is_valid():
        try:
            privacy.hold(actor=request.user, customer=customer, **form.cleaned_data)
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("Nothing of this customer is erased until the hold is lifted."))
            return redirect("customer-privacy", pk)
    return _customer_page(request, customer, RequestForm(), form)


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request, and its answer."""
    found = get_object_or_404(PrivacyRequest.objects.select_related("customer", "taken_by", "decided_by"), pk=pk)
    require(request.user, "privacy.view", found.customer)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            privacy.decide(actor=request.user, request=found, **form.cleaned_data)
        except NotAllowed:
            raise
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The request is answered."))
            return redirect(found)
    context = {
        "asked": found,
        "form": form if found.state == PrivacyState.OPEN and can(request.user, "privacy.decide", found) else None,
        "erases": found.kind == PrivacyKind.ERASE,
        "may_copy": found.kind == PrivacyKind.COPY and can(request.user, "privacy.decide", found),
        "now": database_now(),
    }
    return render(request, "customers/privacy_request.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
@proved_lately
def request_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is kept of the customer, as a file."""
    found = get_object_or_404(PrivacyRequest.objects.select_related("customer"), pk=pk, kind=PrivacyKind.COPY)
    told = privacy.copy_of(actor=request.user, request=found)
    answer = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="customer-{found.customer_id}.json"'
    return answer


def _customer_page(request: HttpRequest, customer: Customer, form: Any, hold_form: Any) -> HttpResponse:
    context = {
        "customer": customer,
        "form": form if can(request.user, "privacy.ask", customer) and not customer.erased_at else None,
        "requests": customer.privacy_requests.select_related("decided_by")[:_SHOWN],
        "hold": customer.holds.filter(lifted_at=None).select_related("by").first(),
        "hold_form": hold_form if can(request.user, "privacy.decide", customer) else None,
        "now": database_now(),
    }
    bad = form.errors or hold_form.errors
    return render(request, "customers/privacy_customer.html", context, status=422 if bad else 200)


def _beside(form: Any, refusal: Refusal) -> None:
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
