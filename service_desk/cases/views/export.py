"""Taking the list along as a file: what it will hold is said first, then it is sent."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from service_desk.cases import addresses, columns, listing
from service_desk.cases.exporting import Format, Wanted, export, is_long, most_at_once, write_beside
from service_desk.cases.forms.exporting import ExportForm
from service_desk.cases.forms.filters import CaseFilters
from service_desk.cases.offered import offered
from service_desk.cases.views.common import person
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import Invalid

_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def export_cases(request: HttpRequest) -> HttpResponseBase:
    """The filters, order and columns are those of the address, as the list has them."""
    user = person(request)
    require(user, "case.export")
    filters = CaseFilters(request.GET, offered(user).choices)
    filters.is_valid()
    shown, _unknown = columns.chosen(request.GET.get("cols", "")[:1000])
    has_phone = any(column.key == "phone" for column in shown)
    form = ExportForm(request.POST or None, numbers=has_phone and bool(can(user, "case.export_numbers")))
    if request.method == "POST" and form.is_valid():
        wanted = Wanted(
            filters.chosen,
            filters.order,
            shown,
            Format(form.cleaned_data["format"]),
            in_full=form.cleaned_data.get("in_full", False),
            reason=form.cleaned_data.get("reason", ""),
        )
        try:
            if is_long(listing.find(user, filters.chosen)):
                return redirect(write_beside(actor=user, query=request.GET.urlencode(), wanted=wanted))
            return _sent(wanted, request)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
    context = {
        "form": form,
        "filters": filters,
        "columns": shown,
        "has_phone": has_phone,
        "may_have_numbers": "in_full" in form.fields,
        "back_url": addresses.with_changes(request.GET),
        "here": request.get_full_path(),
        "long": request.method == "GET" and is_long(listing.find(user, filters.chosen)),
        "direct": f"{most_at_once():,}",
    }
    return render(request, "cases/export.html", context, status=422 if form.errors else 200)


def _sent(wanted: Wanted, request: HttpRequest) -> FileResponse:
    file = export(actor=person(request), wanted=wanted)
    name = f"cases-{columns.local(now()).translate({ord(' '): '-', ord(':'): None})}.{wanted.format}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[wanted.format])
