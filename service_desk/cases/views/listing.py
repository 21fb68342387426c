"""The list of cases: filters as chips in the address, pages by the last row seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.cases import board, listing
from service_desk.cases.forms.filters import CaseFilters
from service_desk.cases.listing import OPEN, Sort
from service_desk.cases.models import Case
from service_desk.cases.views.common import person
from service_desk.deadlines.clock import now
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.keyset import BadCursor, Page

_SUGGESTIONS = 8
#: Filters that are offered with one press when they are not set.
_QUICK = (("state", OPEN), ("mine", "on"), ("emergency", "on"), ("overdue", "on"), ("late", "on"))


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in the address, and where pressing it leads."""

    label: str
    url: str
    on: bool


@login_required
@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    """The list; what is wrong in the address is said and left out."""
    if _is_wordy(request):
        return redirect(_address(request))
    user, moment = person(request), now()
    form = CaseFilters(request.GET)
    form.is_valid()
    found = listing.find(user, form.chosen).cases
    page, lost = _page(request, found, form.order)
    context = {
        "form": form,
        "rows": board.rows_of(page.items, moment),
        "chips": list(_chips(request, form)),
        "clear_url": reverse("case-list") if form.chosen or form.errors else "",
        "next_url": _address(request, after=page.next) if page.next else "",
        "previous_url": _address(request, before=page.previous) if page.previous else "",
        "sorts": [(sort, sort.label, _address(request, sort=sort.value)) for sort in Sort],
        "sort": form.order,
        "cursor_lost": lost,
        "filtered": bool(form.chosen),
        "may_register": bool(can(user, "case.register")),
        "by_deadline": form.order == Sort.DEADLINE,
    }
    return render(request, "cases/list.html", context)


def _is_wordy(request: HttpRequest) -> bool:
    """Whether the address carries what a form sends along and nobody needs: empty fields, names beside numbers."""
    return any(not value or _is_beside(request, name) for name, value in request.GET.items())


def _is_beside(request: HttpRequest, name: str) -> bool:
    """Whether this is the name that was shown for a number that is in the address too."""
    return name.endswith("_text") and bool(request.GET.get(name.removesuffix("_text")))


def _page(request: HttpRequest, found: Any, sort: Sort) -> tuple[Page[Case], bool]:
    """The page that the address names; the first one when its cursor belongs to another list."""
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    try:
        return listing.one_page(found, sort, after=after, before=before), False
    except BadCursor:
        return listing.one_page(found, sort), True


def _address(request: HttpRequest, **changes: str | None) -> str:
    """This list with other filters or another page; a page's cursor never survives a change."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    for name in [name for name, value in query.items() if not value or _is_beside(request, name)]:
        del query[name]
    return f"{reverse('case-list')}?{query.urlencode()}" if query else reverse("case-list")


def _chips(request: HttpRequest, form: CaseFilters) -> Iterator[Chip]:
    chosen = form.chosen
    for name, value in chosen.items():
        yield Chip(_words(form, name, value), _address(request, **{name: None, f"{name}_text": None}), on=True)
    for name, value in _QUICK:
        if name not in chosen:
            yield Chip(_words(form, name, value), _address(request, **{name: value}), on=False)


def _words(form: CaseFilters, name: str, value: Any) -> str:
    """The filter in words: 'Severity: Critical', 'In emergency', 'open'."""
    label = str(form.fields[name].label)
    if name in {"mine", "emergency", "overdue", "late"}:
        return label
    if name in {"state", "severity"}:
        value = dict(form.fields[name].choices)[value]  # type: ignore[attr-defined]
    if name == "q":
        return f"“{value}”"
    return _("%(label)s: %(value)s") % {"label": label, "value": value}


@login_required
@require_GET
def suggest_staff(request: HttpRequest) -> JsonResponse:
    """Members of staff for a type-ahead, by name or user name."""
    text = _asked(request)
    found = Staff.objects.filter(full_name__icontains=text) | Staff.objects.filter(username__istartswith=text)
    shown = found.filter(is_active=True).select_related("unit").order_by("full_name")[:_SUGGESTIONS] if text else []
    return JsonResponse([{"id": s.pk, "label": s.full_name, "detail": str(s.unit or "")} for s in shown], safe=False)


def _asked(request: HttpRequest) -> str:
    """What was typed; nothing is suggested for what cannot be a name."""
    text = request.GET.get("q", "").strip()
    return text if is_clean(text) and len(text) <= 200 else ""
