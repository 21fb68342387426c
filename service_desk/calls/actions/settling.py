"""Registers a call as a case, as a message or as needing no ticket, and takes that back; each with history (C3, T7)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.calls.actions.keeping import keep, lock_clock
from service_desk.calls.models import CallMessage, CallSettlement
from service_desk.calls.rules import Exemption, SettledAs, counts_at
from service_desk.calls.webhook_events import tell_settled
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions import hear
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, Invalid, NotFound
from service_desk.telephony.models import Call

_WORDS = 500


def settle_as_case(*, actor: Staff, call: Call, case: Case) -> CallSettlement:
    """The call is this case's; a complaint is a case too. A case registered since the call counts from then.

    Raises NotFound for a case that the actor may not know of, Conflict when the call is registered already.
    """
    with transaction.atomic():
        row = _to_settle(actor, call)
        found = Case.objects.visible_to(actor).filter(pk=case.pk).first()
        if found is None:
            raise NotFound(_("There is no such case."))
        return _settle(row, actor, settled_as=SettledAs.CASE, case=found, registered_at=found.registered_at)


def settle_as_message(*, actor: Staff, call: Call, message: CallMessage) -> CallSettlement:
    """The caller left this message for somebody absent (C14)."""
    with transaction.atomic():
        row = _to_settle(actor, call)
        found = CallMessage.objects.visible_to(actor).filter(pk=message.pk).first()
        if found is None:
            raise NotFound(_("There is no such message."))
        if found.call_id not in (None, row.pk):
            raise Invalid(_("This message belongs to another call."), field="message", code="other_call")
        return _settle(row, actor, settled_as=SettledAs.MESSAGE, message=found, registered_at=found.taken_at)


def settle_as_exception(
    *, actor: Staff, call: Call, reason: str, words: str = "", case: str | Case | None = None
) -> CallSettlement:
    """No ticket is needed, because of `reason`; a follow-up names its case (or its number), another reason is told."""
    with transaction.atomic():
        row = _to_settle(actor, call)
        if reason not in Exemption.values:
            raise Invalid(_("Please choose one of the values."), field="reason", code="invalid_choice")
        told = said_words(words, "words", required=reason == Exemption.OTHER)
        hear(actor=actor, text=told, thing=f"call:{row.pk}", field="words")
        found = _case_of(actor, case) if reason == Exemption.FOLLOW_UP else None
        return _settle(row, actor, settled_as=SettledAs.EXCEPTION, reason=reason, words=told, case=found)


def undo_settlement(*, actor: Staff, call: Call, why: str) -> Call:
    """Take the registration back, with the reason; the clock runs again from where it began, no time is won."""
    with transaction.atomic():
        row = lock_call(call)
        require(actor, "call.unsettle", row)
        standing = CallSettlement.objects.standing().filter(call=row).first()
        if standing is None:
            raise Conflict(_("This call is not registered."), code="not_settled")
        standing.undone_why = said_words(why, "why", required=True)
        hear(actor=actor, text=standing.undone_why, thing=f"call:{row.pk}", field="why")
        standing.undone_at, standing.undone_by = now(), actor
        standing.save(update_fields=["undone_at", "undone_by", "undone_why"])
        record(verb="call.unsettle", thing=f"call:{row.pk}", actor=actor, detail={"settlement": standing.pk})
        keep(row, actor=actor)
    return row


def lock_call(call: Call) -> Call:
    """The call's row, locked, with those whose it is."""
    rows = Call.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "integration", "agent", "claimed_by"
    )
    found: Call | None = rows.filter(pk=call.pk).first()
    if found is None:
        raise NotFound(_("There is no such call."))
    return found


def said_words(text: str | None, field: str, *, required: bool, limit: int = _WORDS) -> str:
    """What somebody wrote, trimmed; Invalid on its field when it cannot be stored, is missing or too long."""
    demand_clean({field: text or ""})
    words = (text or "").strip()
    if required and not words:
        raise Invalid(_("Please fill this in."), field=field, code="required")
    if len(words) > limit:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": limit}, field=field, code="max_length"
        )
    return words


def _to_settle(actor: Staff, call: Call) -> Call:
    row = lock_call(call)
    require(actor, "call.settle", row)
    if CallSettlement.objects.standing().filter(call=row).exists():
        raise Conflict(
            _("This call is registered already."),
            code="settled",
            remedy=_("Undo that first if it is wrong."),
        )
    return row


def _case_of(actor: Staff, case: str | Case | None) -> Case:
    number = case.number if isinstance(case, Case) else said_words(case, "case", required=True, limit=40).upper()
    found: Case | None = Case.objects.visible_to(actor).filter(number=number).first()
    if found is None:
        raise Invalid(_("There is no such case."), field="case", code="unknown")
    return found


def _settle(row: Call, actor: Staff, *, registered_at: Any = None, **what: Any) -> CallSettlement:
    lock_clock(row)  # first, so that the moment is not one from before a wait for the engine
    moment = now()
    try:
        with transaction.atomic():
            made = CallSettlement.objects.create(
                call=row,
                by=actor,
                settled_at=moment,
                counts_at=counts_at(settled_at=moment, registered_at=registered_at, answered_at=row.answered_at),
                **what,
            )
    except IntegrityError as error:  # somebody wrote past the lock: the constraint has the last word
        raise Conflict(_("This call is registered already."), code="settled") from error
    record(
        verb="call.settle",
        thing=f"call:{row.pk}",
        actor=actor,
        detail={"as": made.settled_as, "reason": made.reason, "settlement": made.pk},
    )
    keep(row, actor=actor)
    tell_settled(made)
    return made
