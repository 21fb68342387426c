"""The questions that the list of cases asks: filters, search and order as one queryset that an index answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, TextChoices
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case, CaseDeadline
from service_desk.cases.models.case import CaseQuerySet
from service_desk.cases.rules import OPEN_STATES
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import to_e164
from service_desk.deadlines.rules import OPEN_STATES as RUNNING_STATES
from service_desk.people.models import ProductType
from service_desk.rest.keyset import Page, page

#: The pseudo-state of everything with work left, and the pseudo-severity of a case without a grade.
OPEN = "open"
UNGRADED = "none"
PAGE_SIZE = 38
#: Words inside a fault are looked for in so many of the newest cases; customers and products in all.
NEWEST = 20_000
_MOST_MATCHES = 500
_NUMBER = re.compile(r"(?:(?P<prefix>[A-Z]{2,8})-?)?(?P<day>[0-9]{4,8})(?:-(?P<ordinal>[0-9]{0,8}))?")


class Sort(TextChoices):
    """The orders of the list."""

    NEWEST = "newest", _("newest first")
    OLDEST = "oldest", _("oldest first")
    DEADLINE = "deadline", _("nearest deadline first")


_ORDERS = {
    Sort.NEWEST: ("-registered_at", "-id"),
    Sort.OLDEST: ("registered_at", "id"),
    Sort.DEADLINE: ("nearest_at", "clock_id"),
}


def find(user: Any, filters: Mapping[str, Any]) -> CaseQuerySet:
    """The cases this person may know of that meet all `filters` (see forms.filters.CaseFilters)."""
    cases = Case.objects.visible_to(user)
    for name, value in filters.items():
        cases = _NARROW[name](cases, value, user)
    return cases


def one_page(cases: CaseQuerySet, sort: Sort, *, after: str | None = None, before: str | None = None) -> Page[Case]:
    """A page in this order. By deadline only cases with a running clock are listed; raises `keyset.BadCursor`."""
    ordered: QuerySet[Case] = cases.for_page()
    if sort == Sort.DEADLINE:
        ordered = _with_nearest_clock(ordered)
    return page(ordered, order=_ORDERS[sort], size=PAGE_SIZE, after=after, before=before)


def _with_nearest_clock(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Joined to the one clock of each case that is due first: PostgreSQL walks the clocks' index by due time."""
    earlier = CaseDeadline.objects.open().filter(
        Q(due_at__lt=OuterRef("deadlines__due_at"))
        | Q(due_at=OuterRef("deadlines__due_at"), id__lt=OuterRef("deadlines__id")),
        case=OuterRef("pk"),
    )
    return cases.filter(~Exists(earlier), deadlines__state__in=RUNNING_STATES).annotate(
        nearest_at=F("deadlines__due_at"), clock_id=F("deadlines__id")
    )


def _by_state(cases: CaseQuerySet, value: str, _user: Any) -> CaseQuerySet:
    return cases.open() if value == OPEN else cases.filter(state=value)


def _by_severity(cases: CaseQuerySet, value: str, _user: Any) -> CaseQuerySet:
    return cases.filter(severity=None if value == UNGRADED else value)


def _mine(cases: CaseQuerySet, _value: bool, user: Any) -> CaseQuerySet:
    return cases.filter(Q(handler=user) | Q(first_responder=user))


def _overdue(cases: CaseQuerySet, _value: bool, _user: Any) -> CaseQuerySet:
    late = CaseDeadline.objects.open().filter(case=OuterRef("pk"), due_at__lt=Now())
    return cases.filter(Exists(late), state__in=OPEN_STATES)


def _since(cases: CaseQuerySet, value: date, _user: Any) -> CaseQuerySet:
    return cases.filter(registered_at__gte=_midnight(value))


def _until(cases: CaseQuerySet, value: date, _user: Any) -> CaseQuerySet:
    return cases.filter(registered_at__lt=_midnight(value + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def _search(cases: CaseQuerySet, text: str, _user: Any) -> CaseQuerySet:
    """By number, by telephone number, else by customer, product and the words of the subject."""
    text = text.strip()
    number = _NUMBER.fullmatch(text.upper())
    found = Q()
    if number:
        found |= Q(number__startswith=_number_prefix(number))
    e164 = to_e164(text, settings.PHONE_REGION)
    if e164 and sum(character.isdigit() for character in text) >= 5:
        owners = PhoneNumber.objects.filter(e164=e164).values_list("customer_id", flat=True)[:_MOST_MATCHES]
        found |= Q(caller_e164=e164) | Q(customer__in=list(owners))
    if not (number and number["prefix"]):
        found |= _by_words(text)
    return cases.filter(found)


def _number_prefix(found: re.Match[str]) -> str:
    prefix = f"{found['prefix'] or 'CALL'}-{found['day']}"
    return prefix if found["ordinal"] is None else f"{prefix}-{found['ordinal']}"


def _by_words(text: str) -> Q:
    customers = Customer.objects.suggest(text).values_list("pk", flat=True)[:_MOST_MATCHES]
    products = ProductType.objects.filter(name__icontains=text).values_list("pk", flat=True)[:_MOST_MATCHES]
    newest = Case.objects.aggregate(newest=Max("pk"))["newest"] or 0
    words = Q(pk__gt=newest - NEWEST)
    for word in text.split():
        words &= Q(subject__icontains=word)
    return Q(customer__in=list(customers)) | Q(product_type__in=list(products)) | words


_NARROW: Mapping[str, Callable[[CaseQuerySet, Any, Any], CaseQuerySet]] = {
    "q": _search,
    "state": _by_state,
    "severity": _by_severity,
    "customer": lambda cases, value, _user: cases.filter(customer=value),
    "product": lambda cases, value, _user: cases.filter(product_type=value),
    "handler": lambda cases, value, _user: cases.filter(handler=value),
    "since": _since,
    "until": _until,
    "mine": _mine,
    "emergency": lambda cases, _value, _user: cases.in_emergency(),
    "overdue": _overdue,
    "late": lambda cases, _value, _user: cases.filter(late_registration=True),
}
