"""Doing something to a complaint: its form as a dialog or a page, refusals in plain words, nothing typed lost."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases.models import CaseEvent
from service_desk.cases.views.changes import Change, changes_since
from service_desk.cases.views.common import last_event, tell_found
from service_desk.complaints.deeds import DEEDS, Deed, label_of, why_not
from service_desk.complaints.forms.acting import DeedForm
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import FiveClear
from service_desk.complaints.views.common import complaint_for, person, wants_part
from service_desk.knowledge.forms.overriding import offer_override
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, NotAllowed, Refusal, Stale


@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Show the form of a verb, or do it."""
    deed = DEEDS.get(verb)
    if deed is None:
        raise Http404(_("There is no such action."))
    complaint, user = complaint_for(request, number), person(request)
    if request.method == "GET":
        initial = {"version": complaint.case.version, "seen": last_event(complaint.case)} | _asked(request)
        return _form(request, complaint, deed, DeedForm(verb, complaint, initial=initial))
    form = DeedForm(verb, complaint, request.POST)
    if not form.is_valid():
        return _form(request, complaint, deed, form, status=422)
    label = label_of(deed, complaint)
    try:
        made = deed.call(complaint=complaint, actor=user, version=form.cleaned_data["version"], **form.answers)
    except Refusal as refusal:
        if not _done_before(complaint, user, deed, form):
            return _refused(request, complaint, deed, form, refusal)
        messages.info(request, _("This had been saved already: %(move)s.") % {"move": label})
    else:
        messages.success(request, _("Saved: %(move)s.") % {"move": label})
        if isinstance(made, Complaint):
            tell_found(request, made.case.language_found)
    return _back(request, complaint)


def _asked(request: HttpRequest) -> dict[str, Any]:
    """Which of the five clears the link meant."""
    clear = request.GET.get("clear", "")
    return {"clear": clear} if clear in FiveClear.values else {}


def _done_before(complaint: Complaint, user: Any, deed: Deed, form: DeedForm) -> bool:
    """Whether this very thing was said by this person since the form was shown: a double click, a second tab."""
    seen = form.cleaned_data["seen"]
    said = CaseEvent.objects.filter(case=complaint.pk, actor=user, type=deed.says, text=form.words)
    return seen is not None and bool(form.words) and said.filter(pk__gt=seen).exists()


def _refused(request: HttpRequest, complaint: Complaint, deed: Deed, form: DeedForm, refusal: Refusal) -> HttpResponse:
    changes: list[Change] = []
    if isinstance(refusal, NotAllowed):
        record_refusal(verb=refusal.verb, thing=refusal.thing, actor=person(request), reason=str(refusal.message))
    complaint = complaint_for(request, complaint.case.number)  # as it stands now
    if isinstance(refusal, Stale):
        changes = changes_since(complaint.case, form.cleaned_data["seen"])
        form.look_again(complaint.case.version, last_event(complaint.case))
    if "override" in form.fields:
        offer_override(form, refusal, person(request))
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
    # 403 would be taken by htmx for a page that is not for this person, and its words would not be shown.
    status = 409 if refusal.status == 403 and wants_part(request) else 422 if refusal.status == 400 else refusal.status
    return _form(request, complaint, deed, form, status=status, changes=changes)


def _form(
    request: HttpRequest, complaint: Complaint, deed: Deed, form: DeedForm, *, status: int = 200, changes: Any = ()
) -> HttpResponse:
    context = {
        "complaint": complaint,
        "case": complaint.case,
        "deed": deed,
        "label": label_of(deed, complaint),
        "form": form,
        "why_not": why_not(person(request), deed, complaint),
        "changes": changes,
        "in_dialog": wants_part(request),
        "for_customer": deed.verb == "decide",
    }
    template = "complaints/deed_dialog.html" if wants_part(request) else "complaints/deed.html"
    return render(request, template, context, status=status)


def _back(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """To its page; whoever has just left the circle, to the list."""
    seen = Complaint.objects.visible_to(request.user).filter(pk=complaint.pk).exists()
    if not wants_part(request):
        return redirect(complaint) if seen else redirect("complaint-list")
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = complaint.get_absolute_url() if seen else redirect("complaint-list").url
    return response
