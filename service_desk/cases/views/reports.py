"""Reports to the customer on the screen: written as a draft, submitted, printed and as PDF, always in Chinese."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases.actions.reporting import save_report, submit_report
from service_desk.cases.downloads import CHINESE, pdf_response
from service_desk.cases.forms.reports import ReportForm, SubmissionForm, first_words, initial_of
from service_desk.cases.models import Case, CustomerReport
from service_desk.cases.paperwork import printed, standing
from service_desk.cases.rules import DEEDS, DemandedReport, refusal
from service_desk.cases.views.common import case_for, person
from service_desk.deadlines.clock import now
from service_desk.knowledge.forms.overriding import offer_override
from service_desk.people.access import can
from service_desk.people.fields import add_refusal
from service_desk.rest.errors import FieldError, NotAllowed, Refusal, Stale

_OF_SUBMISSION = ("channel", "recipient", "override")


@login_required
@require_http_methods(["GET", "POST"])
def report_form(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Write the draft of a report, or submit it; what was typed comes back whatever is refused."""
    if kind not in DemandedReport.values:
        raise Http404(_("There is no such report."))
    case, user = case_for(request, number), person(request)
    known = list(case.reports.filter(kind=kind).select_related("changed_by").order_by("revision"))
    draft = next((report for report in known if report.is_draft), None)
    if request.method == "GET":
        start = draft or (known[-1] if known else None)
        data = start.data if start else first_words(case, kind, user)
        initial = initial_of(kind, data) | {"version": draft.version if draft else 0}
        form = ReportForm(kind, now(), initial=initial, rows=len(data.get("parts") or []))
        return _page(request, case, kind, form, SubmissionForm(), draft, known)
    form, submission = ReportForm(kind, now(), request.POST), SubmissionForm(request.POST)
    submits = "submit" in request.POST
    if form.is_valid() and (submission.is_valid() or not submits):
        try:
            _write(case, user, kind, form, submission if submits else None)
        except Refusal as refused:
            status = _tell(request, case, kind, form, submission, refused)
            return _page(request, case, kind, form, submission, draft, known, status=status)
        done = _("Submitted to the customer. It stands from now on.") if submits else _("Draft saved.")
        messages.success(request, done)
        return redirect(case) if submits else redirect(request.path)
    return _page(request, case, kind, form, submission if submits else SubmissionForm(), draft, known, status=422)


def _write(case: Case, user: Any, kind: str, form: ReportForm, submission: SubmissionForm | None) -> None:
    version = form.cleaned_data["version"]
    if submission is None:
        save_report(case=case, actor=user, kind=kind, data=form.answers, version=version)
        return
    submit_report(
        case=case,
        actor=user,
        kind=kind,
        data=form.answers,
        version=version,
        channel=submission.cleaned_data["channel"],
        recipient=submission.cleaned_data["recipient"],
        override=submission.cleaned_data["override"],
    )


def _tell(
    request: HttpRequest, case: Case, kind: str, form: ReportForm, submission: SubmissionForm, refused: Refusal
) -> int:
    """Put the refusal where it belongs; returns the status of the answer."""
    if isinstance(refused, NotAllowed):
        record_refusal(verb=refused.verb, thing=refused.thing, actor=person(request), reason=str(refused.message))
    if isinstance(refused, Stale):
        data = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        newest = case.reports.filter(kind=kind, state="draft").first()
        data["version"] = str(newest.version if newest else 0)
        form.data = data
    offer_override(submission, refused, person(request))
    errors = refused.errors or [FieldError("", refused.message, refused.code, refused.remedy)]
    form.refuse([error for error in errors if error.field not in _OF_SUBMISSION])
    add_refusal(submission, [error for error in errors if error.field in _OF_SUBMISSION])
    return 422 if refused.status == 400 else refused.status


def _page(
    request: HttpRequest,
    case: Case,
    kind: str,
    form: ReportForm,
    submission: SubmissionForm,
    draft: CustomerReport | None,
    known: list[CustomerReport],
    *,
    status: int = 200,
) -> HttpResponse:
    why_not = refusal(DEEDS["report"], case) or can(request.user, "case.report", case).reason
    submitted = [report for report in known if not report.is_draft]
    context = {
        "case": case,
        "kind": kind,
        "title": DemandedReport(kind).label,
        "form": form,
        "submission": submission,
        "draft": draft,
        "standing": submitted[-1] if submitted else None,
        "revision": draft.revision if draft else (known[-1].revision + 1 if known else 1),
        "why_not": why_not,
    }
    return render(request, "cases/report_form.html", context, status=status)


def report_for(request: HttpRequest, number: str, pk: int) -> CustomerReport:
    """The report of a case that this person may see; 404 alike for any other."""
    case = case_for(request, number)
    found = (
        CustomerReport.objects.filter(case=case, pk=pk)
        .with_successor()
        .select_related("submitted_by", "changed_by")
        .first()
    )
    if found is None:
        raise Http404(_("There is no such report."))
    found.case = case
    return found


@login_required
@require_GET
def report_print(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The document on A4, in Chinese whatever the reader's language: the customer reads it."""
    report = report_for(request, number, pk)
    with translation.override(CHINESE):
        context = {"report": report, "case": report.case, "sections": printed(report), "standing": standing(report)}
        response = render(request, "cases/report_print.html", context)
    response.headers["Content-Language"] = "zh-Hans"
    return response


@login_required
@require_GET
def report_pdf(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The same document as a PDF file."""
    return pdf_response(report_for(request, number, pk))
