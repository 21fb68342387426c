"""The screens on which administrators keep request types; others of the desk read what each asks and tells."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.cases.actions.request_types import retire_request_type, save_request_type
from service_desk.cases.forms.request_types import FieldRows, RequestTypeForm
from service_desk.cases.models import RequestType
from service_desk.people.access import can, require
from service_desk.rest.errors import Invalid, Stale


@login_required
@require_GET
def request_types(request: HttpRequest) -> HttpResponse:
    """All of them, those in use first."""
    require(request.user, "request_type.view")
    asked = Count("fields", filter=Q(fields__is_active=True))
    found = (
        RequestType.objects.select_related("service_line").annotate(asked=asked).order_by("-is_active", "order", "id")
    )
    context = {"types": list(found[:500]), "may_edit": bool(can(request.user, "request_type.edit"))}
    return render(request, "cases/request_types.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def request_type_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One request type with its fields, new or known; what is wrong stands beside its field and nothing is lost."""
    found = get_object_or_404(RequestType, pk=pk) if pk is not None else RequestType()
    require(request.user, "request_type.edit", found if pk is not None else None)
    sent = request.POST if request.method == "POST" else None
    form = RequestTypeForm(sent, instance=found, initial={"version": found.version})
    rows = FieldRows(sent, instance=found, prefix="fields")
    if sent is None:
        return _page(request, form, rows)
    if form.is_valid() and rows.is_valid() and _saved(request, form, rows):
        return redirect("request-type-list")
    return _page(request, form, rows, status=422)


def _saved(request: HttpRequest, form: RequestTypeForm, rows: Any) -> bool:
    """Whether the verb took it; else what it refused stands on the forms."""
    changed = [row for row in rows.forms if row.has_changed()]
    try:
        made = save_request_type(
            actor=request.user,
            request_type=form.save(commit=False),
            fields=[row.save(commit=False) for row in changed],
            version=form.cleaned_data["version"],
        )
    except Invalid as refusal:
        for error in refusal.errors:
            _whole, place, name = error.field.split("/")
            changed[int(place)].add_error(name, ValidationError(str(error.message), code=error.code))
        return False
    except Stale as refusal:
        form.add_error(None, ValidationError(str(refusal.message), code=refusal.code))
        return False
    messages.success(request, _("Saved: %(name)s.") % {"name": made})
    return True


def _page(request: HttpRequest, form: RequestTypeForm, rows: Any, status: int = 200) -> HttpResponse:
    context = {"form": form, "rows": rows, "request_type": form.instance if form.instance.pk else None}
    return render(request, "cases/request_type.html", context, status=status)


@login_required
@require_POST
def request_type_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of use, or back into it."""
    found = get_object_or_404(RequestType, pk=pk)
    changed = retire_request_type(actor=request.user, request_type=found, retired=found.is_active)
    words = (
        _("%(name)s is in use again.") if changed.is_active else _("%(name)s is retired; cases that have it keep it.")
    )
    messages.success(request, words % {"name": changed})
    return redirect("request-type-list")
