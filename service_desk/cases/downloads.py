"""What leaves the desk as a file, by screen and REST alike: reports as PDF, and what people have sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header

from service_desk.cases.actions.filing import hand_out
from service_desk.cases.models import CaseFile, CustomerReport
from service_desk.cases.pdf import as_pdf

#: The customer reads the reports.
CHINESE = "zh-hans"
#: What a browser may do with content that somebody sent: show or keep it, and nothing else.
SANDBOX = "default-src 'none'; sandbox"


def pdf_response(report: CustomerReport) -> HttpResponse:
    """The PDF with a name that says what it is."""
    with translation.override(CHINESE):
        content = as_pdf(report)
        name = f"{report.get_kind_display()}-{report.case.number}-{report.revision}.pdf"
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def content_of(file: CaseFile, user: Any) -> HttpResponse:
    """The answer that hands a file out, read whole: it is small, and nothing stays open when a caller leaves."""
    path = hand_out(file=file, actor=user)
    response = HttpResponse(path.read_bytes(), content_type=_kind(file))
    response.headers["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    return guarded(response)


def _kind(file: CaseFile) -> str:
    return "application/octet-stream" if file.content_type.startswith("text/") else file.content_type


def guarded(response: HttpResponse) -> HttpResponse:
    """With the headers that keep a browser from running it."""
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response
