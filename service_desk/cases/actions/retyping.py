"""Another request type than the one it was registered with: its own fields are asked, what was answered stays told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from service_desk.cases.actions.changing import Change, changing, said
from service_desk.cases.models import Case, RequestType
from service_desk.cases.requesting import answers_of, checked_values
from service_desk.cases.rules import EventType
from service_desk.rest.errors import Conflict, Invalid


def retype(
    *,
    case: Case,
    actor: Any,
    request_type: int | None,
    text: str,
    request_values: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Case:
    """Give it this request type (None: none) with the answers to its fields, or answer those of its own type anew.

    No clock moves. What the old type asked stays in the timeline; what the new one needs is still to be told (C16).
    """
    with changing(
        case=case, actor=actor, verb="retype", version=version, detail={"request_type": request_type}
    ) as change:
        words = said(text, "text", limit=2000)
        wanted, found = _checked(change, request_type), change.case
        values = checked_values(wanted.fields.all() if wanted is not None else (), request_values or {})
        same = found.request_type_id == (wanted.pk if wanted is not None else None)
        if same and values == found.request_values:
            raise Conflict(_("It has this request type already, with these answers."), code="same")
        kept = [[answer.label, answer.text] for answer in answers_of(found)]
        names = {"before": _name(found.request_type), "after": _name(wanted)}
        if not same:
            found.told_once_at = found.told_once_by = None
        found.request_type, found.request_values = wanted, values
        change.say(EventType.RETYPED, words, kept=kept, same=same, **names)
    return change.case


def _checked(change: Change, pk: int | None) -> RequestType | None:
    if pk is None:
        return None
    found = RequestType.objects.filter(pk=pk).first()
    if found is None:
        raise Invalid(_("There is no such request type."), field="request_type", code="unknown")
    check_type(found, change.case)
    return found


def check_type(request_type: RequestType, case: Case) -> None:
    """Refuse one that is retired, or of another service line than the case; its own may stay."""
    if not request_type.is_active and request_type.pk != case.request_type_id:
        raise Invalid(_("This request type is no longer in use."), field="request_type", code="retired")
    if request_type.service_line_id not in (None, case.service_line_id):
        raise Invalid(
            _("This request type belongs to another service line than the product type."),
            field="request_type",
            code="other_service_line",
        )


def _name(request_type: RequestType | None) -> str:
    return request_type.name if request_type is not None else ""
