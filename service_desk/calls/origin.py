"""The register form behind one key: filled from the call, one draft per call and person, settled with its case."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.db import transaction

from service_desk.audit.actions import record
from service_desk.calls.actions.settling import settle_as_case
from service_desk.calls.candidates import Caller, caller_of
from service_desk.calls.models import CallPop, CallSettlement
from service_desk.calls.screen import call_for
from service_desk.cases.models import Case
from service_desk.cases.origins import Origin, register_source
from service_desk.people.access import can
from service_desk.telephony.models import Call
from service_desk.telephony.rules import is_withheld


class About:
    """What the form says of the call it begins from; asked only when a page is drawn."""

    def __init__(self, call: Call, user: Any) -> None:
        """The call, and who looks."""
        self.call = call
        self._user = user

    @cached_property
    def caller(self) -> Caller:
        """Who calls."""
        return caller_of(self.call, self._user)

    @cached_property
    def settled(self) -> CallSettlement | None:
        """As what the call is registered already."""
        found: CallSettlement | None = CallSettlement.objects.standing().filter(call=self.call).first()
        return found


class CallSource:
    """`/register/?call=…`: the call as the beginning of a case."""

    parameter = "call"

    def named(self, user: Any, ref: str) -> Origin | None:
        """The form for a call of this person, or one that nobody has; another's call is not theirs to register."""
        call = call_for(user, ref)
        if call is None or not can(user, "call.settle", call):
            return None
        with transaction.atomic():
            pop, about = _pop_of(call, user), About(call, user)
            return _origin(call, pop, about, values=_values(call, about.caller, user))

    def of_token(self, user: Any, token: uuid.UUID) -> Origin | None:
        """The same form when it comes back."""
        pop = CallPop.objects.filter(token=token, staff=user).select_related("call__agent", "call__claimed_by").first()
        return _origin(pop.call, pop, About(pop.call, user)) if pop is not None else None

    def registered(self, *, case: Case, actor: Any) -> None:
        """The call is settled with its case, in the case's own transaction; what was settled already stays so."""
        if case.token is None:
            return
        pop = CallPop.objects.filter(token=case.token, staff=actor).select_related("call").first()
        if pop is None or CallSettlement.objects.standing().filter(call=pop.call_id).exists():
            return
        settle_as_case(actor=actor, call=pop.call, case=case)


def _pop_of(call: Call, user: Any) -> CallPop:
    """The row that holds the form's token; a form that became a case already begins anew."""
    pop, _made = CallPop.objects.get_or_create(call=call, staff=user)
    if Case.objects.filter(token=pop.token).exists():
        pop.token = uuid.uuid4()
        pop.save(update_fields=["token"])
    return pop


def _origin(call: Call, pop: CallPop, about: About, values: dict[str, Any] | None = None) -> Origin:
    return Origin(
        token=pop.token,
        draft=f"register-{call.ref}",
        values=values or {},
        accepted_at=call.answered_at,
        template="calls/origin.html",
        about=about,
    )


def _values(call: Call, caller: Caller, user: Any) -> dict[str, Any]:
    """Who it is, if that is certain; the number in full, since it is read back to the caller (C15), and recorded."""
    values: dict[str, Any] = {}
    if caller.card is not None:
        customer = caller.card.customer
        values |= {"customer": customer.pk, "customer_text": customer.name}
    if caller.note is not None:
        values |= {"caller_name": caller.note.name, "description": caller.note.matter}
    elif caller.contact is not None:
        values["caller_name"] = caller.contact.name
    if not is_withheld(call.customer_number):
        values["caller_phone"] = call.customer_number
        record(verb="call.number", thing=f"call:{call.pk}", actor=user, detail={"for": "register"})
    return values


SOURCE = register_source(CallSource())
