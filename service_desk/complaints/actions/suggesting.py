"""Suggestions and praise: sent to the unit concerned and answered, or written into the ledger (P10, P11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import changing, said
from service_desk.cases.actions.promising import checked_due, keep, make_promise
from service_desk.cases.models import Case
from service_desk.cases.rules import EventType
from service_desk.complaints.announcing import Praised, announce
from service_desk.complaints.models import Suggestion
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions import hear
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.directory import Directory
from service_desk.people.models import Staff, Unit
from service_desk.people.rules import DutyRole
from service_desk.rest.errors import Conflict, Invalid, NotFound


def suggest(*, case: Case, actor: Any, unit: Unit, text: str, due_at: datetime | None) -> Suggestion:
    """Send a customer's suggestion to a unit; that its answer comes back by `due_at` is promised (C11).

    The text is written anew for the unit: it names no complainant.
    """
    with changing(case=case, actor=actor, verb="promise", detail={"suggestion": unit.pk}) as change:
        words = said(text, "text", limit=2000)
        promise = make_promise(change, _("Answer to the suggestion"), checked_due(change, due_at))
        made = Suggestion.objects.create(
            case=change.case, text=words, unit=unit, promise=promise, by=actor, at=change.now
        )
        change.say(EventType.SUGGESTION, words, unit=str(unit))
        record(verb="suggestion.send", thing=f"suggestion:{made.pk}", actor=actor, detail={"unit": unit.pk})
        directory = Directory.load()
        leader = directory.present(unit.section_chief_id or unit.department_head_id)
        leader = leader or directory.present(directory.duty.get(DutyRole.DUTY_MANAGER))
        _tell(made, "suggestion_sent", leader, unit=unit.name, text=words)
    return made


def answer(*, suggestion: Suggestion, actor: Any, text: str, override: str = "") -> Suggestion:
    """The unit answers; who sent it returns the answer to the customer, so it is checked as what goes out (K3)."""
    with transaction.atomic():
        found = _locked(suggestion, actor)
        require(actor, "suggestion.answer", found)
        if found.answered_at is not None:
            raise Conflict(_("This suggestion was answered already."), code="answered")
        found.answer, found.answered_by, found.answered_at = said(text, "text", limit=4000), actor, now()
        hear(actor=actor, text=found.answer, thing=f"suggestion:{found.pk}", to_customer=True, override=override)
        found.save()
        record(verb="suggestion.answer", thing=f"suggestion:{found.pk}", actor=actor)
        _tell(found, "suggestion_answered", found.by_id, unit=found.unit.name, answer=found.answer)
    return found


def return_answer(*, suggestion: Suggestion, actor: Any, text: str, override: str = "") -> Suggestion:
    """The customer was told the answer: the promise is kept."""
    with transaction.atomic():
        found = _locked(suggestion, actor)
        require(actor, "suggestion.return", found)
        if found.answered_at is None:
            raise Conflict(_("The unit has not answered yet."), code="unanswered")
        if found.returned_at is not None:
            raise Conflict(_("The answer was returned already."), code="returned")
        hear(actor=actor, text=text, thing=f"suggestion:{found.pk}", to_customer=True, override=override)
        keep(case=found.case, actor=actor, promise=found.promise_id, text=text)
        found.returned_at, found.returned_by = now(), actor
        found.save()
        record(verb="suggestion.return", thing=f"suggestion:{found.pk}", actor=actor)
    return found


def praise(*, actor: Any, staff: Staff, text: str) -> None:
    """A customer praises somebody: it goes into the ledger of quality, in words that name no customer (P10)."""
    with transaction.atomic():
        require(actor, "complaint.praise")
        words = said(text, "text", limit=2000)
        if staff.pk == actor.pk:
            raise Invalid(_("Nobody writes down their own praise; somebody else does it."), field="staff", code="own")
        record(verb="complaint.praise", thing=f"staff:{staff.pk}", actor=actor)
        announce(Praised(staff.pk, words, actor))


def _locked(suggestion: Suggestion, actor: Any) -> Suggestion:
    """The case first, as everywhere, then the suggestion."""
    Case.objects.select_for_update(of=("self",)).filter(pk=suggestion.case_id).values_list("pk").first()
    found = (
        Suggestion.objects.visible_to(actor)
        .select_for_update(of=("self",), no_key=True)
        .select_related("unit", "case")
        .filter(pk=suggestion.pk)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such suggestion."))
    return found


def _tell(suggestion: Suggestion, kind: str, recipient: int | None, **facts: Any) -> None:
    key = f"suggestion:{suggestion.pk}:{kind}"
    send_many(
        [
            NewNotice(
                dedup_key=key,
                chain=key,
                kind=kind,
                level=Level.INFO,
                recipient_id=recipient,
                facts=facts,
                about=f"suggestion:{suggestion.pk}",
                private=True,
            )
        ]
    )
