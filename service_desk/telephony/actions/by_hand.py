"""Calls without a phone system, or beside one: what people press becomes an event like any other, and the same fold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Conflict, Invalid
from service_desk.telephony import vault
from service_desk.telephony.actions.receiving import receive_event
from service_desk.telephony.models import Call, Extension, Integration
from service_desk.telephony.reading import read_event
from service_desk.telephony.rules import (
    CallEventType,
    Cause,
    Direction,
    IntegrationKind,
    Party,
    is_withheld,
    new_key,
    new_secret,
)
from service_desk.turns import take_turn

_INSTANT = timedelta(milliseconds=1)
_DIALLED = frozenset("0123456789+*#()-/. ")


@transaction.atomic
def begin_call(
    *, actor: Staff, number: str = "", token: UUID, answered: bool = False, direction: str = Direction.INBOUND
) -> Call:
    """A call came in (or goes out) on a telephone that tells nothing; the same token again is the same call."""
    require(actor, "call.by_hand")
    number = _checked(number)
    integration, phone = _place_of(actor)
    call_id = f"hand-{token}"
    known = Call.objects.filter(integration=integration, call_id=call_id).first()
    if known is not None:
        return known
    moment = now()
    about = {"direction": direction, "customer_number": number or "anonymous", "extension": phone.extension}
    call = _tell(integration, call_id, CallEventType.RINGING, moment, about)
    if answered or direction == Direction.OUTBOUND:
        call = _tell(integration, call_id, CallEventType.ANSWERED, moment + _INSTANT, {"extension": phone.extension})
    _note(actor, call, "begin")
    return call


@transaction.atomic
def answer_call(*, actor: Staff, call: Call) -> Call:
    """Somebody has lifted the receiver of a call that is written down by hand."""
    row = _checked_call(actor, call, by_hand=True)
    if row.answered_at is not None:
        return row
    if row.ended_at is not None:
        raise Conflict(_("This call has ended."), code="ended")
    _integration, phone = _place_of(actor)
    row = _tell(row.integration, row.call_id, CallEventType.ANSWERED, now(), {"extension": phone.extension})
    _note(actor, row, "answer")
    return row


@transaction.atomic
def hold_call(*, actor: Staff, call: Call) -> Call:
    """The caller waits (T4); for phone systems that do not tell, too."""
    row = _running(actor, call)
    if row.held_since is None:
        row = _tell(row.integration, row.call_id, CallEventType.HELD, now(), {})
        _note(actor, row, "hold")
    return row


@transaction.atomic
def resume_call(*, actor: Staff, call: Call) -> Call:
    """The caller is on the line again."""
    row = _running(actor, call)
    if row.held_since is not None:
        row = _tell(row.integration, row.call_id, CallEventType.RESUMED, now(), {})
        _note(actor, row, "resume")
    return row


@transaction.atomic
def update_caller(*, actor: Staff, call: Call) -> Call:
    """The waiting caller was told how far it is (T4): one stretch ends, the next begins."""
    row = _running(actor, call)
    if row.held_since is None:
        raise Conflict(_("Nobody waits on this line."), code="not_held")
    moment = now()
    _tell(row.integration, row.call_id, CallEventType.RESUMED, moment, {})
    row = _tell(row.integration, row.call_id, CallEventType.HELD, moment + _INSTANT, {})
    _note(actor, row, "update")
    return row


@transaction.atomic
def end_call(*, actor: Staff, call: Call, ended_by: str = Party.CUSTOMER) -> Call:
    """The call is over; who hung up is said by whoever was there (T5)."""
    row = _checked_call(actor, call, by_hand=True)
    if row.ended_at is not None:
        return row
    if ended_by not in (Party.CUSTOMER, Party.AGENT, Party.UNKNOWN):
        raise Invalid(_("Say who hung up."), field="ended_by")
    cause = Cause.NORMAL if row.answered_at else Cause.ABANDONED
    row = _tell(
        row.integration, row.call_id, CallEventType.ENDED, now(), {"ended_by": str(ended_by), "cause": str(cause)}
    )
    _note(actor, row, "end", ended_by=str(ended_by))
    return row


def _running(actor: Staff, call: Call) -> Call:
    row = _checked_call(actor, call, by_hand=False)
    if row.answered_at is None or row.ended_at is not None:
        raise Conflict(_("Nobody is on this line now."), code="not_answered")
    return row


def _checked_call(actor: Staff, call: Call, *, by_hand: bool) -> Call:
    """The call, locked before its state is looked at; two who press at once come one after the other."""
    row: Call = (
        Call.objects.select_for_update(no_key=True, of=("self",))
        .select_related("integration", "agent", "claimed_by")
        .get(pk=call.pk)
    )
    require(actor, "call.handle", row)
    if by_hand and row.integration.kind != IntegrationKind.MANUAL:
        raise Conflict(_("The phone system says when this call is answered and when it ends."), code="not_by_hand")
    return row


def _checked(number: str) -> str:
    number = number.strip()
    if is_withheld(number):
        return ""
    if len(number) > 40 or not is_clean(number) or not set(number) <= _DIALLED:
        raise Invalid(
            _("A number has at most 40 figures."),
            field="number",
            remedy=_("Leave it empty when the number is not shown."),
        )
    return number


def _tell(integration: Integration, call_id: str, kind: str, at: datetime, data: dict[str, Any]) -> Call:
    item = {
        "id": f"hand-{uuid4().hex}",
        "type": str(kind),
        "timestamp": at.isoformat(),
        "data": {"call_id": call_id, **{name: str(value) for name, value in data.items()}},
    }
    receipt = receive_event(integration=integration, event=read_event(item))
    assert receipt.call is not None  # noqa: S101  (every known type has its call)
    return receipt.call


def _place_of(actor: Staff) -> tuple[Integration, Extension]:
    """The desk's own phone system and this person's place at it, made when they are needed first."""
    held = _held_by(actor)
    if held is None:
        take_turn("telephony_extension")
        held = _held_by(actor) or _new_place(actor)
    return held.integration, held


def _held_by(actor: Staff) -> Extension | None:
    mine = Extension.objects.filter(integration__kind=IntegrationKind.MANUAL, staff=actor)
    found: Extension | None = mine.valid_at(now()).select_related("integration").first()
    return found


def _new_place(actor: Staff) -> Extension:
    integration = Integration.objects.filter(kind=IntegrationKind.MANUAL).first() or _desk_phone()
    place = Extension.objects.create(
        integration=integration, extension=f"desk-{actor.pk}", staff=actor, valid_from=now() - _INSTANT
    )
    detail = {"extension": place.extension, "staff": actor.pk}
    record(verb="telephony.add_extension", thing=f"integration:{integration.pk}", actor=actor, detail=detail)
    return place


def _desk_phone() -> Integration:
    """No key of it was ever shown to anybody, so nothing comes in through the door."""
    key, secret = new_key(), new_secret()
    with translation.override(settings.LANGUAGE_CODE):
        name = str(IntegrationKind.MANUAL.label)
    row: Integration = Integration.objects.create(
        name=name,
        kind=IntegrationKind.MANUAL,
        key_prefix=key.prefix,
        key_digest=key.digest,
        secret=vault.lock(secret),
        silent_minutes=0,
    )
    return row


def _note(actor: Staff, call: Call, what: str, **detail: str) -> None:
    record(verb=f"call.{what}", thing=f"call:{call.pk}", actor=actor, detail=detail)
