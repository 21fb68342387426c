"""My account: display, absence with deputy, password and log-ins, and what I may do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.people import actions
from service_desk.people.account_forms import DisplayForm, OwnAbsenceForm, PasswordForm
from service_desk.people.actions import account, second_step
from service_desk.people.fields import add_refusal
from service_desk.people.models import Absence, DutyShift, Staff
from service_desk.people.own_sessions import logins_of
from service_desk.people.roster import database_now
from service_desk.people.rules import Role
from service_desk.people.second_step import is_password_old, password_renewed
from service_desk.rest.errors import Invalid

_THEME_COOKIE = "desk_theme"
_YEAR = 365 * 24 * 3600
_SHOWN = 50


def _me(request: HttpRequest) -> Staff:
    return Staff.objects.select_related("unit").get(pk=request.user.pk or 0)


@login_required
@require_http_methods(["GET", "POST"])
def display(request: HttpRequest) -> HttpResponse:
    """Language and look; both hold in this browser at once."""
    me = _me(request)
    form = DisplayForm.of(me, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, "display", me, {"form": form}, status=422 if form.is_bound else 200)
    account.choose_display(actor=me, **form.cleaned_data)
    if me.language:
        translation.activate(me.language)
    messages.success(request, _("Saved."))
    response = redirect("account")
    options: dict[str, Any] = {"max_age": _YEAR, "secure": settings.SECURE, "samesite": "Lax"}
    if me.language:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, me.language, **options)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    response.set_cookie(_THEME_COOKIE, me.theme, httponly=True, **options)
    return response


@login_required
@require_http_methods(["GET", "POST"])
def absence(request: HttpRequest) -> HttpResponse:
    """When I am away and who is told instead."""
    me = _me(request)
    form = OwnAbsenceForm(request.POST if request.method == "POST" else None, now=database_now())
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.set_absence(actor=me, staff=me, **form.cleaned_data)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            messages.success(request, _("%(deputy)s stands in for you.") % {"deputy": made.deputy})
            return redirect("account-absence")
    mine = Absence.objects.filter(staff=me, ends_at__gt=Now()).select_related("deputy").order_by("starts_at")
    stands_in = Absence.objects.filter(deputy=me, ends_at__gt=Now()).select_related("staff").order_by("starts_at")
    now = database_now()
    context = {
        "form": form,
        "absences": [(found, found.starts_at <= now) for found in mine[:_SHOWN]],
        "stands_in": stands_in[:_SHOWN],
        "shifts": DutyShift.objects.filter(staff=me, ends_at__gt=Now()).order_by("starts_at")[:10],
    }
    return _page(request, "absence", me, context, status=422 if form.errors else 200)


@login_required
@require_POST
def absence_end(request: HttpRequest, pk: int) -> HttpResponse:
    """I am back, or the plan has changed."""
    me = _me(request)
    actions.end_absence(actor=me, absence=get_object_or_404(Absence.objects.select_related("staff"), pk=pk, staff=me))
    messages.success(request, _("Your absence is ended."))
    return redirect("account-absence")


@sensitive_post_parameters("old", "new", "again")
@login_required
@require_http_methods(["GET", "POST"])
def security(request: HttpRequest) -> HttpResponse:
    """The password, and where I am logged in."""
    me = _me(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _count_guess(request, me, data["old"])
            account.change_password(actor=me, old=data["old"], new=data["new"], keep=request.session.session_key)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            update_session_auth_hash(request, me)
            password_renewed(request)
            messages.success(request, _("Your password is changed; every other log-in has ended."))
            return redirect("account-security")
    context = {
        "form": form,
        "must_renew": is_password_old(request),
        "logins": logins_of(me, request.session.session_key),
        "second_step_on": second_step.is_on(me),
        "second_step_demanded": second_step.is_demanded(me),
        "codes_left": me.recovery_codes.filter(used_at=None).count(),
    }
    return _page(request, "security", me, context, status=422 if form.errors else 200)


def _count_guess(request: HttpRequest, me: Staff, old: str) -> None:
    """Through the door of the log-in as well, so that guesses at the present password are counted and locked out."""
    if authenticate(request, username=me.username, password=old) is None and me.check_password(old):
        raise Invalid(
            _("Too many wrong passwords."), field="old", code="locked", remedy=_("Wait a while, then try again.")
        )


@login_required
@require_POST
def login_end(request: HttpRequest) -> HttpResponse:
    """End one log-in, or all others."""
    me = _me(request)
    if "others" in request.POST:
        count = account.end_other_logins(actor=me, keep=request.session.session_key)
        messages.success(request, _("Log-ins ended: %(n)s") % {"n": count})
    elif account.end_login(actor=me, mark=request.POST.get("mark", "")[:40]):
        messages.success(request, _("The log-in is ended."))
    else:
        messages.info(request, _("This log-in had ended already."))
    return redirect("account-security")


@login_required
@require_GET
def rights(request: HttpRequest) -> HttpResponse:
    """What I may do, as somebody else has said; nothing here is changed by oneself."""
    me = _me(request)
    context = {
        "roles": pgettext("list of people", ", ").join(str(Role(role).label) for role in me.roles),
        "qualifications": me.qualifications.select_related("product_type").order_by("product_type__name"),
    }
    return _page(request, "rights", me, context)


def _page(request: HttpRequest, tab: str, me: Staff, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, f"people/account_{tab}.html", {"me": me, "tab": tab, **context}, status=status)
