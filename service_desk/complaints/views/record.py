"""The complaint record on paper and as PDF, in Chinese whatever the reader's language; in full for a reason (P6)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.cases.downloads import CHINESE
from service_desk.cases.forms.acting import RevealForm
from service_desk.cases.pdf import Paper, paper_pdf
from service_desk.complaints.actions import reveal
from service_desk.complaints.models import Complaint
from service_desk.complaints.record import Record, record_of
from service_desk.complaints.views.common import complaint_for, person, wants_part
from service_desk.deadlines.clock import now
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.second_step import proved_lately
from service_desk.rest.errors import Invalid


@login_required
@require_GET
def record(request: HttpRequest, number: str) -> HttpResponse:
    """The record, masked."""
    return _sheet(request, complaint_for(request, number), masked=True)


@login_required
@require_GET
def record_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The same as a PDF file."""
    return _pdf(request, complaint_for(request, number), masked=True)


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def record_full(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the reason, then the record with name, number and address; each look is recorded (P6)."""
    complaint = complaint_for(request, number)
    require(person(request), "complaint.reveal", complaint)
    form = RevealForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _told_why(request, complaint, form):
        return (_pdf if "pdf" in request.POST else _sheet)(request, complaint, masked=False)
    context = {"complaint": complaint, "case": complaint.case, "form": form, "shown": None, "in_dialog": False}
    status = 422 if request.method == "POST" else 200
    return render(request, "complaints/record_full.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
@proved_lately
def reveal_page(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for the reason, then show number and address; they stand in this answer and nowhere else."""
    complaint, shown, status = complaint_for(request, number), None, 200
    form = RevealForm(request.POST or None)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            shown = _told_why(request, complaint, form)
            status = 200 if shown else 422
    context = {"complaint": complaint, "case": complaint.case, "form": form, "shown": shown}
    context["in_dialog"] = wants_part(request)
    template = "complaints/reveal_dialog.html" if wants_part(request) else "complaints/reveal.html"
    return render(request, template, context, status=status)


def _told_why(request: HttpRequest, complaint: Complaint, form: RevealForm) -> dict[str, str] | None:
    """Record the look with its reason; None when the reason was refused, which then stands in the form."""
    try:
        return reveal(complaint=complaint, actor=person(request), reason=form.cleaned_data["reason"])
    except Invalid as refusal:
        add_refusal(form, refusal.errors)
        return None


def _sheet(request: HttpRequest, complaint: Complaint, *, masked: bool) -> HttpResponse:
    with translation.override(CHINESE):
        found = record_of(complaint, masked=masked)
        context = {
            "case": complaint.case,
            "record": found,
            "standing": _standing(request, found),
            "may_reveal": bool(can(request.user, "complaint.reveal", complaint)),
        }
        response = render(request, "complaints/record.html", context)
    response.headers["Content-Language"] = "zh-Hans"
    return response


def _pdf(request: HttpRequest, complaint: Complaint, *, masked: bool) -> HttpResponse:
    with translation.override(CHINESE):
        found = record_of(complaint, masked=masked)
        paper = Paper(
            title=_("Customer complaint record"),
            number=found.number,
            subject=found.matter,
            sections=found.sections,
            foot=_standing(request, found),
            made_at=now(),
            signs=(_("Handler:"), _("Responsible manager:")),
            label=_("Complaint"),
        )
        content = paper_pdf(paper)
        name = f"{paper.title}-{found.number}.pdf"
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _standing(request: HttpRequest, found: Record) -> str:
    """Who printed it when, and whether it says who complained."""
    facts: dict[str, Any] = {"who": person(request), "at": timezone.localtime(now()).strftime("%Y-%m-%d %H:%M")}
    words = _("masked, printed by %(who)s, %(at)s") if found.masked else _("in full, printed by %(who)s, %(at)s")
    return words % facts
