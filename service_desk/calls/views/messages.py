"""The pages of messages: those for me, those I relayed, one of them, and taking one down (C14)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.audit.actions import record
from service_desk.calls import actions
from service_desk.calls.message_forms import MessageForm, OutcomeForm
from service_desk.calls.models import CallDeadline, CallMessage
from service_desk.calls.seeing import calls_visible_to
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.rules import LEADING_ROLES
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import FieldError, Refusal
from service_desk.rest.paging import listed
from service_desk.telephony.models import Call
from service_desk.telephony.rules import is_withheld

_SHOWN = ("mine", "relayed", "all")


@login_required
@require_GET
def message_list(request: HttpRequest) -> HttpResponse:
    """Messages for me, relayed by me, or all that I may see; the open ones unless all are asked for."""
    user: Any = request.user
    require(user, "message.view")
    leads = bool(user.has_role(*LEADING_ROLES))
    show = request.GET.get("show", "")
    show = show if show in _SHOWN and (show != "all" or leads) else "mine"
    done = request.GET.get("done") == "1"
    rows = {
        "mine": CallMessage.objects.for_me,
        "relayed": CallMessage.objects.relayed_by,
        "all": CallMessage.objects.visible_to,
    }[show](user).select_related("for_whom", "taken_by", "acknowledged_by")
    rows = rows if done else rows.open()
    found = listed(request, rows, ("-id",))
    context = {
        "rows": found.items,
        "show": show,
        "done": done,
        "lost": found.lost,
        "leads": leads,
        "now": now(),
        "next_url": found.next_url,
        "previous_url": found.previous_url,
        "may_take": bool(can(user, "message.take")),
    }
    return render(request, "calls/messages.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def message_new(request: HttpRequest) -> HttpResponse:
    """Take a message down; with a call, that call is registered by it."""
    user: Any = request.user
    require(user, "message.take")
    call = _call_of(request)
    form = MessageForm(request.POST or None, initial=_begun(call, user) if request.method == "GET" else None)
    if request.method == "POST" and form.is_valid():
        data = actions.NewMessage(**form.cleaned_data)
        try:
            message = actions.take_message(actor=user, data=data, call=call)
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("The message is on its way to %(name)s.") % {"name": message.for_whom})
            return redirect(message)
    context = {"form": form, "call": call, "label": pgettext("call", "Message for a colleague")}
    return render(request, "calls/message_form.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One message."""
    return _shown(request, _message(request, pk))


@login_required
@require_POST
@proved_lately
def message_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in full, once, for who calls back; recorded (P6)."""
    message, user = _message(request, pk), request.user
    number = actions.reveal_number(actor=user, message=message)  # type: ignore[arg-type]
    answer = _shown(request, message, number=number)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def message_acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """I have it."""
    message, user = _message(request, pk), request.user
    actions.acknowledge_message(actor=user, message=message)  # type: ignore[arg-type]
    messages.success(request, _("The message is acknowledged."))
    return redirect(message)


@login_required
@require_http_methods(["GET", "POST"])
def message_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The caller was called back."""
    message, user = _message(request, pk), request.user
    require(user, "message.answer", message)
    form = OutcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.answer_message(actor=user, message=message, **form.cleaned_data)  # type: ignore[arg-type]
        except Refusal as refusal:
            _beside(form, refusal)
        else:
            messages.success(request, _("It is written down that the caller was called back."))
            return redirect(message)
    context = {"form": form, "message": message, "label": pgettext("message", "Called back")}
    return render(request, "calls/message_form.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, message: CallMessage, number: str = "") -> HttpResponse:
    open_ = message.done_at is None
    context = {
        "message": message,
        "number": number,
        "clock": CallDeadline.objects.standing().filter(message=message).first(),
        "now": now(),
        "may_acknowledge": message.acknowledged_at is None and can(request.user, "message.acknowledge", message),
        "may_answer": open_ and can(request.user, "message.answer", message),
        "may_reveal": bool(message.from_number) and not number and can(request.user, "message.reveal", message),
    }
    return render(request, "calls/message.html", context)


def _message(request: HttpRequest, pk: int) -> CallMessage:
    rows = CallMessage.objects.visible_to(request.user).select_related(
        "call", "for_whom", "relayed_to", "taken_by", "acknowledged_by", "done_by", "customer"
    )
    return get_object_or_404(rows, pk=pk)


def _call_of(request: HttpRequest) -> Call | None:
    """The call that the message belongs to; one that is not this person's to register is none."""
    ref = request.GET.get("call", "")
    if not ref:
        return None
    found: Call | None = None
    if len(ref) == len("01K00000000000000000000000") and ref.isascii() and ref.isalnum():
        found = calls_visible_to(request.user).select_related("agent", "claimed_by").filter(ref=ref).first()
    if found is None or not can(request.user, "call.settle", found):
        raise Http404(_("There is no such call."))
    return found


def _begun(call: Call | None, user: Any) -> dict[str, str]:
    """The caller's number in full, since it is read back to the caller (C15); that it was shown is recorded."""
    if call is None or is_withheld(call.customer_number):
        return {}
    record(verb="call.number", thing=f"call:{call.pk}", actor=user, detail={"for": "message"})
    return {"from_number": call.customer_number}


def _beside(form: Any, refusal: Refusal) -> None:
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
