"""The list of cases: filters as chips in the address, columns and views, pages by the last row seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.cases import addresses, board, columns, listing
from service_desk.cases.columns import Column
from service_desk.cases.forms.filters import TICKS, CaseFilters
from service_desk.cases.list_rows import drawn
from service_desk.cases.listing import COUNTED, OPEN, Sort
from service_desk.cases.matches import marked
from service_desk.cases.models import Case, DefaultView, SavedView
from service_desk.cases.offered import Offered, OfferedView, offered
from service_desk.cases.views.common import person
from service_desk.people.access import can
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean
from service_desk.rest.keyset import BadCursor, Page

_SUGGESTIONS = 8
#: Filters that are offered with one press when they are not set.
_QUICK = (("state", OPEN), ("mine", "on"), ("watched", "on"), ("emergency", "on"), ("overdue", "on"), ("late", "on"))
_CHOICES = frozenset({"state", "severity", "waiting", "period", "product", "line", "unit", "request_type"})
#: Panels of filters kept in this process, and the longest address of one.
_MOST_KEPT, _LONGEST_KEPT = 200, 500
_panels: dict[tuple[str | None, str, tuple[tuple[str, ...], ...]], SafeString] = {}
#: The address of the list without any view, also for those whose list opens with one.
ALL = "all"


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in the address, and where pressing it leads."""

    label: str
    url: str
    on: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: where pressing it leads, how the list is sorted by it, and how to move it."""

    key: str
    label: str | Promise
    url: str
    direction: str
    before_url: str
    after_url: str
    away_url: str


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A saved view as the head of the list shows it."""

    view: OfferedView
    url: str
    here: bool
    mine: bool


@login_required
@require_GET
def case_list(request: HttpRequest) -> HttpResponse:
    """The list; what is wrong in the address is said and left out."""
    if addresses.is_wordy(request.GET):
        return redirect(addresses.with_changes(request.GET))
    user = person(request)
    there = offered(user)
    if not request.GET and (first := _first_view(user, there.views)) is not None:
        return redirect(url_of_view(first))
    form = CaseFilters(request.GET, there.choices)
    form.is_valid()
    shown, unknown = columns.chosen(request.GET.get("cols", "")[:1000])
    found = listing.find(user, form.chosen)
    page, lost = _page(request, found, form.order, shown)
    rows = marked(_rows(page.items), form.chosen.get("q", ""), shown, Drawn().cells)
    may_register = bool(can(user, "case.register"))
    context = {
        "form": form,
        "filter_panel": filter_panel(form, there),
        "rows": list(drawn(rows, shown, selectable=may_register)),
        "chips": list(_chips(request, form)),
        "clear_url": addresses.with_changes(QueryDict(f"view={ALL}")) if _is_narrow(form) else "",
        "next_url": _address(request, after=page.next) if page.next else "",
        "previous_url": _address(request, before=page.previous) if page.previous else "",
        "sort": form.order,
        "sorts": [(sort, sort.label, _address(request, sort=sort.value)) for sort in Sort],
        "heads": list(_heads(request, shown, form.order)),
        "more_columns": _more_columns(request, shown),
        "usual_url": _address(request, cols=None) if request.GET.get("cols") else "",
        "unknown_columns": bool(unknown),
        "total": _total(listing.count(found, form.order)),
        "cursor_lost": lost,
        "filtered": bool(form.chosen),
        "may_register": may_register,
        "by_deadline": form.order == Sort.DEADLINE,
        "export_url": addresses.with_changes(request.GET, route="case-export"),
        **_views(request, there.views),
    }
    return render(request, "cases/list.html", context)


def filter_panel(form: CaseFilters, there: Offered) -> SafeString:
    """The panel of filters. Two dozen fields are a fifth of the page, and most lists are asked for with the same ones:
    each panel is drawn once for all that it depends on, the language, the address and what there is to choose from.
    One with errors or with the fields of a request type is drawn anew.
    """
    address = form.data.copy()  # type: ignore[attr-defined]  # a QueryDict
    for name in ("after", "before"):
        address.pop(name, None)
    key = (get_language(), address.urlencode(), there.key)
    if form.errors or "answer" in form.fields or len(key[1]) > _LONGEST_KEPT:
        return _drawn_panel(form)
    found = _panels.get(key)
    if found is None:
        if len(_panels) >= _MOST_KEPT:
            _panels.clear()
        found = _panels[key] = _drawn_panel(form)
    return found


def _drawn_panel(form: CaseFilters) -> SafeString:
    return render_to_string("cases/list_filters.html", {"form": form})


