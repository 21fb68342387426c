"""The call bar of every page, and the buttons on it: each is one verb, pressed and gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from service_desk.calls.models import CallPop, RingSound
from service_desk.calls.screen import bar_of
from service_desk.calls.views.common import back_of, find, is_part
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.rest.errors import Refusal
from service_desk.telephony import actions
from service_desk.telephony.models import Call
from service_desk.telephony.rules import Party


@login_required
@never_cache
@require_GET
def bar(request: HttpRequest) -> HttpResponse:
    """What rings, who is on the line, what is still to register: for the top line of every page."""
    if not can(request.user, "call.by_hand"):
        return HttpResponse("")
    return render(request, "calls/bar.html", {"bar": bar_of(request.user, now(), _page(request))})


@login_required
@require_POST
def sound(request: HttpRequest) -> HttpResponse:
    """Let calls be heard, or not any more; each person's own choice."""
    require(request.user, "call.by_hand")
    user: Any = request.user
    if request.POST.get("on") == "1":
        RingSound.objects.get_or_create(staff=user)
        messages.success(request, _("A tone is heard when a call rings on your screen."))
    else:
        RingSound.objects.filter(staff=user).delete()
        messages.success(request, _("Calls ring without a tone."))
    return redirect("call-list")


def _page(request: HttpRequest) -> str:
    """The page over which the bar stands."""
    return request.headers.get("HX-Current-URL", "")[:500]


def _put_aside(*, actor: Any, call: Call) -> None:
    """Take the call off one's own screen; what it still owes stands in the list."""
    CallPop.objects.filter(call=call, staff=actor, put_aside_at=None).update(put_aside_at=now())


def _ended_by_customer(*, actor: Any, call: Call) -> None:
    actions.end_call(actor=actor, call=call, ended_by=Party.CUSTOMER)


def _ended_by_us(*, actor: Any, call: Call) -> None:
    actions.end_call(actor=actor, call=call, ended_by=Party.AGENT)


DEEDS: dict[str, Callable[..., Any]] = {
    "claim": actions.claim_call,
    "answer": actions.answer_call,
    "hold": actions.hold_call,
    "resume": actions.resume_call,
    "told": actions.update_caller,
    "ended": _ended_by_customer,
    "hung-up": _ended_by_us,
    "aside": _put_aside,
}


@login_required
@require_POST
def press(request: HttpRequest, ref: str, deed: str) -> HttpResponse:
    """One press; the bar comes back as it is then, and a refusal is said."""
    call = find(request, ref)
    refused = ""
    try:
        DEEDS[deed](actor=request.user, call=call)
    except Refusal as refusal:
        refused = str(refusal.message)
    if not is_part(request):
        if refused:
            messages.error(request, refused)
        elif deed == "claim":
            messages.success(request, _("This call is yours now."))
        return redirect(back_of(request))
    return render(request, "calls/bar.html", {"bar": bar_of(request.user, now(), _page(request)), "refused": refused})
