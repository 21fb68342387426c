"""Drafts of the register form: kept while somebody types, back when they come back, thrown away on a word."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from service_desk.cases.actions.drafting import NEWEST, discard_draft, drafts_of, edition_of, empty_draft, save_draft
from service_desk.cases.forms.requesting import ANSWER, READ
from service_desk.cases.models import RegisterDraft
from service_desk.customers.rules import mask_number
from service_desk.people.access import require
from service_desk.rest.errors import Refusal

#: A draft of today comes back by itself; an older one is offered.
_COMES_BACK = timedelta(hours=12)
_OFFERED = 3
_WORDS = (
    "customer_text",
    "new_name",
    "new_number",
    "product_type_text",
    "fault",
    "description",
    "caller_name",
    "caller_phone",
    "accepted_at",
)
_CHOSEN = ("customer", "product_type", "request_type", "severity", "told_once")
_LONGEST = 10_000
#: One of these makes a draft worth keeping; a product alone says nothing of a call.
_WORTH = frozenset(_WORDS) - {"product_type_text"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the page needs it: what the form begins with, and what a line about it says."""

    token: uuid.UUID
    saved_at: datetime
    values: dict[str, Any]
    edition: int = 0

    @property
    def about(self) -> str:
        """Whom and what it is about, as far as it was typed."""
        said = (self.values.get(name, "") for name in ("customer_text", "new_name", "fault"))
        return " ".join(text for text in said if text)[:80]

    @property
    def url(self) -> str:
        """Where it goes on."""
        return f"{reverse('case-register')}?draft={self.token}"


def uuid_of(text: Any) -> uuid.UUID | None:
    """The UUID that the text is, if it is one."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None


def drafts_for(
    request: HttpRequest, moment: datetime, wanted: uuid.UUID | None = None
) -> tuple[Draft | None, list[Draft]]:
    """The draft with which the form begins (that of `wanted`, if given), and the others that are offered; one query."""
    asked = wanted or uuid_of(request.GET.get("draft", ""))
    found = [_draft(row) for row in drafts_of(request.user)[: _OFFERED + 1]]
    if asked is not None and asked not in {each.token for each in found}:
        found = [_draft(row) for row in drafts_of(request.user).filter(token=asked)] + found
    restored = next((each for each in found if each.token == asked), None)
    if restored is None and asked is None and not {"fresh", "customer"} & request.GET.keys():
        restored = next((each for each in found if moment - each.saved_at < _COMES_BACK), None)
    others = [each for each in found if restored is None or each.token != restored.token]
    return restored, others[:_OFFERED]


def _draft(row: RegisterDraft) -> Draft:
    values = {str(name): value for name, value in row.values.items() if isinstance(value, str)}
    return Draft(row.token, row.saved_at, {**values, "token": row.token}, row.edition)


def edition_for(user: Any, token: uuid.UUID, draft: Draft | None) -> int:
    """The edition of the draft that the form with this token goes on with."""
    if draft is not None and draft.token == token:
        return draft.edition
    return edition_of(user, token)


def carried(request: HttpRequest) -> dict[str, str]:
    """What was typed for a new case, as the beginning of a note to another one, and whose draft it is."""
    token = uuid_of(request.GET.get("draft", ""))
    row = drafts_of(request.user).filter(token=token).first() if token else None
    if row is None:
        return {}
    values = _draft(row).values
    lines = [values.get("fault", ""), values.get("description", "")]
    number = values.get("caller_phone", "")
    caller = " ".join(part for part in (values.get("caller_name", ""), mask_number(number) if number else "") if part)
    if caller:
        lines.append(_("Caller: %(caller)s") % {"caller": caller})
    return {"text": "\n".join(line for line in lines if line)[:8000], "draft": str(token)}


@login_required
@require_POST
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keep what the form holds now; 204 whatever it is, 422 when it is too much or has no token.

    A draft that was thrown away meanwhile is not written again: 200 with the edition that goes on now.
    """
    require(request.user, "case.register")
    token, sent = uuid_of(request.POST.get("token", "")), request.POST.get("edition", "") or "0"
    if token is None or not (sent.isascii() and sent.isdigit() and len(sent) <= 10 and int(sent) <= NEWEST):
        return HttpResponse(status=422)
    values, edition = typed_values(request.POST), int(sent)
    try:
        if _WORTH & values.keys():
            goes_on = save_draft(actor=request.user, token=token, values=values, edition=edition)
        else:
            goes_on = empty_draft(actor=request.user, token=token, edition=edition)
    except Refusal as refusal:
        return HttpResponse(status=422 if refusal.status == 400 else refusal.status)
    if not goes_on:
        return JsonResponse({"edition": edition_of(request.user, token)})
    return HttpResponse(status=204)


@login_required
@require_POST
def throw_away(request: HttpRequest) -> HttpResponse:
    """Throw a draft away and begin with an empty form."""
    require(request.user, "case.register")
    token = uuid_of(request.POST.get("token", ""))
    if token is not None:
        discard_draft(actor=request.user, token=token)
    return HttpResponseRedirect(f"{reverse('case-register')}?fresh=1")


def typed_values(sent: QueryDict) -> dict[str, str]:
    """What of a form is kept: its own fields as far as something stands in them, without what cannot be stored."""
    names = [*_WORDS, *_CHOSEN, *(name for name in sent if name.startswith((ANSWER, READ)) and len(name) <= 50)]
    values = {name: sent.get(name, "").replace("\x00", "")[:_LONGEST] for name in names[:150]}
    return {name: text for name, text in values.items() if text.strip()}
