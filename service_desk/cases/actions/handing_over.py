"""Handing a case over (C5): proposed with what the receiver must know, accepted, declined or withdrawn.

Until it is accepted the giver holds the case; the first responder stays accountable for ever. A hand-over declined
as 'not mine' goes to the first responder's chief, who alone may then propose where it goes: nobody is passed around.
"""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, changing, said
from service_desk.cases.models import Case, CircleWhy, HandOver, admit, barred_from
from service_desk.cases.rules import EventType, HandOverState, is_complaint
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.rules import ClockKind
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.people.rules import DESK_ROLES
from service_desk.rest.errors import Conflict, Invalid


def hand_over(
    *, case: Case, actor: Any, receiver: Staff, done: str, remaining: str, promised: str, version: int | None = None
) -> Case:
    """Offer the case to `receiver`; the chiefs of both are told when it is not accepted in time (30 min)."""
    with changing(
        case=case, actor=actor, verb="hand_over", version=version, detail={"receiver": receiver.pk}
    ) as change:
        _check_receiver(change, receiver)
        _check_not_passed_around(change)
        offer = HandOver.objects.create(
            case=change.case,
            giver=change.case.handler,
            receiver=receiver,
            proposed_by=actor,
            done=said(done, "done", limit=4000),
            remaining=said(remaining, "remaining", limit=4000),
            promised=said(promised, "promised", limit=4000),
            proposed_at=change.now,
        )
        change.hear(offer.done, "done")
        change.hear(offer.promised, "promised")
        if is_complaint(change.case):
            admit(change.case.pk, [receiver.pk], CircleWhy.OFFERED, by=actor.pk, reason=offer.remaining[:500])
            change.case.circle_changed()
        change.case.hand_over_pending = True
        words = {"receiver": str(receiver), "done": offer.done, "promised": offer.promised}
        change.say(EventType.HAND_OVER, offer.remaining, **words)
        people = {"giver": change.case.handler_id, "receiver": receiver.pk}
        change.arm_part(ClockKind.HAND_OVER, offer.pk, people)
        facts = {"done": offer.done, "remaining": offer.remaining}
        change.tell("hand_over_proposed", receiver.pk, "receiver", offer.pk, **facts)
    return change.case


def accept(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """Take the case: the receiver is the handler from now on; no clock of the customer moves (D6)."""
    with changing(case=case, actor=actor, verb="accept", version=version) as change:
        offer = _decide(change, HandOverState.ACCEPTED)
        change.case.handler = offer.receiver
        change.say(EventType.ACCEPTED, "", giver=str(offer.giver))
        change.tell("hand_over_accepted", offer.giver_id, "giver", offer.pk)
    return change.case


def decline(*, case: Case, actor: Any, text: str, not_mine: bool = False, version: int | None = None) -> Case:
    """Decline with a reason; as 'not mine' it goes to the first responder's chief, never to a third desk by itself."""
    with changing(case=case, actor=actor, verb="decline", version=version, detail={"not_mine": not_mine}) as change:
        reason = said(text, "text", limit=2000)
        offer = _decide(change, HandOverState.DECLINED, decline_reason=reason, not_mine=bool(not_mine))
        change.say(EventType.DECLINED, reason, not_mine=bool(not_mine))
        change.tell("hand_over_declined", offer.giver_id, "giver", offer.pk, reason=reason)
        if not_mine:
            chief = _chief_of_first_responder(change.case)
            change.tell("hand_over_not_mine", chief, "first_responder_chief", offer.pk, reason=reason)
    return change.case


def withdraw(*, case: Case, actor: Any, version: int | None = None) -> Case:
    """Take the offer back."""
    with changing(case=case, actor=actor, verb="withdraw", version=version) as change:
        offer = _decide(change, HandOverState.WITHDRAWN)
        change.say(EventType.WITHDRAWN)
        change.tell("hand_over_withdrawn", offer.receiver_id, "receiver", offer.pk)
    return change.case


def pass_over(change: Change, receiver: Staff, why: str) -> None:
    """Give the locked case to `receiver` at once, since its handler must not hold it any more (P7); nobody is asked."""
    end_offer(change)
    HandOver.objects.create(
        case=change.case,
        giver=change.case.handler,
        receiver=receiver,
        proposed_by=receiver,
        done=why,
        remaining=why,
        promised=why,
        state=HandOverState.ACCEPTED,
        proposed_at=change.now,
        decided_at=change.now,
    )
    giver, change.case.handler = change.case.handler, receiver
    change.say(EventType.ACCEPTED, why, giver=str(giver))


def end_offer(change: Change) -> None:
    """Take back what is offered on the locked case, if anything is."""
    if change.case.hand_over_pending:
        _decide(change, HandOverState.WITHDRAWN)
        change.say(EventType.WITHDRAWN)


def _decide(change: Change, state: HandOverState, **fields: Any) -> HandOver:
    """End the one open offer of the locked case, and its clock."""
    offer = HandOver.objects.select_related("giver", "receiver").get(case=change.case, state=HandOverState.PROPOSED)
    offer.state, offer.decided_at = state, change.now
    for name, value in fields.items():
        setattr(offer, name, value)
    offer.save(update_fields=["state", "decided_at", *fields])
    change.case.hand_over_pending = False
    if is_complaint(change.case) and state != HandOverState.ACCEPTED:
        _out_of_the_circle(change, offer.receiver_id)
    open_clocks = change.clocks_of_part(ClockKind.HAND_OVER, offer.pk)
    if state == HandOverState.ACCEPTED:
        clocks.stop(open_clocks, now=change.now, actor=change.actor)
    else:
        clocks.cancel(open_clocks, now=change.now, reason=state, actor=change.actor)
    return offer


def _check_receiver(change: Change, receiver: Staff) -> None:
    if is_complaint(change.case) and barred_from(change.case.pk, [receiver.pk]):
        raise Invalid(
            _("It is about this person or their reporting line: they must not know of it."),
            field="receiver",
            code="barred",
        )
    if receiver.pk == change.case.handler_id:
        raise Invalid(_("This person holds the case already."), field="receiver", code="already_handler")
    if not receiver.is_active or not receiver.has_role(*DESK_ROLES):
        raise Invalid(_("This person does not work on cases."), field="receiver", code="not_at_the_desk")
    deputy = Directory.load().present(receiver.pk)
    if deputy != receiver.pk:
        name = str(Staff.objects.get(pk=deputy)) if deputy else _("nobody")
        raise Invalid(
            _("%(name)s is absent.") % {"name": receiver},
            field="receiver",
            code="absent",
            remedy=_("The deputy is: %(name)s.") % {"name": name},
        )


def _check_not_passed_around(change: Change) -> None:
    last = change.case.hand_overs.order_by("-proposed_at", "-id").first()
    if last is None or last.state != HandOverState.DECLINED or not last.not_mine:
        return
    if change.actor.pk != _chief_of_first_responder(change.case) and not change.actor.leads:
        raise Conflict(
            _("It was declined as not theirs; the first responder's chief decides where it goes."), code="passed_around"
        )


def _out_of_the_circle(change: Change, receiver_id: int) -> None:
    """Who did not take a complaint over knows of it no longer, unless there was another reason than the offer (P6)."""
    change.case.circle.filter(staff=receiver_id, until=None, why=CircleWhy.OFFERED).update(until=Now())
    change.case.circle_changed()


def _chief_of_first_responder(case: Case) -> int | None:
    directory = Directory.load()
    return directory.present(directory.superior(case.first_responder_id))
