"""The pages of the second step: asked for at the log-in, set up and taken away in one's account, and once more."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from service_desk.people.actions import second_step as verbs
from service_desk.people.fields import add_refusal
from service_desk.people.models import Staff
from service_desk.people.second_step import State, freed, passed, proved, proved_lately, state_of, way_back
from service_desk.people.second_step_forms import CodeForm, OnceMoreForm
from service_desk.rest.errors import Invalid


def _me(request: HttpRequest) -> Staff:
    return Staff.objects.get(pk=request.user.pk or 0)


@sensitive_post_parameters("code")
@login_required
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Between the password and the desk."""
    back = way_back(request)
    if state_of(request) != State.CODE:
        return redirect(back)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and _proves(request, form):
        passed(request)
        return redirect(back)
    return _asked(request, "registration/second_step.html", form, back)


@sensitive_post_parameters("code", "password")
@login_required
@require_http_methods(["GET", "POST"])
def once_more(request: HttpRequest) -> HttpResponse:
    """Who sits there, before something guarded is shown: by the code, or by the password of who has none."""
    back = way_back(request)
    has_app = verbs.is_on(_me(request))
    form = (CodeForm if has_app else OnceMoreForm)(request.POST or None)
    if request.method == "POST" and (_proves(request, form) if has_app else _knows_password(request, form)):
        proved(request)
        return redirect(back)
    return _asked(request, "registration/once_more.html", form, back)


@sensitive_post_parameters("code")
@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def set_up(request: HttpRequest) -> HttpResponse:
    """The picture for the app, and the code that shows that it was read; then the codes for the paper, once."""
    me = _me(request)
    if verbs.is_on(me):
        return redirect("account-security")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = verbs.confirm(actor=me, code=form.cleaned_data["code"])
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            passed(request)
            return _codes(request, fresh)
    found = verbs.begin(actor=me)
    context = {
        "form": form,
        "secret": " ".join(found.secret[start : start + 4] for start in range(0, len(found.secret), 4)),
        "picture": _picture(found.address),
        "demanded": state_of(request) == State.SET_UP,
    }
    return render(request, "people/second_step_set_up.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
@proved_lately
def new_codes(request: HttpRequest) -> HttpResponse:
    """Ten new codes; the old ones are void."""
    return _codes(request, verbs.new_codes(actor=_me(request)))


@login_required
@require_POST
@proved_lately
def take_away(request: HttpRequest) -> HttpResponse:
    """One's own second step is taken away."""
    me = _me(request)
    verbs.take_away(actor=me, staff=me)
    freed(request)
    messages.success(request, _("The second step is off. Your log-in needs the password alone."))
    return redirect("account-security")


def _proves(request: HttpRequest, form: Any) -> bool:
    if not form.is_valid():
        return False
    try:
        verbs.prove(actor=_me(request), code=form.cleaned_data["code"])
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
        return False
    return True


def _knows_password(request: HttpRequest, form: Any) -> bool:
    """Through the same door as the log-in, so that wrong ones are counted and locked out alike."""
    if not form.is_valid():
        return False
    try:
        found = authenticate(request, username=_me(request).username, password=form.cleaned_data["password"])
    except PermissionDenied:
        found = None
    if found is None or found.pk != request.user.pk:
        form.add_error("password", _("This is not your present password."))
        return False
    return True


def _asked(request: HttpRequest, template: str, form: Any, back: str) -> HttpResponse:
    return render(request, template, {"form": form, "next": back}, status=422 if form.errors else 200)


def _codes(request: HttpRequest, fresh: list[str]) -> HttpResponse:
    return render(request, "people/second_step_codes.html", {"codes": fresh})


def _picture(address: str) -> SafeString:
    """The QR code as part of the page; nothing of it is fetched or kept."""
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=2, dark="#000", light="#fff", omitsize=False)
    return mark_safe(drawn)  # noqa: S308 - drawn here from an address that the desk has made
