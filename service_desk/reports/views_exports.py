"""The pages of exports: what a file will hold, one's own files, fetching one, calling it off."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.cases.columns import local
from service_desk.cases.exporting import Format, most_at_once
from service_desk.cases.forms.exporting import ExportForm
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.reports import actions
from service_desk.reports.actions.approving import mark
from service_desk.reports.exporting import EXPORTABLE, Exportable, is_long, named, write_now
from service_desk.reports.models import Export
from service_desk.rest.errors import FieldError, NotAllowed, Refusal
from service_desk.rest.keyset import BadCursor, page

TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}
_SIZE = 20


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def export_new(request: HttpRequest, what: str) -> HttpResponseBase:
    """The filters are those of the address, as the list has them; a long list is written by a worker."""
    exportable = named(what)
    require(request.user, exportable.verb)
    columns = exportable.columns(request.GET)
    has_numbers = any(column.key in exportable.full for column in columns)
    may = bool(exportable.numbers_verb and can(request.user, exportable.numbers_verb))
    form = ExportForm(request.POST or None, numbers=has_numbers and may)
    if request.method == "POST" and form.is_valid():
        try:
            return _answer(request, exportable, form)
        except Refusal as refusal:
            if isinstance(refusal, NotAllowed):
                raise
            given = [FieldError("", refusal.message, refusal.code, refusal.remedy)]
            add_refusal(form, refusal.errors or given)
    rows = exportable.rows(request.user, request.GET, columns)
    context = {
        "form": form,
        "exportable": exportable,
        "columns": columns,
        "has_numbers": has_numbers,
        "may_have_numbers": "in_full" in form.fields,
        "filters": exportable.filters(request.GET.urlencode()),
        "long": is_long(rows),
        "direct": f"{most_at_once():,}",
        "here": request.get_full_path(),
        "back_url": exportable.page(request.GET) or reverse("export-list"),
    }
    return render(request, "reports/exports_new.html", context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, exportable: Exportable, form: ExportForm) -> HttpResponseBase:
    """A short list at once; a long one, or one with numbers in full, as a row of one's exports."""
    query, file_format = request.GET.urlencode(), form.cleaned_data["format"]
    in_full = form.cleaned_data.get("in_full", False)
    rows = exportable.rows(request.user, request.GET, exportable.columns(request.GET))
    if in_full or is_long(rows):
        actions.ask(
            actor=request.user,
            what=exportable.key,
            query=query,
            file_format=file_format,
            in_full=in_full,
            reason=form.cleaned_data.get("reason", ""),
        )
        return redirect("export-list")
    file = write_now(actor=request.user, exportable=exportable, query=query, file_format=file_format)
    return FileResponse(
        file,
        as_attachment=True,
        filename=_name(request.user, exportable.key, file_format),
        content_type=TYPES[file_format],
    )


@login_required
@require_GET
def export_list(request: HttpRequest) -> HttpResponse:
    """One's own exports, the newest first; the part asks again while one of them is being written."""
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    mine = Export.objects.of(request.user)
    try:
        shown = page(mine, order=("-id",), size=_SIZE, after=after, before=before)
    except BadCursor:
        return redirect("export-list")
    mark(shown.items)
    here = reverse("export-list")
    lists = [one for one in EXPORTABLE.values() if one.alone and can(request.user, one.verb)]
    context = {
        "exports": [(one, EXPORTABLE.get(one.what)) for one in shown.items],
        "open": any(one.is_open for one in shown.items),
        "here": request.get_full_path(),
        "lists": lists,
        "may_schedule": bool(can(request.user, "report.schedule")),
        "may_approve": bool(can(request.user, "export.approve")),
        "next_url": f"{here}?after={shown.next}" if shown.next else "",
        "previous_url": f"{here}?before={shown.previous}" if shown.previous else "",
        "now": now(),
    }
    part = request.headers.get("HX-Request") == "true"
    return render(request, "reports/exports_rows.html" if part else "reports/exports.html", context)


@login_required
@require_GET
@proved_lately
def export_download(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """The file, for the one who asked for it alone; counted and recorded."""
    export, path = actions.hand_out(actor=request.user, key=key)
    answer = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=_name(request.user, export.what, export.format),
        content_type=TYPES[Format(export.format)],
    )
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@login_required
@require_POST
def export_cancel(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Call it off."""
    actions.cancel(actor=request.user, key=key)
    messages.success(request, _("The export is called off."))
    return redirect("export-list")


@login_required
@require_POST
def export_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take the file away."""
    actions.delete(actor=request.user, key=key)
    messages.success(request, _("The file is deleted."))
    return redirect("export-list")


def _name(person: Any, what: str, file_format: str) -> str:
    """The list, when and by whom: a file that lies about somewhere says whose it is."""
    who = re.sub(r"[^\w.-]", "_", str(person.username))
    return f"{what}-{local(now()).translate({ord(' '): '-', ord(':'): None})}-{who}.{file_format}"
