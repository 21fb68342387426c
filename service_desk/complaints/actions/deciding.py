"""The ladder of instances: a decision, the next instance, and what the complainant says to it (P5, P9, P10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change, chosen, said, unsaid
from service_desk.cases.models import BarredWhy, Case, CircleWhy
from service_desk.cases.rules import Channel, EventType
from service_desk.complaints.actions.changing import Complaining, complaining
from service_desk.complaints.announcing import Decided, announce
from service_desk.complaints.circle import hearer_of, hearers
from service_desk.complaints.models import Complaint, Instance
from service_desk.complaints.rules import CLOCK_OF, EscalatedWhy, Finding, InstanceKind, next_instance
from service_desk.complaints.telling import join, responsible_for, tell
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.rules import ClockKind
from service_desk.people.models import Staff
from service_desk.rest.errors import Conflict, Invalid


def decide(
    *,
    complaint: Complaint,
    actor: Any,
    finding: str,
    reasons: str,
    remedy: str,
    reply: str,
    channel: str,
    override: str = "",
    version: int | None = None,
) -> Complaint:
    """Decide the open instance: what was found, why, what is done about it, and the reply that was sent.

    From now on it stands (P5). The case is resolved and replied by its own moves.
    """
    with complaining(
        complaint=complaint, actor=actor, verb="decide", version=version, detail={"finding": finding}, override=override
    ) as change:
        instance = change.open_instance()
        if instance is None:
            raise Conflict(_("There is nothing to decide."), code="decided")
        instance.finding = chosen(finding, Finding, "finding")
        instance.reasons = said(reasons, "reasons", limit=4000)
        instance.remedy = said(remedy, "remedy", limit=4000)
        instance.reply = said(reply, "reply", limit=4000)
        instance.reply_channel = chosen(channel, Channel, "channel")
        instance.owner, instance.decided_by, instance.decided_at = actor, actor, change.now
        change.hear(instance.reply, "reply", to_customer=True)
        change.hear(instance.remedy, "remedy")
        instance.save()
        change.say(EventType.DECIDED, instance.reasons, finding=instance.finding, instance=instance.kind)
        _end_clocks(change, instance)
        change.complaint.satisfied, change.complaint.satisfaction_at = None, None
        tell(change.case, "complaint_decided", _others(change), f"{instance.pk}")
        concerned = change.case.barred.filter(why=BarredWhy.CONCERNED).values_list("staff_id", flat=True)
        announce(Decided(change.complaint, instance, frozenset(concerned), change.now))
    return change.complaint


def satisfaction(
    *, complaint: Complaint, actor: Any, satisfied: bool, text: str = "", version: int | None = None
) -> Complaint:
    """What the complainant says to the answer. Dissatisfied: the manager is told, another solution is due (P9)."""
    with complaining(
        complaint=complaint, actor=actor, verb="satisfaction", version=version, detail={"satisfied": satisfied}
    ) as change:
        words = unsaid(text, "text", limit=2000) if satisfied else said(text, "text", limit=2000)
        found = change.complaint
        if not found.instances.exclude(decided_at=None).exists():
            raise Conflict(_("There is no answer yet that could satisfy."), code="undecided")
        found.satisfied, found.satisfaction_said, found.satisfaction_at = bool(satisfied), words, change.now
        change.say(EventType.SATISFACTION, words, satisfied=bool(satisfied))
        if satisfied:
            change.stop_clocks(ClockKind.ANOTHER)
        else:
            _another_solution(change)
    return change.complaint


def escalate(
    *, complaint: Complaint, actor: Any, text: str, owner: Staff | None = None, version: int | None = None
) -> Complaint:
    """Take it to the next instance: a supervisor decides so, or the complainant is not satisfied (P5).

    `owner` decides there; left out, the handler's next superior, and for an appeal the highest office that is free.
    """
    with complaining(
        complaint=complaint, actor=actor, verb="escalate", version=version, detail={"owner": owner and owner.pk}
    ) as change:
        words = said(text, "text", limit=2000)
        dissatisfied = change.complaint.satisfied is False
        why = EscalatedWhy.DISSATISFIED if dissatisfied else EscalatedWhy.SUPERVISOR
        step_up(change, change.complaint, why, words, owner=owner)
    return change.complaint


def assign(*, complaint: Complaint, actor: Any, owner: Staff, text: str, version: int | None = None) -> Complaint:
    """Give the open instance to somebody else who may decide it."""
    with complaining(
        complaint=complaint, actor=actor, verb="assign", version=version, detail={"owner": owner.pk}
    ) as change:
        words = said(text, "text", limit=2000)
        instance = change.open_instance()
        if instance is None:
            raise Conflict(_("There is nothing to decide."), code="decided")
        instance.owner = _demand_free(change.complaint, instance.kind, owner)
        instance.save(update_fields=["owner"])
        join(change.case, owner.pk, CircleWhy.HEARS, actor=actor)
        change.say(EventType.ESCALATED, words, instance=instance.kind, owner=str(owner))
        tell(change.case, "complaint_yours", [owner.pk], f"{instance.pk}:{change.case.version}")
    return change.complaint


def step_up(
    change: Change, complaint: Complaint, why: EscalatedWhy, words: str, *, owner: Staff | None = None
) -> Instance:
    """Open the next instance on the locked complaint; one still undecided is passed on, and stays readable."""
    last = complaint.instances.order_by("-id").first()
    kind = next_instance(last.kind) if last is not None else InstanceKind.COMPLAINT
    if kind is None:
        raise Conflict(_("The appeal is the last instance."), code="last_instance")
    decider = owner.pk if owner is not None else None
    if owner is not None:
        _demand_free(complaint, kind, owner)
    decider = decider or hearer_of(complaint, kind)
    if decider is None:
        raise Conflict(_("Nobody can be found who may decide it."), code="nobody")
    if last is not None and last.is_open:
        last.passed_on_at = change.now
        last.save(update_fields=["passed_on_at"])
        _end_clocks(change, last)
    join(change.case, decider, CircleWhy.HEARS, actor=change.actor)
    made = Instance.objects.create(
        complaint=complaint,
        kind=kind,
        owner_id=decider,
        why=why,
        reason=words,
        opened_by=change.actor,
        opened_at=change.now,
    )
    complaint.stage = kind
    change.arm_part(CLOCK_OF[kind], made.pk, {"owner": decider})
    change.say(EventType.ESCALATED, words, instance=kind, why=why)
    tell(change.case, "complaint_yours", [decider], f"{made.pk}")
    tell(change.case, "complaint_escalated", {change.case.handler_id, change.case.first_responder_id} - {decider},
         f"{made.pk}")  # fmt: skip
    return made


def step_up_by_clock(case: Case, clock_kind: str, moment: datetime) -> Instance | None:
    """P5: a breached timer takes it up, on the locked case; None when that instance is not the open one any more."""
    complaint = Complaint.objects.get(pk=case.pk)
    complaint.case = case
    instance = complaint.instances.filter(decided_at=None, passed_on_at=None).first()
    if instance is None or not case.is_open or CLOCK_OF[instance.kind] != clock_kind:
        return None
    kind = next_instance(instance.kind)
    change = Change(case=case, actor=None, now=moment)
    if kind is None or hearer_of(complaint, kind) is None:
        manager = responsible_for(case)
        if manager is not None:
            join(case, manager, CircleWhy.LADDER, actor=None)
            tell(case, "complaint_nobody", [manager], f"{instance.pk}", grave=True)
        return None
    made = step_up(change, complaint, EscalatedWhy.TIMER, "")
    complaint.save(update_fields=["stage"])
    record(
        verb="complaint.escalate",
        thing=f"case:{case.pk}",
        actor=None,
        detail={"owner": made.owner_id, "why": str(EscalatedWhy.TIMER)},
        door="worker",
    )
    return made


def _another_solution(change: Complaining) -> None:
    """P9: the manager is told at once, and another solution is due; a second time in one instance only tells."""
    instance = change.last_instance()
    manager = responsible_for(change.case)
    if manager is not None:
        join(change.case, manager, CircleWhy.LADDER, actor=change.actor)
    tell(
        change.case,
        "complaint_dissatisfied",
        [manager, change.case.handler_id],
        f"{instance.pk}:{change.case.version}",
        grave=True,
    )
    if not change.case.deadlines.filter(kind=ClockKind.ANOTHER, part=instance.pk, cycle=change.case.cycle).exists():
        change.arm_part(ClockKind.ANOTHER, instance.pk, {})


def _end_clocks(change: Change, instance: Instance) -> None:
    """The decision ends the instance's own clock; the first one's is the solution, which `resolve` ends with a reply.

    Passed on, that solution stays late for ever: its clock ended breached when the time was over.
    """
    if instance.kind != InstanceKind.COMPLAINT:
        clocks.stop(change.clocks_of_part(CLOCK_OF[instance.kind], instance.pk), now=change.now, actor=change.actor)
        change.stop_clocks(ClockKind.ANOTHER)


def _demand_free(complaint: Complaint, kind: str, owner: Staff) -> Staff:
    if owner.pk not in {one.pk for one in hearers(complaint, kind)}:
        raise Invalid(
            _("This person may not decide it: concerned, in a reporting line, or at work on it before."),
            field="owner",
            code="not_free",
            remedy=_("Choose one of those who are offered."),
        )
    return owner


def _others(change: Complaining) -> set[int]:
    """Who holds it, without the one who acts."""
    return {change.case.handler_id, change.case.first_responder_id} - {change.actor.pk}
