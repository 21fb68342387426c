"""What a call was: a case, none needed, or words for the colleague who takes over; each form opens beside the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.calls import forms
from service_desk.calls.actions import settling
from service_desk.calls.candidates import caller_of
from service_desk.calls.models import CallSettlement
from service_desk.calls.screen import call_for, words_of
from service_desk.calls.views.common import back_of, dialog, done, find, sent, tell
from service_desk.cases.actions import promise
from service_desk.cases.callers import customers_calling
from service_desk.cases.listing import find as find_cases
from service_desk.cases.models import Case
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Refusal
from service_desk.telephony.actions import begin_call, note_transfer
from service_desk.telephony.models import Call, TransferNote
from service_desk.telephony.rules import Direction

_SUGGESTED = 12
_LONGEST = 80


@login_required
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, ref: str) -> HttpResponse:
    """The call is about a case that is there already."""
    call = find(request, ref)
    require(request.user, "call.settle", call)
    form = forms.LinkForm(sent(request), user=request.user, call=call)
    if form.is_valid() and _did(form, settling.settle_as_case, call, request, case=form.cleaned_data["case"]):
        number = form.cleaned_data["case"].number
        return done(request, call, _("The call is registered with %(number)s.") % {"number": number})
    return _ask(request, call, form, _("Link the call to a case"), _("Link"))


@login_required
@require_http_methods(["GET", "POST"])
def no_ticket(request: HttpRequest, ref: str) -> HttpResponse:
    """No ticket is needed, and why (C3)."""
    call = find(request, ref)
    require(request.user, "call.settle", call)
    form = forms.ExceptionForm(sent(request), user=request.user, call=call)
    if form.is_valid() and _did(form, settling.settle_as_exception, call, request, **form.cleaned_data):
        return done(request, call, _("The call needs no ticket; that is recorded."))
    return _ask(request, call, form, _("No ticket is needed"), _("Save"))


@login_required
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, ref: str) -> HttpResponse:
    """Take a registration back, with the reason."""
    call = find(request, ref)
    require(request.user, "call.unsettle", call)
    form = forms.UndoForm(sent(request), user=request.user)
    if form.is_valid() and _did(form, settling.undo_settlement, call, request, **form.cleaned_data):
        return done(request, call, _("The registration is taken back; the call is to be registered again."))
    return _ask(request, call, form, _("Take the registration back"), _("Take back"))


@login_required
@require_http_methods(["GET", "POST"])
def transfer(request: HttpRequest, ref: str) -> HttpResponse:
    """Name and matter for the colleague who takes over, before the call is passed on (T6)."""
    call = find(request, ref)
    require(request.user, "call.note_transfer", call)
    note = TransferNote.objects.filter(call=call).first()
    begun = {"name": note.name, "matter": note.matter} if note else _known(call, request.user)
    form = forms.TransferForm(sent(request), user=request.user, initial=begun)
    if form.is_valid() and _did(form, note_transfer, call, request, **form.cleaned_data):
        return done(request, call, _("Noted; whoever takes the call sees it as it rings."))
    words = words_of(call, request.user).transfer
    return _ask(request, call, form, _("Pass the call on"), _("Save"), words=words)


@login_required
@require_http_methods(["GET", "POST"])
def call_back(request: HttpRequest, ref: str) -> HttpResponse:
    """The look-up takes long: a call back at a time is offered, and becomes a promise of the case (T4, C11)."""
    call, moment = find(request, ref), now()
    require(request.user, "call.settle", call)
    settled = CallSettlement.objects.standing().filter(call=call, case__isnull=False).select_related("case").first()
    initial: dict[str, Any] = {"text": _("We call back")}
    if settled is not None and settled.case is not None:
        initial |= {"case": settled.case_id, "case_text": settled.case.number}
    form = forms.CallBackForm(sent(request), user=request.user, call=call, now=moment, initial=initial)
    if form.is_valid() and _promised(form, request):
        said = _("Promised with %(number)s.") % {"number": form.cleaned_data["case"].number}
        return done(request, call, said)
    words = words_of(call, request.user).call_back
    return _ask(request, call, form, _("Offer a call back"), _("Promise"), words=words)


@login_required
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest) -> HttpResponse:
    """A call came in on a telephone that tells the desk nothing: its number, and the same screen opens."""
    user: Any = request.user
    require(user, "call.by_hand")
    form = forms.ByHandForm(sent(request), user=request.user, initial={"token": uuid4()})
    if form.is_valid():
        direction = Direction.OUTBOUND if "outbound" in request.POST else Direction.INBOUND
        answered = "answered" in request.POST
        try:
            call = begin_call(actor=user, **form.cleaned_data, answered=answered, direction=direction)
        except Refusal as refusal:
            tell(form, refusal)
        else:
            return done(request, call, "")
    context = {"form": form, "next": back_of(request), "heading": _("A call without a phone system")}
    return dialog(request, "by_hand", context, wrong=bool(form.errors))


@login_required
@require_GET
def suggest_cases(request: HttpRequest) -> JsonResponse:
    """Cases that this person may see: those of who calls first, open ones before ended ones; by number or by words."""
    typed = request.GET.get("q", "").strip()[:_LONGEST]
    if not is_clean(typed):
        return JsonResponse({"results": []})
    call = call_for(request.user, request.GET.get("call", "")[:40])
    callers = {customer.pk for customer in customers_calling(call.customer_e164, request.user)} if call else set()
    if typed:
        cases = find_cases(request.user, {"q": typed}).cases
    else:
        user: Any = request.user
        mine = Case.objects.visible_to(user)
        cases = mine.filter(customer__in=callers) if callers else mine.filter(handler=user).open()
    newest = list(cases.for_page().order_by("-registered_at", "-id")[:_SUGGESTED])
    found = sorted(newest, key=lambda case: (case.customer_id not in callers, not case.is_open))
    return JsonResponse({"results": [_option(case) for case in found]})


def _option(case: Case) -> dict[str, Any]:
    about = f"{case.product_type.name} {case.fault}"
    return {
        "id": case.pk,
        "label": case.number,
        "detail": f"{case.customer.name} · {about} · {case.get_state_display()}",
    }


def _known(call: Call, user: Any) -> dict[str, str]:
    """Who calls, where the number is one contact's."""
    contact = caller_of(call, user).contact
    return {"name": contact.name} if contact is not None else {}


def _did(form: forms.CallForm, verb: Callable[..., Any], call: Call, request: HttpRequest, **given: Any) -> bool:
    """Do it; a refusal goes beside its field."""
    try:
        verb(actor=request.user, call=call, **given)
    except Refusal as refusal:
        tell(form, refusal)
        return False
    return True


def _promised(form: forms.CallBackForm, request: HttpRequest) -> bool:
    data = form.cleaned_data
    try:
        promise(case=data["case"], actor=request.user, text=data["text"], due_at=data["due_at"])
    except Refusal as refusal:
        tell(form, refusal)
        return False
    return True


def _ask(
    request: HttpRequest, call: Call, form: forms.CallForm, heading: str, button: str, *, words: str = ""
) -> HttpResponse:
    context = {
        "call": call,
        "form": form,
        "heading": heading,
        "button": button,
        "words": words,
        "next": back_of(request),
    }
    return dialog(request, "ask", context, wrong=bool(form.errors))
