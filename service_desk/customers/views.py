"""The pages of customers: find one, look at one, add one, see a masked number in full for a reason."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, OuterRef, Prefetch, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.customers.actions import add_customer, reveal_number
from service_desk.customers.forms import NewCustomerForm, RevealForm
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import mask_number, to_e164
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Invalid
from service_desk.rest.keyset import BadCursor, page

SUGGESTED = 10
ON_A_PAGE = 50
_LONGEST_QUERY = 200
_MANY = 200


@login_required
@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """Customers by name, pinyin initials or number, for a type-ahead: one query, at most ten, numbers masked."""
    require(request.user, "customer.view")
    text = _query(request)
    found = _with_number(Customer.objects.suggest(text).nearest(text), text)[:SUGGESTED] if text else []
    return JsonResponse({"results": [_option(customer) for customer in found]})


def _query(request: HttpRequest) -> str:
    """What is asked for; nothing when it cannot be in the database."""
    text = request.GET.get("q", "").strip()
    return text if is_clean(text) and len(text) <= _LONGEST_QUERY else ""


def _with_number(customers: QuerySet[Customer], text: str) -> Any:
    """The number asked for, else the first one, comes along in the same query."""
    numbers = PhoneNumber.objects.filter(customer=OuterRef("pk"))
    asked = to_e164(text, settings.PHONE_REGION)
    if asked:
        numbers = numbers.order_by(Case(When(e164=asked, then=Value(0)), default=Value(1)), "id")
    return customers.annotate(shown_number=Subquery(numbers.values("raw")[:1]))


def _option(customer: Any) -> dict[str, Any]:
    number = mask_number(customer.shown_number) if customer.shown_number else ""
    return {
        "id": customer.pk,
        "label": customer.name,
        "detail": " · ".join(part for part in (customer.region, customer.address, number) if part),
    }


@login_required
@require_GET
def customer_list(request: HttpRequest) -> HttpResponse:
    """All customers by name, or those that fit what is asked for."""
    require(request.user, "customer.view")
    text = _query(request)
    previous = following = ""
    if text:
        found = list(_with_number(Customer.objects.suggest(text).nearest(text), text)[: ON_A_PAGE + 1])
        more = len(found) > ON_A_PAGE
        customers = found[:ON_A_PAGE]
    else:
        rows = _with_number(Customer.objects.filter(is_active=True), "")
        try:
            shown = page(
                rows, order=("name",), size=ON_A_PAGE, after=request.GET.get("after"), before=request.GET.get("before")
            )
        except BadCursor:
            return redirect("customer-list")
        customers, more = shown.items, False
        previous = f"?before={shown.previous}" if shown.previous else ""
        following = f"?after={shown.next}" if shown.next else ""
    for customer in customers:
        customer.masked = mask_number(customer.shown_number) if customer.shown_number else ""
    context = {
        "customers": customers,
        "query": request.GET.get("q", "")[:_LONGEST_QUERY],
        "more": more,
        "previous_url": previous,
        "next_url": following,
        "may_add": can(request.user, "customer.add"),
        "may_see_requests": can(request.user, "privacy.view"),
    }
    return render(request, "customers/list.html", context)


@login_required
@require_GET
def customer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One customer, numbers masked; its newest cases come as a fragment of the cases room."""
    require(request.user, "customer.view")
    customer = get_object_or_404(Customer, pk=pk)
    context = {
        "customer": customer,
        "numbers": list(customer.numbers.filter(contact=None)[:_MANY]),
        "contacts": list(customer.contacts.prefetch_related(Prefetch("numbers"))[:_MANY]),
        "products": list(customer.products.select_related("product_type")[:_MANY]),
        "may_reveal": can(request.user, "customer.reveal"),
        "may_ask_privacy": can(request.user, "privacy.view", customer),
    }
    return render(request, "customers/detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def customer_new(request: HttpRequest) -> HttpResponse:
    """Add a customer unit."""
    require(request.user, "customer.add")
    form = NewCustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            customer = add_customer(actor=request.user, **form.cleaned_data)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": customer.name})
            return HttpResponseRedirect(customer.get_absolute_url())
    return render(request, "customers/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@proved_lately
def number_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason, then show the number in full and record the look; a page, or a fragment in its place."""
    number = get_object_or_404(PhoneNumber.objects.select_related("customer", "contact"), pk=pk)
    require(request.user, "customer.reveal", number)
    form = RevealForm(request.POST or None)
    shown = ""
    if request.method == "POST" and form.is_valid():
        try:
            shown = reveal_number(number=number, actor=request.user, reason=form.cleaned_data["reason"])
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
    part = request.headers.get("HX-Request") == "true"
    template = "customers/reveal_part.html" if part else "customers/reveal.html"
    context = {"number": number, "form": form, "shown": shown}
    return render(request, template, context, status=422 if form.errors else 200)
