"""Consultation (C2): a first responder who is not qualified asks an expert, who answers on the ticket; then grades."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import changing, said
from service_desk.cases.models import Case, Consultation
from service_desk.cases.permits import is_qualified
from service_desk.cases.rules import EventType
from service_desk.deadlines import actions as clocks
from service_desk.deadlines.rules import ClockKind
from service_desk.people.models import Staff
from service_desk.rest.errors import Invalid


def ask(*, case: Case, actor: Any, expert: Staff, text: str, version: int | None = None) -> Case:
    """Ask somebody who is qualified for the product type; a clock of its own runs until the answer."""
    with changing(case=case, actor=actor, verb="ask", version=version, detail={"expert": expert.pk}) as change:
        if expert.pk == actor.pk or not expert.is_active or not is_qualified(expert, change.case.product_type_id):
            raise Invalid(
                _("This person is not qualified for the product type."),
                field="expert",
                code="not_qualified",
                remedy=_("Choose an expert of the product centre."),
            )
        question = said(text, "text", limit=4000)
        made = Consultation.objects.create(
            case=change.case, asked_by=actor, expert=expert, question=question, asked_at=change.now
        )
        change.case.consultation_pending = True
        change.say(EventType.ASKED, question, expert=str(expert))
        change.arm_part(ClockKind.CONSULTATION, made.pk, {"expert": expert.pk})
        change.tell("consultation_asked", expert.pk, "expert", made.pk, question=question[:500])
    return change.case


def answer(*, case: Case, actor: Any, text: str, version: int | None = None) -> Case:
    """Answer; the first responder still does the grading, and becomes able to by this answer."""
    with changing(case=case, actor=actor, verb="answer", version=version) as change:
        found = change.case.consultations.get(answered_at=None)
        found.answer, found.answered_at = said(text, "text", limit=4000), change.now
        found.save(update_fields=["answer", "answered_at"])
        change.case.consultation_pending = False
        clocks.stop(change.clocks_of_part(ClockKind.CONSULTATION, found.pk), now=change.now, actor=actor)
        change.say(EventType.ANSWERED, found.answer, asked_by=str(found.asked_by))
        change.tell("consultation_answered", found.asked_by_id, "asked_by", found.pk, answer=found.answer[:500])
    return change.case
