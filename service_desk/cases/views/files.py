"""Files of a case on the screen: added (one, several, pasted), fetched, shown small, withdrawn with a reason."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases import vault
from service_desk.cases.actions.filing import attach, take_back, too_large
from service_desk.cases.downloads import content_of, guarded
from service_desk.cases.forms.files import ACCEPT, FilesForm, TakeBackForm
from service_desk.cases.models import Case, CaseEvent, CaseFile, CustomerReport
from service_desk.cases.rules import FilePurpose, ScanState
from service_desk.cases.views.common import case_for, person, wants_part
from service_desk.people.access import can
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, NotAllowed, Refusal


@login_required
@require_http_methods(["GET", "POST"])
def case_files(request: HttpRequest, number: str) -> HttpResponse:
    """Add files; each that is refused is named with the remedy, the others are kept."""
    case = case_for(request, number)
    if request.method == "GET":
        tied = request.GET.get("report", "")
        initial = {"report": tied, "purpose": FilePurpose.SIGN_OFF} if tied else {}
        return _page(request, case, FilesForm(case, initial=initial), [])
    form = FilesForm(case, request.POST)
    if not form.is_valid():
        return _answer(request, case, form, [], [(error, "") for errors in form.errors.values() for error in errors])
    sent: list[Any] = request.FILES.getlist("file")[: settings.FILES_PER_CASE * 2]
    kept, refused = [], [] if sent else [(_("Choose at least one file."), "")]
    for upload in sent:
        try:
            kept.append(_take(case, person(request), upload, form))
        except Refusal as why:
            if isinstance(why, NotAllowed):
                record_refusal(verb=why.verb, thing=why.thing, actor=person(request), reason=str(why.message))
            refused.append((f"{upload.name}: {why.message}", str(why.remedy)))
    return _answer(request, case, form, kept, refused)


def _take(case: Case, user: Any, upload: Any, form: FilesForm) -> CaseFile:
    if upload.size > settings.FILE_MAX_BYTES:
        raise too_large(upload.size)  # it is not even read
    given = form.cleaned_data
    report = CustomerReport.objects.filter(pk=given["report"], case=case).first() if given["report"] else None
    note = CaseEvent.objects.filter(pk=given["note"], case=case).first() if given["note"] else None
    purpose = given["purpose"] or FilePurpose.ATTACHMENT
    return attach(
        case=case, actor=user, content=upload.read(), name=upload.name, purpose=purpose, report=report, note=note
    )


def _answer(
    request: HttpRequest, case: Case, form: FilesForm, kept: list[CaseFile], refused: list[tuple[Any, str]]
) -> HttpResponse:
    """For a script what became of each; for a browser the case, or the page again with what was refused."""
    if "application/json" in request.headers.get("Accept", ""):
        body = {
            "kept": [file.name for file in kept],
            "refused": [{"message": str(message), "remedy": remedy} for message, remedy in refused],
        }
        return JsonResponse(body, status=422 if refused else 200)
    if kept:
        messages.success(request, _("Added: %(names)s.") % {"names": ", ".join(file.name for file in kept)})
    if refused:
        return _page(request, case, form, refused, status=422)
    return redirect(f"{case.get_absolute_url()}#files")


def _page(
    request: HttpRequest, case: Case, form: FilesForm, refused: list[tuple[Any, str]], *, status: int = 200
) -> HttpResponse:
    may = can(request.user, "case.attach", case)
    context = {
        "case": case,
        "form": form,
        "refused": refused,
        "why_not": "" if may else may.reason,
        "accept": ACCEPT,
        "largest": settings.FILE_MAX_BYTES,
        "limits": limits(),
    }
    return render(request, "cases/files.html", context, status=status)


def limits() -> str:
    """What is taken, in words."""
    return _(
        "Pictures, PDF, text, CSV, Word and Excel without macros; at most %(most)s a file, %(number)s files a case."
    ) % {"most": filesizeformat(settings.FILE_MAX_BYTES), "number": settings.FILES_PER_CASE}


def file_for(request: HttpRequest, number: str, pk: int) -> CaseFile:
    """The file of a case that this person may see; 404 alike for any other and for one withdrawn (P6)."""
    case = case_for(request, number)
    found = CaseFile.objects.filter(case=case, pk=pk).first()
    if found is None:
        raise Http404(_("There is no such file."))
    found.case = case
    return found


@login_required
@require_GET
def file_content(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The file itself, always to be kept, never to be run."""
    return content_of(file_for(request, number, pk), person(request))


@login_required
@require_GET
def file_thumbnail(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A picture made small, for the case's page; of a confidential case there is none, since looking is recorded."""
    file = file_for(request, number, pk)
    path = vault.thumbnail_of(file.stored)
    shown = file.withdrawn_at is None and file.thumbnail and file.scan in (ScanState.OFF, ScanState.CLEAN)
    if not shown or file.case.confidential or not path.is_file():
        raise Http404(_("There is no such picture."))
    response = guarded(HttpResponse(path.read_bytes(), content_type=file.content_type))
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def file_take_back(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Withdraw a file, with the reason."""
    file = file_for(request, number, pk)
    form = TakeBackForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                take_back(file=file, actor=person(request), reason=form.cleaned_data["reason"])
            except Refusal as refused:
                if isinstance(refused, NotAllowed):
                    record_refusal(
                        verb=refused.verb, thing=refused.thing, actor=person(request), reason=str(refused.message)
                    )
                add_refusal(form, refused.errors or [FieldError("", refused.message, refused.code, refused.remedy)])
                status = 422 if refused.status == 400 else refused.status
            else:
                messages.success(request, _("Withdrawn: %(name)s.") % {"name": file.name})
                return redirect(f"{file.case.get_absolute_url()}#files")
    may = can(request.user, "file.take_back", file)
    context = {
        "case": file.case,
        "file": file,
        "form": form,
        "why_not": "" if may else may.reason,
    }
    template = "cases/files_take_back_dialog.html" if wants_part(request) else "cases/files_take_back.html"
    return render(request, template, context, status=status)
