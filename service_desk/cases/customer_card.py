"""What the desk knows of a customer beside a form: address, products, contacts, what is open, promised and was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from service_desk.cases.models import Case, CaseEvent, Promise
from service_desk.cases.parts import Timed, promise_clock
from service_desk.cases.rules import EventType
from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber

SHOWN = 8
#: The last contacts are looked for in so many of the customer's newest cases.
LOOKED_AT = 50
CONTACTS = 5
#: What happens between the customer and the desk.
_CONTACT = (
    EventType.REGISTERED,
    EventType.TOLD,
    EventType.REPLIED,
    EventType.PROMISED,
    EventType.POSTPONED,
)


@dataclass(frozen=True)
class CustomerCard:
    """A customer at a glance; each list holds at most `SHOWN`, and says whether there is more."""

    customer: Customer
    products: list[InstalledProduct]
    contacts: list[Contact]
    numbers: list[PhoneNumber]
    open_cases: list[Case]
    more_open: bool
    promises: list[Timed[Promise]]
    last_contacts: list[CaseEvent]


def card_of(customer: Customer, user: Any) -> CustomerCard:
    """Eight queries, however much there is; nothing of cases that this person may not know of."""
    theirs = Case.objects.visible_to(user).filter(customer=customer)
    open_cases = list(
        theirs.open().select_related("product_type", "handler").order_by("-registered_at", "-id")[: SHOWN + 1]
    )
    promised = (
        Promise.objects.filter(settled_at=None, case__in=theirs.filter(open_promises__gt=0))
        .select_related("case", "by")
        .order_by("due_at", "id")[:SHOWN]
    )
    newest = theirs.order_by("-registered_at", "-id").values("pk")[:LOOKED_AT]
    events = CaseEvent.objects.filter(case__in=newest, type__in=_CONTACT).select_related("case", "actor")
    return CustomerCard(
        customer=customer,
        products=list(customer.products.select_related("product_type")[:SHOWN]),
        contacts=list(customer.contacts.prefetch_related(Prefetch("numbers"))[:SHOWN]),
        numbers=list(customer.numbers.filter(contact=None)[:SHOWN]),
        open_cases=open_cases[:SHOWN],
        more_open=len(open_cases) > SHOWN,
        promises=[Timed(each, promise_clock(each)) for each in promised],
        last_contacts=list(events.order_by("-at", "-id")[:CONTACTS]),
    )
