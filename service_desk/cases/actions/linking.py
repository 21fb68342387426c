"""Cases side by side: parent and child, related ones, and a part that becomes a case of its own."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import Change, changing, chosen, lock_beside, said, survivor_of
from service_desk.cases.actions.registering import Registration, register
from service_desk.cases.models import Case, CaseEvent, CaseLink
from service_desk.cases.rules import EventType, LinkKind, Relation
from service_desk.notices.live import poke_case
from service_desk.people.access import require
from service_desk.people.models import ProductType
from service_desk.rest.errors import Conflict, Invalid


def link(*, case: Case, actor: Any, other: str, relation: str, version: int | None = None) -> Case:
    """Say what the case with the number `other` is to this one; with `none` the link is taken away."""
    case = case if version is not None else survivor_of(case, actor)
    with transaction.atomic():
        beside = lock_beside(case=case, actor=actor, number=other, field="other")
        detail = {"other": beside.number, "relation": relation}
        with changing(case=case, actor=actor, verb="link", version=version, detail=detail) as change:
            require(actor, "case.link", beside)
            wanted = Relation(chosen(relation, Relation, "relation"))
            if beside.confidential != change.case.confidential and wanted != Relation.NONE:
                raise Conflict(_("A confidential and an ordinary case are not linked."), code="confidential")
            if wanted == Relation.NONE:
                _part(change, beside)
            elif wanted == Relation.RELATED:
                _relate(change, beside, LinkKind.RELATED)
            else:
                child, parent = (change.case, beside) if wanted == Relation.PARENT else (beside, change.case)
                _place(child, parent)
            kind = EventType.UNLINKED if wanted == Relation.NONE else EventType.LINKED
            change.say(kind, number=beside.number, relation=wanted)
            _say_there(change, beside, kind, wanted)
    return change.case


def split(
    *, case: Case, actor: Any, fault: str, text: str, product_type: int | None = None, version: int | None = None
) -> Case:
    """Make a part of the matter a case of its own, accepted when this one was and with its first responder (C3, C5).

    It is graded anew: another matter has a severity of its own. Answers with this case; the new one is its newest
    split-off.
    """
    with changing(case=case, actor=actor, verb="split", version=version) as change:
        words = said(text, "text")
        origin = change.case
        product = _product(origin, product_type)
        made = register(
            actor=actor,
            data=Registration(
                customer=origin.customer,
                product_type=product,
                fault=said(fault, "fault", limit=120),
                accepted_at=origin.accepted_at,
                description=words,
                contact=origin.contact,
                caller_name=origin.caller_name,
                caller_phone=origin.caller_phone,
                first_responder=origin.first_responder,
                split_from=origin,
            ),
        )
        if origin.confidential:
            made.confidential = True
            made.save(update_fields=["confidential"])
        _relate(change, made, LinkKind.SPLIT)
        change.say(EventType.SPLIT, words, number=made.number, fault=made.fault)
        change.tell("case_split", made.handler_id, "handler", made.pk, made=made.number)
    return change.case


def _product(origin: Case, pk: int | None) -> ProductType:
    if pk is None:
        return origin.product_type
    found = ProductType.objects.filter(pk=pk, is_active=True, service_line=origin.service_line_id).first()
    if found is None:
        raise Invalid(_("There is no such product type in this service line."), field="product_type", code="unknown")
    return found


def _pair(one: Case, two: Case) -> dict[str, Any]:
    first, second = sorted((one.pk, two.pk))
    return {"first_id": first, "second_id": second}


def _relate(change: Change, beside: Case, kind: LinkKind) -> None:
    _row, fresh = CaseLink.objects.get_or_create(
        **_pair(change.case, beside), defaults={"kind": kind, "made_by": change.actor, "made_at": change.now}
    )
    if not fresh:
        raise Conflict(_("The two are linked already."), code="linked")


def _place(child: Case, parent: Case) -> None:
    """Put a case below another; it has one parent, and no case is its own ancestor."""
    if child.parent_id == parent.pk:
        raise Conflict(_("The two are linked already."), code="linked")
    if child.parent_id is not None:
        raise Conflict(
            _("%(number)s has a parent already.") % {"number": child.number},
            code="has_parent",
            remedy=_("Take that link away first."),
        )
    above: Case | None = parent
    while above is not None:
        if above.pk == child.pk:
            raise Conflict(_("A case cannot be above and below another."), code="loop")
        above = above.parent
    child.parent = parent


def _part(change: Change, beside: Case) -> None:
    """Take away whatever links the two; how one came out of the other stays."""
    case = change.case
    gone, _each = CaseLink.objects.filter(**_pair(case, beside), kind=LinkKind.RELATED).delete()
    for child, parent in ((case, beside), (beside, case)):
        if child.parent_id == parent.pk:
            child.parent = None
            gone += 1
    if not gone:
        raise Invalid(_("The two are not linked."), field="other", code="not_linked")


_FROM_THERE = {Relation.PARENT: Relation.CHILD, Relation.CHILD: Relation.PARENT}


def _say_there(change: Change, beside: Case, kind: EventType, relation: Relation) -> None:
    """The other case tells of the link too, as it looks from there."""
    CaseEvent.objects.create(
        case=beside,
        at=change.now,
        actor=change.actor,
        type=kind,
        data={"number": change.case.number, "relation": _FROM_THERE.get(relation, relation)},
    )
    beside.version += 1
    beside.save(update_fields=["parent", "version"])
    record(verb="case.link", thing=f"case:{beside.pk}", actor=change.actor, detail={"other": change.case.number})
    poke_case(beside.number, beside.told_pages)
