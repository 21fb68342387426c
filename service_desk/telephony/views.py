"""The administrator's pages: phone systems, their keys and extensions, what came last and what was refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import FieldError, Refusal
from service_desk.telephony import actions
from service_desk.telephony.forms import ExtensionForm, IntegrationForm
from service_desk.telephony.models import CallEvent, Extension, Integration, RefusedDelivery
from service_desk.telephony.rules import IntegrationKind
from service_desk.telephony.silence import told_silent

_SHOWN = 100
_DAY = timedelta(days=1)
_HINTS = {
    IntegrationKind.NATIVE: gettext_lazy("Events in the desk's own form, each signed; see docs/api.md."),
    IntegrationKind.GENERIC_CTI: gettext_lazy("Form or JSON as for Zammad: newCall, answer, hangup."),
    IntegrationKind.FREESWITCH: gettext_lazy(
        "mod_json_cdr posts the record of each call here; the key is the password."
    ),
    IntegrationKind.ASTERISK: gettext_lazy("Run manage.py relay_asterisk with this system's name beside Asterisk."),
}


@login_required
@require_http_methods(["GET"])
def integration_list(request: HttpRequest) -> HttpResponse:
    """Every phone system with its last event and what was refused today."""
    require(request.user, "telephony.administer")
    moment = now()
    last = CallEvent.objects.filter(integration=OuterRef("pk")).order_by("-received_at", "-id").values("received_at")
    refused = (
        RefusedDelivery.objects.filter(integration=OuterRef("pk"), minute__gte=moment - _DAY)
        .order_by()
        .values("integration")
        .annotate(total=Sum("times"))
        .values("total")
    )
    rows = (
        Integration.objects.with_a_door()
        .annotate(last_at=Subquery(last[:1]), refused=Subquery(refused))
        .select_related("unit")
    )
    strangers = RefusedDelivery.objects.filter(integration=None, minute__gte=moment - _DAY).aggregate(n=Sum("times"))
    silent = _silent()
    systems = [(row, _face(row, silent)) for row in rows[:500]]
    return render(request, "telephony/list.html", {"systems": systems, "strangers": strangers["n"] or 0})


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def integration_new(request: HttpRequest) -> HttpResponse:
    """Set one up; key and secret are shown once, in the answer."""
    require(request.user, "telephony.administer")
    form = IntegrationForm(request.POST or None, prefix="system")
    if request.method == "POST" and form.is_valid():
        try:
            issued = actions.create_integration(actor=_actor(request), data=form.said())
        except Refusal as refusal:
            _onto(form, refusal)
        else:
            return _show(request, issued.integration, issued=issued)
    return render(request, "telephony/new.html", {"form": form}, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def integration_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One phone system: what it is, who sits where, what came and what did not."""
    require(request.user, "telephony.administer")
    row = get_object_or_404(Integration.objects.with_a_door(), pk=pk)
    if request.method != "POST":
        return _show(request, row)
    form = IntegrationForm.of(row, request.POST)
    if form.is_valid():
        try:
            actions.change_integration(actor=_actor(request), integration=row, data=form.said())
        except Refusal as refusal:
            _onto(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("phone-system", pk=pk)
    return _show(request, row, form=form)


@login_required
@require_POST
@proved_lately
def integration_do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Replace or retire credentials, switch, or send a test event."""
    require(request.user, "telephony.administer")
    row, actor = get_object_or_404(Integration.objects.with_a_door(), pk=pk), _actor(request)
    if deed == "rotate":
        return _show(request, row, issued=actions.rotate_credentials(actor=actor, integration=row))
    if deed == "retire":
        actions.retire_old_credentials(actor=actor, integration=row)
        messages.success(request, _("Only the newest key and secret count now."))
    elif deed == "test":
        receipt = actions.send_test_event(actor=actor, integration=row)
        words = {"call": receipt.call.ref if receipt.call else "–"}
        messages.success(request, _("The test call %(call)s came in and ended.") % words)
    else:
        actions.switch_integration(actor=actor, integration=row, on=deed == "on")
        messages.success(request, _("Switched on.") if deed == "on" else _("Switched off; its deliveries are refused."))
    return redirect("phone-system", pk=pk)


@login_required
@require_POST
def extension_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody sits at a phone."""
    require(request.user, "telephony.administer")
    row = get_object_or_404(Integration.objects.with_a_door(), pk=pk)
    form = ExtensionForm(request.POST, now=now())
    if form.is_valid():
        try:
            actions.add_extension(actor=_actor(request), integration=row, **form.cleaned_data)
        except Refusal as refusal:
            _onto(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("phone-system", pk=pk)
    return _show(request, row, extension_form=form)


@login_required
@require_POST
def extension_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone is no longer this person's, from now on."""
    require(request.user, "telephony.administer")
    row = get_object_or_404(Extension.objects.select_related("integration"), pk=pk)
    actions.end_extension(actor=_actor(request), extension=row)
    messages.success(request, _("Extension %(extension)s is free again.") % {"extension": row.extension})
    return redirect("phone-system", pk=row.integration_id)


def _show(
    request: HttpRequest,
    row: Integration,
    *,
    form: IntegrationForm | None = None,
    extension_form: ExtensionForm | None = None,
    issued: actions.Issued | None = None,
) -> HttpResponse:
    moment = now()
    wrong = bool((form and form.errors) or (extension_form and extension_form.errors))
    last = CallEvent.objects.filter(integration=row).select_related("call").order_by("-received_at", "-id").first()
    fresh = issued.integration if issued else row
    setattr(fresh, "last_at", last.received_at if last else None)  # noqa: B010  (as the list annotates it)
    context = {
        "system": fresh,
        "face": _face(fresh, _silent()),
        "form": form or IntegrationForm.of(fresh),
        "extension_form": extension_form or ExtensionForm(now=moment),
        "extensions": row.extensions.select_related("staff").order_by("extension", "-valid_from")[:_SHOWN],
        "refused": RefusedDelivery.objects.filter(integration=row).order_by("-id")[:_SHOWN],
        "last": last,
        "issued": issued,
        "asked_at": moment,
        "address": f"{settings.SITE_URL}/api/v1/call-events",
        "hint": _HINTS[IntegrationKind(row.kind)],
    }
    return render(request, "telephony/detail.html", context, status=400 if wrong else 200)


def _silent() -> set[int]:
    return set(told_silent().values_list("pk", flat=True))


def _face(row: Any, silent: set[int]) -> dict[str, str]:
    """How the system is, in a word and a shape."""
    if not row.is_active:
        return {"label": _("switched off"), "tone": "", "shape": "quiet"}
    if row.last_at is None:
        return {"label": _("nothing came yet"), "tone": "accent", "shape": "open"}
    if row.pk in silent:
        return {"label": _("silent"), "tone": "warn", "shape": "warn"}
    return {"label": _("working"), "tone": "met", "shape": "met"}


def _onto(form: forms.Form, refusal: Refusal) -> None:
    """The refusal beside the field it concerns."""
    for error in refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)]:
        name = error.field if error.field in form.fields else None
        form.add_error(name, f"{error.message} {error.remedy}".strip())


def _actor(request: HttpRequest) -> Any:
    return request.user
