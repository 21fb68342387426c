"""The screen on which a call is registered: what was typed is never lost, and sent twice makes one case."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from service_desk.cases import origins
from service_desk.cases.actions import register
from service_desk.cases.actions.drafting import forget_draft
from service_desk.cases.customer_card import card_of
from service_desk.cases.forms.registering import RegisterForm
from service_desk.cases.models import Case
from service_desk.cases.rules import SEVERITY_MEANING, Severity
from service_desk.cases.views.common import tell_found
from service_desk.cases.views.drafts import drafts_for, edition_for, uuid_of
from service_desk.cases.views.register_parts import acceptance_of
from service_desk.customers.actions import add_customer
from service_desk.customers.models import Customer
from service_desk.customers.rules import to_e164
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.people.models import Qualification
from service_desk.rest.errors import Conflict, Invalid

_OF_NEW_CUSTOMER = {"name": "new_name", "number": "new_number"}


@login_required
@require_http_methods(["GET", "POST"])
def register_page(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it: a case and the way to it, or the form again with what to mend and nothing lost."""
    require(request.user, "case.register")
    moment = now()
    if request.method == "GET":
        origin = origins.asked_for(request.user, request.GET)
        draft, others = drafts_for(request, moment, origin.token if origin else None)
        origin = origin or (origins.of_token(request.user, draft.token) if draft else None)
        initial = draft.values if draft else _initial(request, origin)
        form = RegisterForm(now=moment, initial=initial)
        return _page(request, form, moment, draft=draft, others=others, origin=origin)
    form = RegisterForm(request.POST, now=moment)
    if "look_up" in request.POST:  # without a script the fields of a request type come this way
        return _page(request, RegisterForm(now=moment, initial=_as_typed(request.POST)), moment)
    before = _already(request, form)
    if before is None and form.is_valid():
        try:
            return _done(request, _register(request, form))
        except (Invalid, Conflict) as refusal:
            # Two clicks at once with a new customer: the second waited for the first and finds its name taken.
            before = _already(request, form)
            if before is None:
                add_refusal(form, refusal.errors or [refusal], _names(form))
    if before is not None and _same(form, before):
        return _done(request, before)
    if before is not None:
        form.add_error(
            None,
            _("This page has registered %(number)s already. If this is another call, send it again.")
            % {"number": before.number},
        )
        form.rewrite(token=str(uuid.uuid4()))
    return _page(request, form, moment, status=422)


def _register(request: HttpRequest, form: RegisterForm) -> Case:
    with transaction.atomic():
        if form.new_customer is None:
            customer = form.cleaned_data["customer"]
        else:
            name, number = form.new_customer
            customer = add_customer(actor=request.user, name=name, number=number)
        data = form.registration(customer)
        origin = origins.of_token(request.user, data.token) if data.accepted_at is None else None
        if origin is not None:
            data = replace(data, accepted_at=origin.accepted_at)
        case = register(actor=request.user, data=data)
        forget_draft(actor=request.user, token=form.cleaned_data["token"])
        tell_found(request, case.language_found)
        return case


def _names(form: RegisterForm) -> Mapping[str, str]:
    """What the verbs call a field, and how the form calls it."""
    return {**form.names_here(), **(_OF_NEW_CUSTOMER if form.new_customer else {})}


def _as_typed(sent: Any) -> dict[str, Any]:
    """What a form sent, as the beginning of the next one."""
    return {name: sent[name] for name in sent if name not in ("csrfmiddlewaretoken", "look_up")}


def _done(request: HttpRequest, case: Case) -> HttpResponse:
    text = _("%(number)s is registered.") % {"number": case.number}
    if case.late_registration:
        messages.warning(request, text + " " + _("It is marked as late registration."))
    else:
        messages.success(request, text)
    return HttpResponseRedirect(case.get_absolute_url())


def _already(request: HttpRequest, form: RegisterForm) -> Case | None:
    """The case that this very form registered before: a double click, a reload, or the way back in the browser."""
    token = uuid_of(form.data.get("token", ""))
    if token is None:
        return None
    found: Case | None = (
        Case.objects.visible_to(request.user).filter(token=token, registered_by_id=request.user.pk).first()
    )
    return found


def _same(form: RegisterForm, case: Case) -> bool:
    """Whether the form says what it said when it was registered; else somebody went back and wrote another call."""
    fault = " ".join(form.data.get("fault", "").split())
    return fault == case.fault and form.data.get("description", "").strip() == case.description


def _initial(request: HttpRequest, origin: origins.Origin | None) -> dict[str, Any]:
    """What is known of the call this begins from; else a fresh token, and the customer when the way here named one."""
    if origin is not None:
        return {**origin.values, "token": origin.token}
    initial: dict[str, Any] = {"token": uuid_of(request.GET.get("draft", "")) or uuid.uuid4()}
    wanted = request.GET.get("customer", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:
        customer = Customer.objects.filter(pk=int(wanted), is_active=True).first()
        if customer is not None:
            initial |= {"customer": customer.pk, "customer_text": customer.name}
    return initial


def _page(
    request: HttpRequest, form: RegisterForm, moment: datetime, *, status: int = 200, **drafts: Any
) -> HttpResponse:
    if form.is_bound:
        _complete(form)
    if "origin" not in drafts:
        drafts["origin"] = origins.of_token(request.user, uuid_of(form["token"].value()))
    customer = _customer_of(form)
    product = form.cleaned_data.get("product_type") if form.is_bound else None
    accepted = form.cleaned_data.get("accepted_at") if form.is_bound else None
    mine = Qualification.objects.filter(staff__username=request.user.get_username())
    qualified = list(mine.values_list("product_type_id", flat=True))
    token = uuid_of(form["token"].value())
    context = {
        "form": form,
        "token": token or uuid.uuid4(),
        "edition": edition_for(request.user, token, drafts.get("draft")) if token else 0,
        "card": card_of(customer, request.user) if customer else None,
        "customer": customer,
        "product": product,
        "qualified": qualified,
        "may_grade": product is None or product.pk in qualified,
        "severities": [(value, label, SEVERITY_MEANING[value]) for value, label in Severity.choices],
        "severity": form["severity"].value() or "",
        **drafts,
        **acceptance_of(form, product, accepted, moment),
        "new_open": form.has_error("customer", "unknown")
        or any(form[name].value() or form[name].errors for name in _OF_NEW_CUSTOMER.values()),
    }
    return render(request, "cases/register.html", context, status=status)


def _complete(form: RegisterForm) -> None:
    """What was found out goes back with the form: ids of what was resolved, an unknown number as a new customer's.

    Never the name: sent again by reflex, a slip of the pen would become a customer.
    """
    for name in ("customer", "product_type"):
        found = form.cleaned_data.get(name)
        if found:
            form.rewrite(**{name: str(found.pk), f"{name}_text": found.name})
    typed = form.data.get("customer_text", "").strip()
    if form.has_error("customer", "unknown") and to_e164(typed, settings.PHONE_REGION):
        form.rewrite(new_number=form.data.get("new_number") or typed)


def _customer_of(form: RegisterForm) -> Customer | None:
    if form.is_bound:
        found: Customer | None = form.cleaned_data.get("customer") or None
        return found
    wanted = str(form.initial.get("customer") or "")
    is_id = wanted.isascii() and wanted.isdigit() and len(wanted) <= 18
    return Customer.objects.filter(pk=int(wanted)).first() if is_id else None
