"""The pages of the change of shift: the preview with its form, the sheets so far, one sheet to sign and to print."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from service_desk.dashboard.models import ShiftSheet
from service_desk.dashboard.shift import actions
from service_desk.dashboard.shift.drawing import draw, printed
from service_desk.dashboard.shift.showing import parts_of
from service_desk.deadlines import clock
from service_desk.people.access import require
from service_desk.rest.errors import Conflict

_SHOWN = 30
_USUAL = 8


class SheetForm(forms.Form):
    """How long the next shift lasts, and what no list tells."""

    hours = forms.IntegerField(
        label=gettext_lazy("The next shift lasts (hours)"),
        min_value=actions.SHORTEST,
        max_value=actions.LONGEST,
        initial=_USUAL,
        help_text=gettext_lazy("What is due within this time stands on the sheet."),
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes for the next shift"),
        required=False,
        max_length=4000,
        validators=[ProhibitNullCharactersValidator()],
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)


@login_required
@require_http_methods(["GET", "POST"])
def sheets(request: HttpRequest) -> HttpResponse:
    """What would stand on the sheet now, the form that signs it, and the last ones."""
    user: Any = request.user
    require(user, "shift.sheet")
    form = SheetForm(request.POST or None, initial={"token": uuid.uuid4(), "hours": _hours(request.GET.get("hours"))})
    if request.method == "POST" and form.is_valid():
        sheet = actions.give(actor=user, **form.cleaned_data)
        messages.success(request, _("The sheet is signed; the next shift's supervisor signs it now."))
        return redirect("shift-sheet", sheet.pk)
    moment = clock.now()
    until = moment + timedelta(hours=_hours(form["hours"].value()))
    context = {
        "form": form,
        "until": until,
        "parts": parts_of(draw(user, until), printed(moment), user),
        "sheets": ShiftSheet.objects.defer("facts").select_related("given_by", "taken_by")[:_SHOWN],
    }
    return render(request, "dashboard/shift_sheets.html", context, status=422 if form.errors else 200)


def _hours(asked: Any) -> int:
    """How long a shift the preview is for; what is no such number is the usual one."""
    text = str(asked)
    hours = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0
    return hours if actions.SHORTEST <= hours <= actions.LONGEST else _USUAL


@login_required
@require_safe
def sheet_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One sheet as it was signed."""
    user: Any = request.user
    require(user, "shift.sheet")
    sheet = get_object_or_404(ShiftSheet.objects.select_related("given_by", "taken_by"), pk=pk)
    context = {
        "sheet": sheet,
        "parts": parts_of(sheet.facts, printed(sheet.given_at), user),
        "may_take": sheet.taken_at is None and sheet.given_by_id != user.pk,
    }
    return render(request, "dashboard/shift_sheet.html", context)


@login_required
@require_POST
def sheet_take(request: HttpRequest, pk: int) -> HttpResponse:
    """The second signature."""
    user: Any = request.user
    sheet = get_object_or_404(ShiftSheet, pk=pk)
    try:
        actions.take(actor=user, sheet=sheet)
    except Conflict as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, _("Signed: the shift is taken over."))
    return redirect("shift-sheet", pk)
