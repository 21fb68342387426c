"""What the type-aheads of the complaints' forms offer, to anybody: all staff accept complaints (P1)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from service_desk.cases import listing
from service_desk.cases.listing import Sort
from service_desk.cases.models import Case
from service_desk.cases.rules import CaseKind
from service_desk.complaints.views.common import person
from service_desk.customers.models import Customer
from service_desk.people.models import ProductType, Unit
from service_desk.rest.clean import is_clean

_SHOWN = 8


@login_required
@require_GET
def cases(request: HttpRequest) -> JsonResponse:
    """CALL tickets that this person may see, by number, customer or words; those of the customer when one is chosen."""
    text, user = _asked(request), person(request)
    customer = request.GET.get("customer", "")
    found: list[Case] = []
    if text:
        searched = listing.find(user, {"q": text})
        found = [case for case in listing.one_page(searched, Sort.NEWEST).items if case.kind == CaseKind.CALL]
    elif customer.isascii() and customer.isdigit() and len(customer) <= 18:
        own = Case.objects.visible_to(user).filter(kind=CaseKind.CALL, customer=int(customer)).for_page()
        found = list(own.order_by("-registered_at", "-id")[:_SHOWN])
    return _answer([(case.pk, case.number, f"{case.customer.name} {case.fault}") for case in found[:_SHOWN]])


@login_required
@require_GET
def units(request: HttpRequest) -> JsonResponse:
    """Units by name."""
    found = Unit.objects.filter(name__icontains=_asked(request)).select_related("parent").order_by("name")
    return _answer([(unit.pk, unit.name, unit.parent.name if unit.parent else "") for unit in found[: 2 * _SHOWN]])


@login_required
@require_GET
def products(request: HttpRequest) -> JsonResponse:
    """Product types in use, by name."""
    found = ProductType.objects.filter(is_active=True, name__icontains=_asked(request)).select_related("service_line")
    return _answer([(one.pk, one.name, str(one.service_line)) for one in found.order_by("name")[: 2 * _SHOWN]])


@login_required
@require_GET
def customers(request: HttpRequest) -> JsonResponse:
    """Customer units by name, pinyin initials or number; names alone, so that no number leaves the desk this way."""
    text = _asked(request)
    found = Customer.objects.suggest(text).nearest(text)[:_SHOWN] if text else []
    return _answer([(one.pk, one.name, one.region) for one in found])


def _answer(rows: list[tuple[Any, str, str]]) -> JsonResponse:
    return JsonResponse({"results": [{"id": pk, "label": label, "detail": detail} for pk, label, detail in rows]})


def _asked(request: HttpRequest) -> str:
    text = request.GET.get("q", "").strip()
    return text if is_clean(text) and len(text) <= 200 else ""
