"""Customers' suggestions on the screen: the unit answers, the answer goes back; and praise (P10, P11)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.cases.models import Case
from service_desk.complaints.actions import answer, praise, return_answer
from service_desk.complaints.forms.suggestions import AnswerForm, PraiseForm
from service_desk.complaints.models import Suggestion
from service_desk.complaints.views.common import person
from service_desk.knowledge.forms.overriding import offer_override
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, Refusal
from service_desk.rest.keyset import BadCursor, page

_SIZE = 20


@login_required
@require_GET
def suggestion_list(request: HttpRequest) -> HttpResponse:
    """Those of the units one leads and of the cases one knows; unanswered ones with `?open=on`."""
    found = Suggestion.objects.visible_to(request.user).select_related("unit")
    only_open = request.GET.get("open") == "on"
    if only_open:
        found = found.filter(returned_at=None)
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    try:
        shown = page(found, order=("-id",), size=_SIZE, after=after, before=before)
    except BadCursor:
        shown = page(found, order=("-id",), size=_SIZE)
    kept = "open=on&" if only_open else ""
    context = {
        "rows": shown.items,
        "only_open": only_open,
        "next_url": f"?{kept}after={shown.next}" if shown.next else "",
        "previous_url": f"?{kept}before={shown.previous}" if shown.previous else "",
        "may_praise": bool(can(request.user, "complaint.praise")),
    }
    return render(request, "complaints/suggestions.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def suggestion(request: HttpRequest, pk: int) -> HttpResponse:
    """One suggestion: its unit's leader answers, who knows its case returns the answer to the customer."""
    user = person(request)
    seen = Suggestion.objects.visible_to(user).select_related("unit", "case", "answered_by", "returned_by", "promise")
    found = seen.filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such suggestion."))
    verb = "suggestion.return" if found.answered_at else "suggestion.answer"
    knows = Case.objects.visible_to(user).filter(pk=found.case_id).exists()
    form = AnswerForm(request.POST or None, returns=bool(found.answered_at))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                deed = return_answer if found.answered_at else answer
                deed(suggestion=found, actor=user, **form.cleaned_data)
            except Refusal as refusal:
                offer_override(form, refusal, user)
                status = _refuse(form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("suggestion", pk)
    allowed = can(user, verb, found) if found.returned_at is None else None
    context = {"suggestion": found, "form": form, "knows": knows, "allowed": allowed}
    return render(request, "complaints/suggestion.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def praise_page(request: HttpRequest) -> HttpResponse:
    """A customer praises somebody; the ledger keeps it, no customer is named."""
    user = person(request)
    require(user, "complaint.praise")
    form = PraiseForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                praise(actor=user, staff=form.cleaned_data["staff"], text=form.cleaned_data["text"])
            except Refusal as refusal:
                status = _refuse(form, refusal)
            else:
                messages.success(request, _("The praise stands in the ledger."))
                return redirect("suggestion-list")
    return render(request, "complaints/praise.html", {"form": form}, status=status)


def _refuse(form: forms.Form, refusal: Refusal) -> int:
    errors: Any = refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)]
    add_refusal(form, errors)
    return 422 if refusal.status == 400 else refusal.status
