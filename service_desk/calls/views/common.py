"""What the pages of calls share: finding a call for this person, going back, and a refusal beside its field."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from service_desk.calls.popping import push
from service_desk.calls.screen import call_for
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, Refusal
from service_desk.telephony.models import Call


def find(request: HttpRequest, ref: str) -> Call:
    """The call; 404 alike for one that is not there and one that is not for these eyes (P6)."""
    call = call_for(request.user, ref)
    if call is None:
        raise Http404(_("There is no such call."))
    return call


def sent(request: HttpRequest) -> Any:
    """What a form holds; a POST without any field is a form with nothing in it, not a form yet to be shown."""
    return request.POST if request.method == "POST" else None


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for the dialog or the bar."""
    return request.headers.get("HX-Request") == "true"


def dialog(request: HttpRequest, name: str, context: dict[str, Any], *, wrong: bool = False) -> HttpResponse:
    """A form: in the dialog, or on a page of its own without a script."""
    template = f"calls/{name}_dialog.html" if is_part(request) else f"calls/{name}.html"
    return render(request, template, context, status=422 if wrong else 200)


def done(request: HttpRequest, call: Call, said: str) -> HttpResponse:
    """Say it; the dialog closes over a page on which nothing typed is lost, or, without a script, go back there."""
    concerned = {pk for pk in (request.user.pk, call.claimed_by_id, call.agent_id) if pk is not None}
    push(call, concerned)
    if not is_part(request):
        if said:
            messages.success(request, said)
        return redirect(back_of(request))
    told: dict[str, Any] = {"desk:call-done": {"call": call.ref}}
    if said:
        told["desk:toast"] = {"text": said, "tone": "met"}
    answer = HttpResponse(status=204)
    answer.headers["HX-Trigger"] = json.dumps(told)
    return answer


def back_of(request: HttpRequest) -> str:
    """Where the form was opened; the list of calls otherwise."""
    asked = request.POST.get("next") or request.GET.get("next")
    given = asked or request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if given and url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure()):
        return given
    return reverse("call-list")


def tell(form: forms.Form, refusal: Refusal) -> None:
    """The refusal beside the field it concerns."""
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])
