"""The questions that the list of cases asks: filters, search and order as one queryset that an index answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextChoices
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.cases import words
from service_desk.cases.models import Case, CaseDeadline, CaseWatch
from service_desk.cases.models.case import CaseQuerySet, gravity
from service_desk.cases.rules import OPEN_STATES
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import to_e164
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import OPEN_STATES as RUNNING_STATES
from service_desk.people.models import Staff
from service_desk.rest.keyset import Page, page

#: The pseudo-state of everything with work left, and the pseudo-severity of a case without a grade.
OPEN = "open"
UNGRADED = "none"
PAGE_SIZE = 20
#: So far the rows are counted; beyond, 'more than'.
COUNTED = 1_000
_MOST_CUSTOMERS = 100
_FEW = 2_000
_THINGS, _PEOPLE = ("customer", "product_type"), ("handler", "first_responder")
_UNIT_AND_BELOW = """
WITH RECURSIVE below (id) AS (
    SELECT %s::bigint UNION SELECT u.id FROM people_unit u JOIN below b ON u.parent_id = b.id
) SELECT id FROM below
"""
_NUMBER = re.compile(r"(?:(?P<prefix>[A-Z]{2,8})-?)?(?P<day>[0-9]{4,8})(?:-(?P<ordinal>[0-9]{0,8}))?")


class Sort(TextChoices):
    """The orders of the list; each is one that an index has."""

    NEWEST = "newest", _("newest first")
    OLDEST = "oldest", _("oldest first")
    DEADLINE = "deadline", _("nearest deadline first")
    ACCEPTED = "accepted", _("last accepted first")
    ACCEPTED_OLDEST = "accepted_oldest", _("first accepted first")
    GRAVEST = "gravest", _("gravest first")
    CUSTOMER = "customer", _("grouped by customer")


class Period(TextChoices):
    """Days that move on with the calendar, in the desk's zone."""

    TODAY = "today", _("today")
    YESTERDAY = "yesterday", _("yesterday")
    WEEK = "week", _("this week")
    SEVEN_DAYS = "7d", _("last 7 days")
    THIRTY_DAYS = "30d", _("last 30 days")
    MONTH = "month", _("this month")


