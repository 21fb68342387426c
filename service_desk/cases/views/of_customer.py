"""What the desk knows of a customer beside a form: address, products, contacts, open cases, in few queries."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from service_desk.cases.customer_card import card_of
from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.people.access import require

NEWEST = 20


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
