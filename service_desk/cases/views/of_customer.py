"""What the desk knows of a customer: beside a form, and on the customer's page, where the cases are fragments."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from service_desk.cases.customer_card import card_of
from service_desk.cases.customer_history import Kind, history, lines, open_matters
from service_desk.cases.views.common import wants_part
from service_desk.customers.models import Customer
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.rest.keyset import BadCursor


@login_required
@require_GET
def customer_card(request: HttpRequest, pk: int) -> HttpResponse:
    """The card as a fragment, for the form in which the customer was just chosen."""
    require(request.user, "customer.view")
    customer = get_object_or_404(Customer, pk=pk, is_active=True)
    return render(request, "cases/register_customer.html", {"card": card_of(customer, request.user)})


@login_required
@require_GET
def customer_cases(request: HttpRequest, pk: int) -> HttpResponse:
    """What is open with a customer, of what this person may know, as a fragment of the customer's page."""
    require(request.user, "customer.view")
    customer = get_object_or_404(Customer, pk=pk)
    context = {"customer": customer, "matters": open_matters(customer, request.user, now())}
    return render(request, "customers/open.html", context)


@login_required
@require_GET
def customer_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about a customer, newest first: a fragment of its page, or a page of its own."""
    require(request.user, "customer.view")
    customer = get_object_or_404(Customer, pk=pk)
    kind = request.GET.get("kind", Kind.ALL)
    kind = kind if kind in Kind.values else Kind.ALL
    address = reverse("customer-history", args=[pk])
    try:
        shown = history(customer, request.user, kind, after=request.GET.get("after"), before=request.GET.get("before"))
    except BadCursor:
        return redirect(f"{address}?kind={kind}")
    context = {
        "customer": customer,
        "lines": lines(shown.items),
        "kind": kind,
        "kinds": [(value, label, f"{address}?kind={value}") for value, label in Kind.choices],
        "next_url": f"{address}?kind={kind}&after={shown.next}" if shown.next else "",
        "previous_url": f"{address}?kind={kind}&before={shown.previous}" if shown.previous else "",
    }
    part = wants_part(request)
    return render(request, "customers/history.html" if part else "customers/history_page.html", context)
