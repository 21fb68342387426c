"""The screen on which a call is registered, and the small answers it asks for while somebody types."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.cases.actions import register
from service_desk.cases.forms.registering import RegisterForm
from service_desk.cases.models import Case
from service_desk.cases.rules import REGISTRATION_LIMIT, SEVERITY_MEANING, Severity
from service_desk.cases.views.of_customer import card_of
from service_desk.customers.actions import add_customer
from service_desk.customers.models import Customer, InstalledProduct
from service_desk.customers.rules import to_e164
from service_desk.deadlines.clock import SKEW, now
from service_desk.people.access import require
from service_desk.people.fields import add_refusal
from service_desk.people.models import ProductType, Qualification
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Conflict, Invalid

_SUGGESTED = 20
_OF_NEW_CUSTOMER = {"name": "new_name", "number": "new_number"}


@login_required
@require_http_methods(["GET", "POST"])
def register_page(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it: a case and the way to it, or the form again with what to mend and nothing lost."""
    require(request.user, "case.register")
    moment = now()
    if request.method == "GET":
        return _page(request, RegisterForm(now=moment, initial=_initial(request)), moment)
    form = RegisterForm(request.POST, now=moment)
    before = _already(request, form)
    if before is None and form.is_valid():
        try:
            return _done(request, _register(request, form))
        except (Invalid, Conflict) as refusal:
            # Two clicks at once with a new customer: the second waited for the first and finds its name taken.
            before = _already(request, form)
            if before is None:
                add_refusal(form, refusal.errors or [refusal], _OF_NEW_CUSTOMER if form.new_customer else None)
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
        return register(actor=request.user, data=form.registration(customer))


def _done(request: HttpRequest, case: Case) -> HttpResponse:
    text = _("%(number)s is registered.") % {"number": case.number}
    if case.late_registration:
        messages.warning(request, text + " " + _("It is marked as late registration."))
    else:
        messages.success(request, text)
    return HttpResponseRedirect(case.get_absolute_url())


def _already(request: HttpRequest, form: RegisterForm) -> Case | None:
    """The case that this very form registered before: a double click, a reload, or the way back in the browser."""
    try:
        token = uuid.UUID(form.data.get("token", ""))
    except ValueError:
        return None
    found: Case | None = (
        Case.objects.visible_to(request.user).filter(token=token, registered_by_id=request.user.pk).first()
    )
    return found


def _same(form: RegisterForm, case: Case) -> bool:
    """Whether the form says what it said when it was registered; else somebody went back and wrote another call."""
    fault = " ".join(form.data.get("fault", "").split())
    return fault == case.fault and form.data.get("description", "").strip() == case.description


def _initial(request: HttpRequest) -> dict[str, Any]:
    """A fresh token; the customer, when the way here named one."""
    initial: dict[str, Any] = {"token": uuid.uuid4()}
    wanted = request.GET.get("customer", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:
        customer = Customer.objects.filter(pk=int(wanted), is_active=True).first()
        if customer is not None:
            initial |= {"customer": customer.pk, "customer_text": customer.name}
    return initial


def _page(request: HttpRequest, form: RegisterForm, moment: datetime, status: int = 200) -> HttpResponse:
    if form.is_bound:
        _complete(form)
    customer = _customer_of(form)
    product = form.cleaned_data.get("product_type") if form.is_bound else None
    accepted = form.cleaned_data.get("accepted_at") if form.is_bound else None
    token = form["token"].value()
    mine = Qualification.objects.filter(staff__username=request.user.get_username())
    qualified = list(mine.values_list("product_type_id", flat=True))
    context = {
        "form": form,
        "token": token if _is_uuid(token) else uuid.uuid4(),
        "card": card_of(customer, request.user) if customer else None,
        "customer": customer,
        "product": product,
        "qualified": qualified,
        "may_grade": product is None or product.pk in qualified,
        "severities": [(value, label, SEVERITY_MEANING[value]) for value, label in Severity.choices],
        "severity": form["severity"].value() or "",
        "registration": None if "accepted_at" in form.errors else registration_clock(accepted, moment),
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
    wanted = form.initial.get("customer")
    return Customer.objects.filter(pk=wanted).first() if wanted else None


def _is_uuid(value: Any) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def registration_clock(accepted: datetime | None, moment: datetime) -> dict[str, Any]:
    """C3 as a count-down: what remains of the 24 hours, or that the registration will be marked as late."""
    started = accepted or moment
    used = (moment - started) / REGISTRATION_LIMIT
    return {
        "accepted": started,
        "from_now": accepted is None,
        "late": used > 1,
        "over": moment - started - REGISTRATION_LIMIT,
        "future": started > moment + SKEW,
        "clock": {
            "kind_label": _("left to register on time"),
            "state": "running",
            "started_at": started,
            "due_at": started + REGISTRATION_LIMIT,
            "share": max(0.0, min(used, 1.0)),
        },
    }


@login_required
@require_GET
def acceptance(request: HttpRequest) -> HttpResponse:
    """What the acceptance time as typed means for C3, as a fragment under its field."""
    require(request.user, "case.register")
    moment = now()
    field = RegisterForm(now=moment).fields["accepted_at"]
    context: dict[str, Any] = {}
    try:
        context["registration"] = registration_clock(field.clean(request.GET.get("accepted_at", "")), moment)
    except ValidationError as error:
        context["wrong"] = error.messages
    return render(request, "cases/register_acceptance.html", context)


@login_required
@require_GET
def suggest_products(request: HttpRequest) -> JsonResponse:
    """Product types for the type-ahead: those in use at the customer first, then by name."""
    require(request.user, "case.register")
    typed = request.GET.get("q", "").strip()[:80]
    customer = request.GET.get("customer", "")
    types = ProductType.objects.filter(is_active=True).select_related("service_line")
    if typed and is_clean(typed):
        types = types.filter(name__icontains=typed)
    in_use: set[int] = set()
    if customer.isascii() and customer.isdigit() and len(customer) <= 18:
        in_use = set(
            InstalledProduct.objects.filter(customer_id=int(customer)).values_list("product_type_id", flat=True)[:200]
        )
    found = sorted(types, key=lambda product: (product.pk not in in_use, product.name))[:_SUGGESTED]
    chinese = settings.LANGUAGES[0][0] == request.LANGUAGE_CODE
    return JsonResponse({"results": [_as_option(product, product.pk in in_use, chinese) for product in found]})


def _as_option(product: ProductType, in_use: bool, chinese: bool) -> dict[str, Any]:
    line = product.service_line
    name = line.name if chinese else line.name_en or line.name
    return {
        "id": product.pk,
        "label": product.name,
        "detail": _("%(line)s · in use here") % {"line": name} if in_use else name,
        "data": {"in_use": in_use},
    }