class Drawn:
    """Cells drawn by the components of the pages, each of one look once a page: many rows share few of them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], SafeString] = {}
        self.cells: dict[str, Callable[[Case], str]] = {
            "severity": lambda case: self._one("severity", case.severity, case.emergency_is_running, case=case),
            "state": lambda case: self._one("state", case.state, case=case),
            "handler": lambda case: self._one("person", case.handler_id, person=case.handler),
            "responder": lambda case: self._one("person", case.first_responder_id, person=case.first_responder),
        }

    def _one(self, look: str, *key: Any, **things: Any) -> SafeString:
        found = self._kept.get((look, *key))
        if found is None:
            found = self._kept[look, *key] = render_to_string(f"cases/cell_{look}.html", things)
        return found


def _rows(cases: list[Any]) -> list[board.Row]:
    """The rows with their clocks, as of the moment at which the database found them."""
    return board.rows_of(cases, cases[0].read_at) if cases else []


def url_of_view(view: OfferedView | SavedView) -> str:
    """Where a view is shown: its filters stand in the address and can be changed there."""
    query = f"view={view.pk}&{view.query}" if view.query else f"view={view.pk}"
    return addresses.with_changes(QueryDict(query))


def _is_narrow(form: CaseFilters) -> bool:
    return bool(form.chosen or form.errors)


def _first_view(user: Any, views: Sequence[OfferedView]) -> OfferedView | None:
    """The view with which this person's list opens, if it is still offered to them."""
    if not views:
        return None
    wanted = DefaultView.objects.filter(staff=user).values_list("view", flat=True).first()
    return next((view for view in views if view.pk == wanted), None)


def _views(request: HttpRequest, views: Sequence[OfferedView]) -> dict[str, Any]:
    """The saved views, which one is shown, and whether the address still says what it says."""
    here = next((view for view in views if str(view.pk) == request.GET.get("view")), None)
    now_shown = addresses.of_view(request.GET)
    user = person(request)
    changed = here is not None and here.query != now_shown
    return {
        "views": [ViewLink(view, url_of_view(view), view == here, view.owner_id == user.pk) for view in views],
        "view": here,
        "view_changed": changed,
        "may_change_view": changed and here is not None and bool(can(user, "view.change", here)),
        "query_now": now_shown,
        "all_url": addresses.with_changes(QueryDict(f"view={ALL}")),
    }


def _page(request: HttpRequest, found: listing.Found, sort: Sort, shown: list[Column]) -> tuple[Page[Case], bool]:
    """The page that the address names; the first one when its cursor belongs to another list."""
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    found = found.dressed(lambda cases: columns.needed(cases, shown).annotate(read_at=Now()))
    try:
        return listing.one_page(found, sort, after=after, before=before), False
    except BadCursor:
        return listing.one_page(found, sort), True


def _total(number: int | None) -> str:
    """How many there are in words, as far as they were counted."""
    if number is None:
        return ""
    if number > COUNTED:
        return _("more than %(number)s cases") % {"number": f"{COUNTED:,}"}
    return _("%(number)s in all") % {"number": f"{number:,}"}


def _address(request: HttpRequest, **changes: str | None) -> str:
    return addresses.with_changes(request.GET, changes)


def _heads(request: HttpRequest, shown: list[Column], sort: Sort) -> Iterator[Head]:
    for place, column in enumerate(shown):
        rest = [*shown[:place], *shown[place + 1 :]]
        direction = {column.down: "descending", column.up: "ascending"}.get(sort.value, "")
        following = (column.up or column.down) if direction == "descending" else (column.down or column.up)
        yield Head(
            key=column.key,
            label=column.label,
            url=_address(request, sort=following) if column.sorts else "",
            direction=direction if column.sorts else "",
            before_url=_with_columns(request, _moved(rest, column, place - 1)) if place else "",
            after_url=_with_columns(request, _moved(rest, column, place + 1)) if place + 1 < len(shown) else "",
            away_url=_with_columns(request, rest) if rest else "",
        )


def _moved(rest: list[Column], column: Column, place: int) -> list[Column]:
    return [*rest[:place], column, *rest[place:]]


def _more_columns(request: HttpRequest, shown: list[Column]) -> list[tuple[str | Promise, str]]:
    return [
        (column.label, _with_columns(request, [*shown, column]))
        for column in columns.COLUMNS.values()
        if column not in shown
    ]


def _with_columns(request: HttpRequest, shown: list[Column]) -> str:
    return _address(request, cols=columns.in_address(shown))


def _chips(request: HttpRequest, form: CaseFilters) -> Iterator[Chip]:
    chosen = form.chosen
    for name, value in chosen.items():
        gone: dict[str, str | None] = {name: None, f"{name}_text": None}
        if name == "request_type":
            gone["answer"] = None
        yield Chip(_words(form, name, value), _address(request, **gone), on=True)
    for name, value in _QUICK:
        if name not in chosen:
            yield Chip(_words(form, name, value), _address(request, **{name: value}), on=False)


def _words(form: CaseFilters, name: str, value: Any) -> str:
    """The filter in words: 'Severity: Critical', 'In emergency', 'open'."""
    label = str(form.fields[name].label)
    if name in TICKS:
        return label
    if name in _CHOICES:
        value = dict(form.fields[name].choices)[value]  # type: ignore[attr-defined]
    if name == "q":
        return f"“{value}”"
    if name == "answer":
        return str(value[1])
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
