"""To whom a number belongs: the customers who may be calling, several of them where it is not certain."""

from __future__ import annotations

from typing import Any

from service_desk.cases.models import Case
from service_desk.customers.models import Customer

SHOWN = 5
_LOOKED_AT = 20


def customers_calling(e164: str | None, user: Any) -> list[Customer]:
    """Customers who have this number, else those whose last calls came from it, as far as `user` may know of them."""
    if not e164:
        return []
    known = Customer.objects.filter(is_active=True)
    found = list(known.filter(numbers__e164=e164).distinct().order_by("name")[:SHOWN])
    if found:
        return found
    calls = Case.objects.visible_to(user).filter(caller_e164=e164).order_by("-id")
    recent = list(calls.values_list("customer_id", flat=True)[:_LOOKED_AT])
    return list(known.filter(pk__in=recent).order_by("name")[:SHOWN]) if recent else []
