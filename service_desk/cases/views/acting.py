"""Making a move: its form as a dialog or a page, what was refused in plain words, and nothing typed lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases import actions
from service_desk.cases.actions.changing import survivor_of
from service_desk.cases.actions.drafting import discard_draft
from service_desk.cases.forms.acting import MoveForm
from service_desk.cases.forms.retyping import CARRIED, form_of
from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.moves import ask_first, why_not
from service_desk.cases.panels import first_words
from service_desk.cases.paperwork import missing_report_url
from service_desk.cases.rules import MOVES, READ_BY_CUSTOMER, SEVERITY_MEANING, EventType
from service_desk.cases.views.changes import Change, changes_since
from service_desk.cases.views.common import board_below, case_for, last_event, person, tell_found, wants_part
from service_desk.cases.views.drafts import carried, uuid_of
from service_desk.knowledge.forms.overriding import offer_override
from service_desk.knowledge.scripts import open_slots
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, NotAllowed, Refusal, Stale

_VERBS: Mapping[str, Callable[..., Case]] = {verb: getattr(actions, verb) for verb in MOVES}
_LONGEST = 2000
#: What the timeline says of each move: by this a second press is known from a second wish.
_SAYS = {
    "grade": EventType.GRADED,
    "start": EventType.STARTED,
    "arrive": EventType.ARRIVED,
    "note": EventType.NOTE,
    "tell": EventType.TOLD,
    "told_once": EventType.TOLD_ONCE,
    "observe": EventType.IMPACT,
    "wait": EventType.WAITING,
    "resume": EventType.RESUMED,
    "restore": EventType.RESTORED,
    "resolve": EventType.RESOLVED,
    "reply": EventType.REPLIED,
    "close": EventType.CLOSED,
    "cancel": EventType.CANCELLED,
    "reopen": EventType.REOPENED,
    "interval": EventType.INTERVAL,
    "retype": EventType.RETYPED,
    "link": EventType.LINKED,
    "split": EventType.SPLIT,
    "merge": EventType.MERGED,
    "hand_over": EventType.HAND_OVER,
    "accept": EventType.ACCEPTED,
    "decline": EventType.DECLINED,
    "withdraw": EventType.WITHDRAWN,
    "promise": EventType.PROMISED,
    "keep": EventType.KEPT,
    "postpone": EventType.POSTPONED,
    "ask": EventType.ASKED,
    "answer": EventType.ANSWERED,
}


@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """Show the form of a move, or make it."""
    if verb not in MOVES:
        raise Http404(_("There is no such action."))
    case, user = case_for(request, number), person(request)
    if (survivor := survivor_of(case, user)).pk != case.pk:
        return _in_survivor(request, survivor.number, verb)
    if request.method == "GET":
        begun = _begun(request, case) if verb == "note" else first_words(case, verb)
        begun |= {name: request.GET[name][:_LONGEST] for name in CARRIED.get(verb, ()) if name in request.GET}
        initial = {"version": case.version, "seen": last_event(case), **begun}
        return _form(request, case, verb, form_of(verb)(verb, case, initial=initial))
    form = form_of(verb)(verb, case, request.POST)
    if not form.is_valid():
        return _form(request, case, verb, form, status=422)
    try:
        made = _make(case, user, verb, form)
    except Refusal as refusal:
        if not _done_before(case, user, verb, form):
            return _refused(request, case, verb, form, refusal)
        messages.info(request, _("This had been saved already: %(move)s.") % {"move": MOVES[verb].label})
    else:
        messages.success(request, _done(made, verb))
        tell_found(request, made.language_found)
    if draft := uuid_of(form.cleaned_data["draft"]):
        discard_draft(actor=user, token=draft)  # what was typed for a new case stands in this one now
    return _back(request, case)


def _done(case: Case, verb: str) -> str:
    """What is said of a move that was made; one that made another case names it."""
    if verb == "split":
        return _("Split off as %(number)s.") % {"number": case.split_cases.latest("pk").number}
    return _("Saved: %(move)s.") % {"move": MOVES[verb].label}


def _in_survivor(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """The case was merged (D5): the form of the one that goes on, with everything that was typed."""
    if request.method == "GET":
        return redirect("case-act", number, verb)
    case = case_for(request, number)
    form = form_of(verb)(verb, case, request.POST)
    form.is_valid()
    form.look_again(case.version, last_event(case))
    form.add_error(None, _("The case was merged into this one. What you typed is still here; look and save once more."))
    return _form(request, case, verb, form, status=409)


def _make(case: Case, user: Any, verb: str, form: MoveForm) -> Case:
    """Call the verb; a note hurts nobody's work, so it is added even when the case has moved on."""
    try:
        return _VERBS[verb](case=case, actor=user, version=form.cleaned_data["version"], **form.answers)
    except Stale:
        if verb != "note" or _done_before(case, user, verb, form):
            raise
        return _VERBS[verb](case=case, actor=user, **form.answers)


