"""The list of complaints: only those of one's circles, filters in the address, pages by the last row seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.cases import addresses
from service_desk.cases.board import rows_of
from service_desk.complaints import listing
from service_desk.complaints.forms.filters import ComplaintFilters
from service_desk.complaints.models import Complaint
from service_desk.complaints.views.common import person
from service_desk.people.access import can, require
from service_desk.rest.keyset import BadCursor, Page, page

PAGE_SIZE = 20
_ROUTE = "complaint-list"
#: Filters that are offered with one press when they are not set.
_QUICK = (("state", listing.OPEN), ("mine", "on"), ("level", "major"), ("stage", "escalated"), ("stage", "appeal"))


@login_required
@require_GET
def complaint_list(request: HttpRequest) -> HttpResponse:
    """The list; what is wrong in the address is said and left out."""
    user = person(request)
    require(user, "complaint.list")
    if addresses.is_wordy(request.GET):
        return redirect(addresses.with_changes(request.GET, route=_ROUTE))
    form = ComplaintFilters(request.GET)
    form.is_valid()
    shown, lost = _page(request, listing.find(user, form.chosen).annotate(read_at=Now()))
    rows = rows_of([one.case for one in shown.items], shown.items[0].read_at) if shown.items else []  # type: ignore[attr-defined]
    context = {
        "form": form,
        "rows": list(zip(shown.items, rows, strict=True)),
        "chips": list(_chips(request, form)),
        "clear_url": addresses.with_changes(request.GET, dict.fromkeys(request.GET), route=_ROUTE)
        if form.chosen or form.errors
        else "",
        "filtered": bool(form.chosen),
        "next_url": _address(request, after=shown.next) if shown.next else "",
        "previous_url": _address(request, before=shown.previous) if shown.previous else "",
        "cursor_lost": lost,
        "may_accept": bool(can(user, "complaint.accept")),
    }
    return render(request, "complaints/list.html", context)


def _page(request: HttpRequest, found: Any) -> tuple[Page[Complaint], bool]:
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    try:
        return page(found, order=("-pk",), size=PAGE_SIZE, after=after, before=before), False
    except BadCursor:
        return page(found, order=("-pk",), size=PAGE_SIZE), True


def _address(request: HttpRequest, **changes: str | None) -> str:
    return addresses.with_changes(request.GET, changes, route=_ROUTE)


def _chips(request: HttpRequest, form: ComplaintFilters) -> Iterator[dict[str, Any]]:
    for name, value in form.chosen.items():
        url = _address(request, **{name: None, f"{name}_text": None})
        yield {"label": _words(form, name, value), "url": url, "on": True}
    for name, value in _QUICK:
        if name not in form.chosen:
            yield {"label": _words(form, name, value), "url": _address(request, **{name: value}), "on": False}


def _words(form: ComplaintFilters, name: str, value: Any) -> str:
    label = str(form.fields[name].label)
    if name == "mine":
        return _("Mine")
    shown = str(value) if name == "unit" else dict(form.fields[name].choices)[value]  # type: ignore[attr-defined]
    return _("%(label)s: %(value)s") % {"label": label, "value": shown}
