"""What the pages of the phrasebook share: a page of a long list, and a verb called with a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest

from service_desk.audit.actions import record_refusal
from service_desk.knowledge.diff import Difference
from service_desk.knowledge.forms.phrases import PhraseForm
from service_desk.knowledge.rules import Category, PhraseKind, Weight
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, NotAllowed, Refusal
from service_desk.rest.paging import listed


def paged(
    request: HttpRequest, rows: QuerySet[Any], order: Sequence[str], *, size: int | None = None
) -> dict[str, Any]:
    """A page of a list for its template: items, next_url, previous_url, and whether the place was lost."""
    found = listed(request, rows, order, size=size)
    return {"items": found.items, "lost": found.lost, "next_url": found.next_url, "previous_url": found.previous_url}


def done(
    request: HttpRequest, form: forms.Form, verb: Callable[[], Any], names: Mapping[str, str] | None = None
) -> Any | None:
    """Call the verb; a refusal goes beside its field and nothing typed is lost. None when it was refused."""
    try:
        return verb() or True
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            record_refusal(verb=refusal.verb, thing=refusal.thing, actor=request.user, reason=str(refusal.message))
        add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)], names)
        return None


_CHOICES = {"kind": PhraseKind, "category": Category, "severity": Weight}


def sides(one: Difference) -> list[tuple[str, str, str]]:
    """Field by field, before and after, as lines of text; of two lists what one has and the other has not.

    The phrase comes first; its code stands above them.
    """
    before, after = one.before or {}, one.after or {}
    rows = []
    for name in sorted(set(one.fields) - {"code"}, key=lambda name: (name != "text", name)):
        old, new = before.get(name), after.get(name)
        if isinstance(old, list) and isinstance(new, list) and set(map(str, old)) != set(map(str, new)):
            old, new = [each for each in old if each not in new], [each for each in new if each not in old]
        rows.append((_label(name), _lines(name, old), _lines(name, new)))
    return rows


def _label(name: str) -> str:
    """A field by the name that the form of a draft gives it."""
    field = PhraseForm.base_fields.get("forms_" if name == "forms" else name)
    return str(field.label) if field is not None and field.label else name


def _lines(name: str, value: Any) -> str:
    choices = _CHOICES.get(name)
    if choices is not None and value in choices.values:
        return str(choices(value).label)
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
