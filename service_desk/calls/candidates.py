"""Who may be calling, and what the desk knows of them: candidates where the number is not one customer's alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service_desk.calls.seeing import calls_visible_to
from service_desk.cases.callers import customers_calling
from service_desk.cases.customer_card import CustomerCard, card_of
from service_desk.customers.models import Contact, Customer
from service_desk.telephony.models import Call, TransferNote

_LAST = 3


@dataclass(frozen=True, slots=True)
class Matter:
    """Something of another room that the agent should know while this customer is on the line."""

    label: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything a screen says about who calls; `card` where it is one customer."""

    customers: list[Customer]
    contact: Contact | None = None
    card: CustomerCard | None = None
    last_calls: list[Call] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    note: TransferNote | None = None

    @property
    def line(self) -> str | None:
        """The service line the call must be about: the one of all that the customer has and waits for, if it is one."""
        if self.card is None:
            return None
        lines = {each.product_type.service_line_id for each in self.card.products}
        lines |= {case.service_line_id for case in self.card.open_cases}
        return lines.pop() if len(lines) == 1 else None


#: Adds what this person may see of who calls: the call, the customer where it is one alone, the person.
Teller = Callable[[Call, Customer | None, Any], list[Matter]]
_tellers: list[Teller] = []


def tell_of_callers(teller: Teller) -> Teller:
    """Ask `teller` about everybody on the line from now on; it shows what `user` may see, and nothing else."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def caller_of(call: Call, user: Any) -> Caller:
    """Who calls, as far as `user` may know; some fifteen queries for a known customer."""
    note = TransferNote.objects.filter(call__down__child=call).select_related("noted_by").first()
    customers = customers_calling(call.customer_e164, user)
    if len(customers) != 1:
        return Caller(customers, note=note, last_calls=_last_calls(call, user), matters=_matters(call, None, user))
    customer = customers[0]
    return Caller(
        customers=customers,
        contact=Contact.objects.filter(customer=customer, numbers__e164=call.customer_e164).first(),
        card=card_of(customer, user),
        last_calls=_last_calls(call, user),
        matters=_matters(call, customer, user),
        note=note,
    )


def _matters(call: Call, customer: Customer | None, user: Any) -> list[Matter]:
    return [matter for teller in _tellers for matter in teller(call, customer, user)]


def _last_calls(call: Call, user: Any) -> list[Call]:
    """What this number rang for before."""
    if not call.customer_e164:
        return []
    before = calls_visible_to(user).filter(customer_e164=call.customer_e164, pk__lt=call.pk)
    return list(before.select_related("agent", "claimed_by").order_by("-id")[:_LAST])
