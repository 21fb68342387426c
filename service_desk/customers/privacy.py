"""The verbs of privacy: requests of customers about their data, legal holds, and making anonymous what is old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.customers.holders import Holder, holders
from service_desk.customers.models import Customer, ErasurePass, LegalHold, PrivacyRequest, PrivacyRule
from service_desk.customers.rules import PrivacyKind, PrivacyState
from service_desk.people.access import require
from service_desk.people.actions import note_reveal
from service_desk.people.roster import database_now
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid

#: Rows that one slice of a walk looks at.
SLICE = 2_000
#: A walk begins anew so long after the last one began.
_EVERY = timedelta(hours=24)


def ask(*, actor: Any, customer: Customer, kind: str, asked_by: str, proof: str, words: str = "") -> PrivacyRequest:
    """Record what a customer asks about their data; its clock runs from now. Raises NotAllowed, or Invalid by field."""
    with transaction.atomic():
        require(actor, "privacy.ask", customer)
        if kind not in PrivacyKind.values:
            raise Invalid(_("Please choose one of the values."), field="kind", code="invalid_choice")
        given = {
            "asked_by": _said(asked_by, "asked_by", 80),
            "proof": _said(proof, "proof", 200),
            "words": _said(words, "words", 2000, needed=kind == PrivacyKind.CORRECT),
        }
        moment = database_now()
        due = moment + timedelta(days=PrivacyRule.in_force().answer_days)
        made = PrivacyRequest.objects.create(
            customer=customer, kind=kind, taken_by=actor, asked_at=moment, due_at=due, **given
        )
        record(
            verb="privacy.ask",
            thing=f"customer:{customer.pk}",
            actor=actor,
            detail={"request": made.pk, "kind": kind},
        )
    return made


def decide(*, actor: Any, request: PrivacyRequest, granted: bool, answer: str) -> PrivacyRequest:
    """Answer a request; granting an erasure erases. Raises NotAllowed, Conflict, or Invalid on `answer`."""
    with transaction.atomic():
        require(actor, "privacy.decide", request)
        found = PrivacyRequest.objects.select_for_update(of=("self",)).select_related("customer").get(pk=request.pk)
        if found.state != PrivacyState.OPEN:
            raise Conflict(_("This request has been answered already."), code="not_possible")
        found.answer = _said(answer, "answer", 2000)
        erased = erase(actor=actor, customer=found.customer) if granted and found.kind == PrivacyKind.ERASE else {}
        found.state = PrivacyState.DONE if granted else PrivacyState.REFUSED
        found.decided_at, found.decided_by = database_now(), actor
        found.save(update_fields=["answer", "state", "decided_at", "decided_by"])
        record(
            verb="privacy.decide",
            thing=f"customer:{found.customer_id}",
            actor=actor,
            detail={"request": found.pk, "state": found.state, "erased": erased},
        )
    return found


def copy_of(*, actor: Any, request: PrivacyRequest) -> dict[str, Any]:
    """All that is kept of the customer, for who asked for it; numbers in full, so each counts as shown."""
    with transaction.atomic():
        require(actor, "privacy.decide", request)
        customer = request.customer
        numbers = list(customer.numbers.order_by("id"))
        found = {
            "customer": {
                "name": customer.name,
                "address": customer.address,
                "region": customer.region,
                "since": customer.created_at,
                "numbers": [number.raw for number in numbers if number.contact_id is None],
            },
            "contacts": [
                {
                    "name": contact.name,
                    "title": contact.title,
                    "email": contact.email,
                    "numbers": [number.raw for number in numbers if number.contact_id == contact.pk],
                }
                for contact in customer.contacts.order_by("id")
            ],
            "products": [
                {"product": str(item.product_type), "model": item.model, "serial": item.serial, "place": item.location}
                for item in customer.products.select_related("product_type").order_by("id")
            ],
            **{holder.key: list(holder.told(customer, actor)) for holder in holders()},
        }
        note_reveal(
            verb="privacy.copy",
            thing=f"customer:{customer.pk}",
            actor=actor,
            detail={"request": request.pk},
            numbers=len(numbers),
        )
    return found


def erase(*, actor: Any, customer: Customer) -> dict[str, int]:
    """Take a customer's name, numbers and contacts away; how many rows of what. What was done and when stays."""
    with transaction.atomic():
        require(actor, "privacy.decide", customer)
        found = Customer.objects.select_for_update().get(pk=customer.pk)
        if found.holds.filter(lifted_at=None).exists():
            raise Conflict(
                _("A legal hold lies on this customer: nothing is erased."),
                code="legal_hold",
                remedy=_("Refuse with that reason, or lift the hold first."),
            )
        if sum(holder.open_of(found) for holder in holders()):
            raise Conflict(
                _("Something of this customer is still open."),
                code="still_open",
                remedy=_("Close or cancel their cases first."),
            )
        with translation.override(settings.LANGUAGE_CODE):
            name = _("Erased customer %(number)s") % {"number": found.pk}
        old, found.name = found.name, name
        found.address, found.is_active, found.erased_at = "", False, database_now()
        found.save(update_fields=["name", "address", "is_active", "erased_at"])
        done = {holder.key: holder.erase_of(found, old) for holder in holders()}
        done["numbers"] = found.numbers.all().delete()[0]
        done["contacts"] = found.contacts.all().delete()[0]
        record(verb="privacy.erase", thing=f"customer:{found.pk}", actor=actor, detail=done)
    return done


