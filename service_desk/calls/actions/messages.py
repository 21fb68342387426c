"""Messages for somebody absent: taken, relayed, acknowledged, answered (C14); with a time they are a promise (C11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.calls.actions.keeping import call_back_policy
from service_desk.calls.actions.settling import said_words, settle_as_message
from service_desk.calls.models import CallDeadline, CallMessage
from service_desk.customers.models import Customer
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.clock import now
from service_desk.deadlines.rules import ClockKind
from service_desk.knowledge.actions import hear
from service_desk.notices import answered
from service_desk.notices.actions import NewNotice, send_many, stop_chain
from service_desk.notices.models import Notice
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.actions import note_reveal
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid, NotFound
from service_desk.telephony.models import Call

#: Nobody promises a call back further ahead than this.
FURTHEST = timedelta(days=31)
#: A message that nobody acknowledges is repeated, and goes one step up each time.
REPEAT_SECONDS = 15 * 60
KIND = "call_message"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What the caller left: for whom, who asked, how to reach them, what about, and by when a call was promised."""

    for_whom: Staff
    from_name: str
    matter: str
    from_number: str = ""
    call_back_by: datetime | None = None
    customer: Customer | None = None


def take_message(*, actor: Staff, data: NewMessage, call: Call | None = None) -> CallMessage:
    """Write the message down and relay it at once; with `call`, that call is registered by it in one transaction."""
    with transaction.atomic():
        require(actor, "message.take")
        moment = now()
        directory = Directory.load()
        message = CallMessage.objects.create(
            **_checked(data, actor, moment, directory),
            call=call,
            relayed_to_id=directory.present(data.for_whom.pk),
            taken_by=actor,
            taken_at=moment,
        )
        hear(actor=actor, text=message.matter, thing=_key(message), field="matter")
        _promise(message, moment)
        _relay(message, directory, actor)
        record(
            verb="message.take",
            thing=_key(message),
            actor=actor,
            detail={"for": message.for_whom_id, "call": None if call is None else call.ref},
        )
        if call is not None:
            settle_as_message(actor=actor, call=call, message=message)
    return message


def acknowledge_message(*, actor: Staff, message: CallMessage) -> CallMessage:
    """The message has reached somebody; acknowledging again changes nothing."""
    with transaction.atomic():
        found = _locked(message, actor)
        require(actor, "message.acknowledge", found)
        if found.acknowledged_at is None:
            _acknowledge(found, actor)
            stop_chain(about=_key(found), reason="acknowledged", actor=actor)
    return found


def answer_message(*, actor: Staff, message: CallMessage, outcome: str) -> CallMessage:
    """The caller was called back; what was said is written down, and who took the message hears of it."""
    with transaction.atomic():
        found = _locked(message, actor)
        require(actor, "message.answer", found)
        if found.done_at is not None:
            raise Conflict(_("This message is answered already."), code="answered")
        words = said_words(outcome, "outcome", required=True, limit=2000)
        hear(actor=actor, text=words, thing=_key(found), field="outcome")
        if found.acknowledged_at is None:
            _acknowledge(found, actor)
        moment = now()
        found.outcome, found.done_at, found.done_by = words, moment, actor
        found.save(update_fields=["outcome", "done_at", "done_by"])
        open_clocks = clocks.lock_open(CallDeadline, message=found, kind=ClockKind.PROMISE)
        clocks.stop(open_clocks, now=now(), actor=actor)
        stop_chain(about=_key(found), reason="answered", actor=actor)
        record(verb="message.answer", thing=_key(found), actor=actor)
        _tell_taker(found, actor)
    return found


def reveal_number(*, actor: Staff, message: CallMessage) -> str:
    """The caller's number in full, for who calls back; each look is recorded (P6)."""
    with transaction.atomic():
        found = _locked(message, actor)
        require(actor, "message.reveal", found)
        note_reveal(verb="message.reveal", thing=_key(found), actor=actor)
    return found.from_number


