"""The filters of the lists of cases and clocks, each answered from an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from service_desk.cases.models import Case
from service_desk.customers.models import Customer
from service_desk.customers.rules import to_e164

_LOOKUPS = {
    "number": "number",
    "customer": "customer_id",
    "handler": "handler_id",
    "registered_after": "registered_at__gte",
    "registered_before": "registered_at__lt",
}


def filtered_cases(cases: QuerySet[Case], wanted: Mapping[str, Any]) -> QuerySet[Case]:
    """The cases that pass every given filter."""
    found = Q(**{lookup: wanted[name] for name, lookup in _LOOKUPS.items() if name in wanted})
    for name in ("state", "severity"):
        if wanted.get(name):
            found &= Q(**{f"{name}__in": sorted(wanted[name])})
    if text := wanted.get("q"):
        found &= _about(text)
    return cases.filter(found)


def _about(text: str) -> Q:
    """A case by its number, by its customer's name, initials or number, or by the number that called."""
    found = Q(number__iexact=text) | Q(customer__in=Customer.objects.suggest(text).values("pk"))
    if number := to_e164(text, settings.PHONE_REGION):
        found |= Q(caller_e164=number)
    return found