def hold(*, actor: Any, customer: Customer, reason: str) -> LegalHold:
    """Nothing of this customer is erased until the hold is lifted."""
    with transaction.atomic():
        require(actor, "privacy.decide", customer)
        words = _said(reason, "reason", 500)
        Customer.objects.select_for_update().get(pk=customer.pk)  # no erasure comes between
        if customer.holds.filter(lifted_at=None).exists():
            raise Conflict(_("A legal hold lies on this customer already."), code="not_possible")
        made = LegalHold.objects.create(customer=customer, reason=words, by=actor)
        record(verb="privacy.hold", thing=f"customer:{customer.pk}", actor=actor, detail={"hold": made.pk})
    return made


def lift(*, actor: Any, hold: LegalHold) -> None:
    """The hold ends."""
    with transaction.atomic():
        require(actor, "privacy.decide", hold.customer)
        lifted = LegalHold.objects.filter(pk=hold.pk, lifted_at=None).update(lifted_at=database_now(), lifted_by=actor)
        if not lifted:
            raise Conflict(_("This hold has been lifted already."), code="not_possible")
        record(verb="privacy.lift", thing=f"customer:{hold.customer_id}", actor=actor, detail={"hold": hold.pk})


def set_rule(*, actor: Any, keep_days: int, answer_days: int) -> PrivacyRule:
    """How long callers are kept, and how soon requests are answered; a new row in place of the old."""
    with transaction.atomic():
        require(actor, "privacy.rule")
        if keep_days and not 30 <= keep_days <= 36500:
            raise Invalid(_("0, or 30 and more."), field="keep_days", code="invalid")
        if not 1 <= answer_days <= 30:
            raise Invalid(_("Between 1 and 30."), field="answer_days", code="invalid")
        rule = PrivacyRule.objects.create(keep_days=keep_days, answer_days=answer_days, by=actor)
        detail = {"keep_days": keep_days, "answer_days": answer_days}
        record(verb="privacy.rule", thing="customer:*", actor=actor, detail=detail)
    return rule


def dry_run(keep_days: int) -> list[tuple[str, int]]:
    """What a walk would make anonymous now: a figure for each kind of thing; nothing is changed."""
    before = database_now() - timedelta(days=keep_days)
    return [(str(holder.label), holder.count_older(before)) for holder in holders()]


def walk(slices: int = 20) -> int:
    """Make anonymous what is older than the rule allows, some slices of each kind; how many rows."""
    keep_days = PrivacyRule.in_force().keep_days
    if not keep_days:
        return 0
    before = database_now() - timedelta(days=keep_days)
    return sum(_walk_of(holder, before, slices) for holder in holders())


def _walk_of(holder: Holder, before: datetime, slices: int) -> int:
    """Each slice in a transaction of its own, entered in the trail; the place is kept with it."""
    total = 0
    for _turn in range(slices):
        with transaction.atomic():
            ErasurePass.objects.get_or_create(holder=holder.key)
            at = ErasurePass.objects.select_for_update(skip_locked=True).filter(pk=holder.key).first()
            if at is None:
                return total  # another worker walks
            if at.ended_at is not None:
                if at.began_at + _EVERY > database_now():
                    return total
                at.last_pk, at.erased, at.began_at, at.ended_at = 0, 0, database_now(), None
            step = holder.erase_older(before, at.last_pk, SLICE)
            if step.erased:
                detail = {"what": holder.key, "rows": step.erased, "before": before, "up_to": step.last_pk}
                record(verb="privacy.walk", thing="customer:*", actor=None, detail=detail)
            at.last_pk, at.erased = step.last_pk, at.erased + step.erased
            at.ended_at = database_now() if step.at_end else None
            at.save()
            total += step.erased
            if step.at_end:
                return total
    return total


def _said(text: str, field: str, limit: int, *, needed: bool = True) -> str:
    demand_clean({field: text})
    words = text.strip()
    if needed and not words:
        raise Invalid(_("Please fill this in."), field=field, code="required")
    if len(words) > limit:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": limit}, field=field, code="max_length"
        )
    return words