def _checked(data: NewMessage, actor: Staff, moment: datetime, directory: Directory) -> dict[str, Any]:
    if data.for_whom.pk not in directory.active:
        raise Invalid(_("This person does not work here any more."), field="for_whom", code="inactive")
    if data.for_whom.pk == actor.pk:
        raise Invalid(_("A message is for somebody else."), field="for_whom", code="own")
    number = said_words(data.from_number, "from_number", required=data.call_back_by is not None, limit=40)
    return {
        "for_whom": data.for_whom,
        "from_name": " ".join(said_words(data.from_name, "from_name", required=True, limit=80).split()),
        "from_number": number,
        "matter": said_words(data.matter, "matter", required=True, limit=2000),
        "call_back_by": _checked_time(data.call_back_by, moment),
        "customer": data.customer,
    }


def _checked_time(due_at: datetime | None, moment: datetime) -> datetime | None:
    if due_at is None:
        return None
    if due_at <= moment + timedelta(seconds=1):
        raise Invalid(_("This time is over already."), field="call_back_by", code="past")
    if due_at > moment + FURTHEST:
        raise Invalid(_("This is more than a month ahead."), field="call_back_by", code="too_far")
    return due_at


def _promise(message: CallMessage, moment: datetime) -> None:
    policy = call_back_policy() if message.call_back_by is not None else None
    if policy is not None:
        clocks.arm(
            model=CallDeadline,
            policies=[policy],
            subject={"message": message},
            started_at=moment,
            now=moment,
            due_at=message.call_back_by,
        )


def _relay(message: CallMessage, directory: Directory, actor: Staff) -> None:
    """To the person, or to who stands in; to the duty manager when nobody does. Repeated until acknowledged."""
    person = directory.resolve("handler", {"handler": message.for_whom_id})
    chain = f"callmessage:{message.pk}:relay"
    facts = {
        "name": message.from_name,
        "whom": message.for_whom.full_name,
        "matter": message.matter[:500],
        "due": message.call_back_by.isoformat() if message.call_back_by else "",
        "by": str(actor),
    }
    notice = NewNotice(
        dedup_key=f"{chain}:0",
        chain=chain,
        kind=KIND,
        level=Level.WARNING,
        recipient_id=person.staff_id,
        slot="handler",
        facts=facts,
        about=_key(message),
        link=message.get_absolute_url(),
        needs_ack=True,
        repeat_seconds=REPEAT_SECONDS,
        instead_of_id=person.instead_of,
        fallback=person.fallback,
        private=True,
    )
    send_many([notice])


def _tell_taker(message: CallMessage, actor: Staff) -> None:
    if message.taken_by_id == actor.pk:
        return
    key = f"callmessage:{message.pk}:answered"
    facts = {"name": message.from_name, "by": str(actor), "outcome": message.outcome[:500]}
    notice = NewNotice(
        dedup_key=key,
        chain=key,
        kind="call_message_answered",
        level=Level.INFO,
        recipient_id=message.taken_by_id,
        slot="taker",
        facts=facts,
        about=_key(message),
        link=message.get_absolute_url(),
        private=True,
    )
    send_many([notice])


def _acknowledge(message: CallMessage, actor: Staff) -> None:
    message.acknowledged_at, message.acknowledged_by = now(), actor
    message.save(update_fields=["acknowledged_at", "acknowledged_by"])
    record(verb="message.acknowledge", thing=_key(message), actor=actor)


def _locked(message: CallMessage, actor: Staff) -> CallMessage:
    visible = CallMessage.objects.visible_to(actor).filter(pk=message.pk)
    locked = CallMessage.objects.select_for_update(of=("self",))
    found: CallMessage | None = locked.filter(pk__in=visible.values("pk")).first()
    if found is None:
        raise NotFound(_("There is no such message."))
    return found


def _key(message: CallMessage) -> str:
    return f"callmessage:{message.pk}"


def _answered_by_notice(notice: Notice, actor: Staff) -> None:
    """Whoever acknowledges the notice, by whatever way, has the message."""
    rows = CallMessage.objects.select_for_update(of=("self",))
    found = rows.filter(pk=int(notice.about.rpartition(":")[2]), acknowledged_at=None).first()
    if found is not None:
        _acknowledge(found, actor)


answered.listen(KIND, _answered_by_notice)
