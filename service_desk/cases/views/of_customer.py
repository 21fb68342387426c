"""What the desk knows of a customer beside a form: address, products, contacts, open cases, in few queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from service_desk.cases.models import Case
from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.people.access import require

SHOWN = 8
NEWEST = 20


@dataclass(frozen=True)
class CustomerCard:
    """A customer at a glance; each list holds at most `SHOWN`, and says whether there is more."""

    customer: Customer
    products: list[InstalledProduct]
    contacts: list[Contact]
    numbers: list[PhoneNumber]
    open_cases: list[Case]
    more_open: bool


def card_of(customer: Customer, user: Any) -> CustomerCard:
    """Five queries, however much there is."""
    open_cases = list(
        Case.objects.visible_to(user)
        .open()
        .filter(customer=customer)
        .select_related("product_type", "handler")
        .order_by("-registered_at", "-id")[: SHOWN + 1]
    )
    return CustomerCard(
        customer=customer,
        products=list(customer.products.select_related("product_type")[:SHOWN]),
        contacts=list(customer.contacts.prefetch_related(Prefetch("numbers"))[:SHOWN]),
        numbers=list(customer.numbers.filter(contact=None)[:SHOWN]),
        open_cases=open_cases[:SHOWN],
        more_open=len(open_cases) > SHOWN,
    )


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
    """The newest cases of a customer that this person may know of, as a fragment of the customer's page."""
    require(request.user, "customer.view")
    customer = get_object_or_404(Customer, pk=pk)
    cases = Case.objects.visible_to(request.user).filter(customer=customer).for_page()
    newest = list(cases.order_by("-registered_at", "-id")[:NEWEST])
    return render(request, "cases/register_newest.html", {"customer": customer, "cases": newest})
