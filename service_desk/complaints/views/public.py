"""The pages on which a customer complains and asks how it stands: no account, no script, nothing lost in a flood.

They are sent without the token against foreign forms: nobody is logged in here, so that a foreign form could do no
more than its sender may do directly; and who has no cookies can complain as well.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from service_desk.cases.rules import CaseState
from service_desk.complaints.actions.web import Flooded, keep_sent, look_up
from service_desk.complaints.forms.public import ComplainForm, StateForm
from service_desk.complaints.models import WebComplaint
from service_desk.people.middleware import client_ip
from service_desk.telephony.limiter import key_of, wait

#: So many questions a second of one address; the code cannot be guessed in any case.
_ASKED_PER_SECOND = 2
_WORDS = {
    CaseState.REGISTERED: gettext_lazy("Accepted; somebody is looking at it."),
    CaseState.IN_PROGRESS: gettext_lazy("It is being worked on."),
    CaseState.WAITING: gettext_lazy("It is being worked on."),
    CaseState.RESOLVED: gettext_lazy("Decided; the answer is on its way to you."),
    CaseState.REPLIED: gettext_lazy("You have been answered."),
    CaseState.CLOSED: gettext_lazy("Answered and closed."),
}
_RECEIVED = pgettext_lazy("complaint", "Received; it is being passed to those who handle it.")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """Show the form, or keep what was sent and answer with reference and code."""
    if request.method != "POST":
        return _form(request, ComplainForm(initial={"token": uuid.uuid4()}))
    form = ComplainForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        receipt = keep_sent(sent=form.sent(form.cleaned_data["token"] or uuid.uuid4()), address=client_ip(request))
    except Flooded as flooded:
        words = (
            _("Very many people write at this moment. Please send it again in a minute; what you wrote is still here.")
            if flooded.everybody
            else _("From your address many complaints came within the hour. Please call us, or send it again later.")
        )
        form.add_error(None, words)
        response = _form(request, form, status=429)
        response.headers["Retry-After"] = "60" if flooded.everybody else "600"
        return response
    return render(request, "complaints/public_done.html", {"receipt": receipt}, status=201)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def complain_state(request: HttpRequest) -> HttpResponse:
    """How a complaint stands, by reference and code, and nothing else of it."""
    if request.method != "POST":
        return render(request, "complaints/public_state.html", {"form": StateForm()})
    form = StateForm(request.POST)
    status, shown = 422, None
    if wait(key_of("complaint-state", client_ip(request) or "-"), _ASKED_PER_SECOND):
        form.add_error(None, _("Please wait a moment and ask again."))
        status = 429
    elif form.is_valid():
        found = look_up(reference=form.cleaned_data["reference"], code=form.cleaned_data["code"])
        if found is None:
            form.add_error(
                None, _("There is no complaint with this reference and this code. Compare both with your receipt.")
            )
        else:
            shown, status = _standing(found), 200
    return render(request, "complaints/public_state.html", {"form": form, "shown": shown}, status=status)


def _standing(found: WebComplaint) -> dict[str, Any]:
    """The state in a sentence, when it came, and when the next reply is promised."""
    case = found.complaint.case if found.complaint else None
    return {
        "reference": found.reference,
        "received_at": found.received_at,
        "words": _WORDS.get(CaseState(case.state), _RECEIVED) if case else _RECEIVED,
        "next_at": case.next_promise_at if case and case.is_open else None,
    }


def _form(request: HttpRequest, form: ComplainForm, *, status: int = 200) -> HttpResponse:
    return render(request, "complaints/public_form.html", {"form": form}, status=status)