def _done_before(case: Case, user: Any, verb: str, form: MoveForm) -> bool:
    """Whether this very thing was said by this person since the form was shown: a double click, a second tab."""
    since = CaseEvent.objects.filter(
        case=case, actor=user, type=_SAYS[verb], text=form.words, pk__gt=form.cleaned_data["seen"] or 0
    )
    if verb == "grade":
        since = since.filter(data__severity=form.answers["severity"])
    return form.cleaned_data["seen"] is not None and since.exists()


def _refused(request: HttpRequest, case: Case, verb: str, form: MoveForm, refusal: Refusal) -> HttpResponse:
    changes: list[Change] = []
    if isinstance(refusal, NotAllowed):
        record_refusal(verb=refusal.verb, thing=refusal.thing, actor=person(request), reason=str(refusal.message))
    case = case_for(request, case.number)  # as it stands now
    if isinstance(refusal, Stale):
        changes = changes_since(case, form.cleaned_data["seen"])
        form.look_again(case.version, last_event(case))
    offer_override(form, refusal, person(request))
    add_refusal(
        form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)], form.names_here
    )
    # 403 would be taken by htmx for a page that is not for this person, and its words would not be shown.
    status = 409 if refusal.status == 403 and wants_part(request) else 422 if refusal.status == 400 else refusal.status
    return _form(request, case, verb, form, status=status, changes=changes)


def _begun(request: HttpRequest, case: Case) -> dict[str, str]:
    """A note that begins with what was typed elsewhere, or that is addressed to who holds the case."""
    begun = carried(request)
    if not begun and request.GET.get("to") == "holder":
        begun = {"text": f"@{case.handler.username} "}
    return begun


def _form(
    request: HttpRequest, case: Case, verb: str, form: MoveForm, *, status: int = 200, changes: Any = ()
) -> HttpResponse:
    reason = why_not(person(request), verb, case)
    context = {
        "case": case,
        "verb": verb,
        "move": MOVES[verb],
        "form": form,
        "why_not": reason,
        "ask_first": ask_first({"grade": reason, "ask": why_not(person(request), "ask", case)}, case)
        if verb == "grade"
        else "",
        "report_url": missing_report_url(case) if verb == "close" and reason else "",
        "changes": changes,
        "severity_meaning": SEVERITY_MEANING.get(case.severity or "", ""),
        "in_dialog": wants_part(request),
        "for_customer": verb in READ_BY_CUSTOMER,
        "slots": open_slots({"customer": case.caller_name, "number": case.number}),
    }
    template = "cases/move_dialog.html" if wants_part(request) else "cases/move.html"
    return render(request, template, context, status=status)


def _back(request: HttpRequest, case: Case) -> HttpResponse:
    """To the case, or to the board that was acted from: htmx is told to go there, a browser is redirected."""
    if not wants_part(request):
        return redirect(case)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = board_below(request) or case.get_absolute_url()
    return response
