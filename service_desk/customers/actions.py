"""The verbs of customers: adding one that calls for the first time, and looking at a masked number."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.customers.models import Customer, PhoneNumber
from service_desk.customers.rules import split_numbers
from service_desk.people.access import require
from service_desk.people.actions import note_reveal
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Invalid

_NAME = 120
_NUMBER = 60
_REASON = 200


def add_customer(*, actor: Any, name: str, number: str = "", address: str = "") -> Customer:
    """Add a customer unit with the number it calls from; raises NotAllowed, or Invalid naming the field."""
    with transaction.atomic():
        require(actor, "customer.add")
        demand_clean({"name": name, "number": number, "address": address})
        name = _given(" ".join(name.split()), "name", _NAME)
        if len(address.strip()) > 200:
            raise _too_long("address", 200)
        numbers = _numbers(number)
        try:
            with transaction.atomic():
                customer = Customer(name=name, address=address.strip())
                customer.save(force_insert=True)
        except IntegrityError as error:
            raise Invalid(
                _("There is a customer unit of this name already."),
                field="name",
                code="exists",
                remedy=_("Choose it from the list."),
            ) from error
        for raw in numbers:
            PhoneNumber.objects.create(customer=customer, raw=raw)
        record(verb="customer.add", thing=f"customer:{customer.pk}", actor=actor, detail={"numbers": len(numbers)})
    return customer


def reveal_number(*, number: PhoneNumber, actor: Any, reason: str) -> str:
    """The number in full, for a reason that goes to the audit trail; raises NotAllowed, or Invalid on `reason`."""
    with transaction.atomic():
        require(actor, "customer.reveal", number)
        demand_clean({"reason": reason})
        why = _given(reason.strip(), "reason", _REASON)
        note_reveal(
            verb="customer.reveal",
            thing=f"phonenumber:{number.pk}",
            actor=actor,
            detail={"customer": number.customer_id, "reason": why},
        )
    return number.raw


def _numbers(text: str) -> list[str]:
    """The numbers in what was typed, each once, each short enough and with a figure in it."""
    found = list(dict.fromkeys(split_numbers(text, settings.PHONE_REGION)))
    for raw in found:
        if len(raw) > _NUMBER:
            raise _too_long("number", _NUMBER)
        if not re.search(r"\d", raw):
            raise Invalid(
                _("This is no phone number."),
                field="number",
                code="invalid",
                remedy=_("Write it as 0755-26772892 or 138 0013 8000."),
            )
    return found


def _given(text: str, field: str, limit: int) -> str:
    if not text:
        raise Invalid(_("Please fill this in."), field=field, code="required")
    if len(text) > limit:
        raise _too_long(field, limit)
    return text


def _too_long(field: str, limit: int) -> Invalid:
    return Invalid(_("Please write at most %(limit)s characters.") % {"limit": limit}, field=field, code="max_length")
