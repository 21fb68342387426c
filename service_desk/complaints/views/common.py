"""What the pages of complaints share: finding one for this person, 404 alike for a missing and a hidden one (P6)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from service_desk.complaints.models import Complaint

_NAMED = (
    "case__customer",
    "case__contact",
    "case__product_type",
    "case__service_line",
    "case__handler__unit",
    "case__first_responder__unit",
    "about_case",
    "about_staff__unit",
    "about_unit",
    "about_product",
    "about_service",
)


def complaint_for(request: HttpRequest, number: str) -> Complaint:
    """The complaint with everything its pages name."""
    found = Complaint.objects.visible_to(request.user).select_related(*_NAMED).filter(case__number=number).first()
    if found is None:
        raise Http404(_("There is no such complaint."))
    return found


def person(request: HttpRequest) -> Any:
    """Who is logged in; the pages are behind `login_required`."""
    return request.user


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for the dialog or a part of a page."""
    return request.headers.get("HX-Request") == "true"