_ORDERS = {
    Sort.NEWEST: ("-registered_at", "-id"),
    Sort.OLDEST: ("registered_at", "id"),
    Sort.DEADLINE: ("nearest_at", "clock_id"),
    Sort.ACCEPTED: ("-accepted_at", "-id"),
    Sort.ACCEPTED_OLDEST: ("accepted_at", "id"),
    Sort.GRAVEST: ("-gravity", "-registered_at", "-id"),
    Sort.CUSTOMER: ("customer_id", "-registered_at", "-id"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """The cases that meet the filters; `common`: thousands hold the words, `alone`: which are the only filter.

    `costly`: a filter that no index of cases answers, so that counting would look at very many of them. `by_clock`: the
    same cases as they are asked for by deadline, where what is `late` is told by the clock that the order needs anyway;
    `many`: no filter that could leave few of them.
    """

    cases: CaseQuerySet
    by_clock: CaseQuerySet
    common: bool = False
    alone: bool = False
    late: bool = False
    many: bool = False

    @property
    def costly(self) -> bool:
        """What is overdue no index of cases tells."""
        return self.late

    def dressed(self, needing: Callable[[CaseQuerySet], Any]) -> Found:
        """The same cases with what a page needs of each."""
        return replace(self, cases=needing(self.cases), by_clock=needing(self.by_clock))


def find(user: Any, filters: Mapping[str, Any]) -> Found:
    """The cases this person may know of that meet all `filters` (see forms.filters.CaseFilters)."""
    by_clock, common = Case.objects.visible_to(user), False
    for name, value in filters.items():
        if name == "q":
            condition, common = _search(value)
            by_clock = by_clock.filter(condition)
        elif name != "overdue":
            by_clock = _NARROW[name](by_clock, value, user)
    late = "overdue" in filters
    cases = _overdue(by_clock) if late else by_clock
    many = filters.keys() <= {"overdue", "state"} and filters.get("state", OPEN) == OPEN
    return Found(cases, by_clock, common, alone=len(filters) == 1, late=late, many=many)


def in_order(found: Found, sort: Sort) -> tuple[QuerySet[Case], tuple[str, ...]]:
    """The cases as a page needs them, and the columns of the order."""
    cases, columns = order_of(found, sort)
    if sort == Sort.DEADLINE:  # joined to clocks already: with the people too PostgreSQL plans for longer than it reads
        return cases.select_related(*_THINGS).prefetch_related(*_PEOPLE), columns
    return cases.select_related(*_THINGS, *_PEOPLE), columns


def order_of(found: Found, sort: Sort) -> tuple[QuerySet[Case], tuple[str, ...]]:
    """The cases with what this order needs, and its columns. By deadline only cases with a running clock are listed."""
    if sort == Sort.GRAVEST:
        return found.cases.annotate(gravity=gravity()), _ORDERS[sort]
    if sort != Sort.DEADLINE:
        return found.cases, _ORDERS[sort]
    cases = found.by_clock.filter(state__in=OPEN_STATES)
    return _with_nearest_clock(cases if found.many else _named_if_few(cases), late=found.late), _ORDERS[sort]


def one_page(found: Found, sort: Sort, *, after: str | None = None, before: str | None = None) -> Page[Case]:
    """A page in this order; raises `keyset.BadCursor`."""
    ordered, columns = in_order(found, sort)
    return page(ordered, order=columns, size=PAGE_SIZE, after=after, before=before)


def count(found: Found, sort: Sort) -> int | None:
    """How many there are, at most one more than `COUNTED`; None where counting would take long."""
    if sort == Sort.DEADLINE:
        return None  # which clock is the nearest would have to be looked for a thousand times
    if found.common:
        return COUNTED + 1 if found.alone else None
    if found.costly:
        return None
    # Along the order of the list: what was looked for lately lies close together at its beginning.
    return found.cases.order_by("-registered_at", "-id")[: COUNTED + 1].count()


def _named_if_few(cases: QuerySet[Case]) -> QuerySet[Case]:
    """The same cases by their keys, if they are few: else every clock would be walked to find theirs."""
    few = list(cases.order_by().values_list("pk", flat=True)[: _FEW + 1])
    return cases.filter(pk__in=few) if len(few) <= _FEW else cases


def _with_nearest_clock(cases: QuerySet[Case], *, late: bool) -> QuerySet[Case]:
    """Joined to the one clock of each case that is due first: PostgreSQL walks the clocks' index by due time."""
    earlier = CaseDeadline.objects.open().filter(
        Q(due_at__lt=OuterRef("deadlines__due_at"))
        | Q(due_at=OuterRef("deadlines__due_at"), id__lt=OuterRef("deadlines__id")),
        case=OuterRef("pk"),
    )
    here = Q(deadlines__state__in=RUNNING_STATES)  # all in one filter: each filter would join the clocks anew
    if late:
        here &= Q(deadlines__due_at__lt=Now())
    return cases.filter(~Exists(earlier), here).annotate(nearest_at=F("deadlines__due_at"), clock_id=F("deadlines__id"))


def _by_state(cases: CaseQuerySet, value: str, _user: Any) -> CaseQuerySet:
    return cases.open() if value == OPEN else cases.filter(state=value)


def _by_severity(cases: CaseQuerySet, value: str, _user: Any) -> CaseQuerySet:
    return cases.filter(severity=None if value == UNGRADED else value)


def _by_unit(cases: CaseQuerySet, value: Any, _user: Any) -> CaseQuerySet:
    """Held by somebody of this unit or of one below it."""
    below = RawSQL(_UNIT_AND_BELOW, [int(value)])  # noqa: S611 - a constant; the number is a parameter
    return cases.filter(handler__in=list(Staff.objects.filter(unit__in=below).values_list("pk", flat=True)))


def _by_answer(cases: CaseQuerySet, value: tuple[str, str], _user: Any) -> CaseQuerySet:
    key, answer = value
    return cases.filter(request_type__isnull=False, request_values__contains={key: answer})


def _mine(cases: CaseQuerySet, _value: bool, user: Any) -> CaseQuerySet:
    return cases.filter(Q(handler=user) | Q(first_responder=user))


def _watched(cases: CaseQuerySet, _value: bool, user: Any) -> CaseQuerySet:
    return cases.filter(pk__in=CaseWatch.objects.filter(staff=user).values("case"))


def _overdue(cases: CaseQuerySet) -> CaseQuerySet:
    late = CaseDeadline.objects.open().filter(due_at__lt=Now())
    few = list(late.order_by().values_list("case", flat=True)[: _FEW + 1])
    if len(few) <= _FEW:
        return cases.filter(pk__in=set(few), state__in=OPEN_STATES)
    return cases.filter(Exists(late.filter(case=OuterRef("pk"))), state__in=OPEN_STATES)


def _in_period(cases: CaseQuerySet, value: str, _user: Any) -> CaseQuerySet:
    first, last = days_of(Period(value), now().astimezone(ZoneInfo(settings.TIME_ZONE)).date())
    return _until(_since(cases, first, _user), last, _user)


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The first and the last day of the period; weeks begin on Monday."""
    if period == Period.YESTERDAY:
        return today - timedelta(days=1), today - timedelta(days=1)
    back = {
        Period.TODAY: 0,
        Period.WEEK: today.weekday(),
        Period.SEVEN_DAYS: 6,
        Period.THIRTY_DAYS: 29,
        Period.MONTH: today.day - 1,
    }
    return today - timedelta(days=back[period]), today


def _since(cases: CaseQuerySet, value: date, _user: Any) -> CaseQuerySet:
    return cases.filter(registered_at__gte=_midnight(value))


def _until(cases: CaseQuerySet, value: date, _user: Any) -> CaseQuerySet:
    return cases.filter(registered_at__lt=_midnight(value + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def _search(text: str) -> tuple[Q, bool]:
    """By number, by telephone number, else by customer and by words of any text of the case."""
    text = text.strip()
    number = _NUMBER.fullmatch(text.upper())
    found = Q(pk__in=[])
    if number:
        found |= Q(number__startswith=_number_prefix(number))
    e164 = to_e164(text, settings.PHONE_REGION)
    if e164 and sum(character.isdigit() for character in text) >= 5:
        owners = PhoneNumber.objects.filter(e164=e164).values_list("customer_id", flat=True)[:_MOST_CUSTOMERS]
        found |= Q(caller_e164=e164) | Q(customer__in=list(owners))
    if number and number["prefix"]:
        return found, False
    if e164:  # who has the number is known; a text may hold it too
        sought = words.holding("".join(character for character in text if character.isdigit()))
        return found | sought.condition, sought.common
    customers = Customer.objects.suggest(text).values_list("pk", flat=True)[: _MOST_CUSTOMERS + 1]
    known = list(customers)
    if len(known) <= _MOST_CUSTOMERS:  # more have a word in common that the subjects hold as well
        found |= Q(customer__in=known)
    sought = words.holding(text)
    return found | sought.condition, sought.common


def _number_prefix(found: re.Match[str]) -> str:
    prefix = f"{found['prefix'] or 'CALL'}-{found['day']}"
    return prefix if found["ordinal"] is None else f"{prefix}-{found['ordinal']}"


_NARROW: Mapping[str, Callable[[CaseQuerySet, Any, Any], CaseQuerySet]] = {
    "state": _by_state,
    "severity": _by_severity,
    "customer": lambda cases, value, _user: cases.filter(customer=value),
    "product": lambda cases, value, _user: cases.filter(product_type=value),
    "line": lambda cases, value, _user: cases.filter(service_line=value),
    "request_type": lambda cases, value, _user: cases.filter(request_type=value),
    "answer": _by_answer,
    "handler": lambda cases, value, _user: cases.filter(handler=value),
    "unit": _by_unit,
    "waiting": lambda cases, value, _user: cases.filter(waiting_for=value),
    "since": _since,
    "until": _until,
    "period": _in_period,
    "mine": _mine,
    "watched": _watched,
    "promised": lambda cases, _value, _user: cases.filter(next_promise_at__isnull=False),
    "emergency": lambda cases, _value, _user: cases.in_emergency(),
    "late": lambda cases, _value, _user: cases.filter(late_registration=True),
    "no_merged": lambda cases, _value, _user: cases.filter(merged_into=None),
    "no_children": lambda cases, _value, _user: cases.filter(parent=None),
}
