"""The working calendars: a year at a glance, and every change first as a list of what it would move (D2)."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.deadlines import applying
from service_desk.deadlines.calendar_data import confirmed_years
from service_desk.deadlines.calendar_file import FIRST_YEAR, LAST_YEAR
from service_desk.deadlines.calendar_words import as_file, stretches, year_of, years_in
from service_desk.deadlines.clock import now
from service_desk.deadlines.forms.calendars import WEEKDAYS, DayForm, DraftForm, ImportForm, WeekForm
from service_desk.deadlines.models import Calendar, CalendarVersion, Rollout
from service_desk.people.access import can, require
from service_desk.rest.errors import Invalid, Stale
from service_desk.rest.spreadsheets import harmless

_VERSIONS_SHOWN = 30
_ROLLOUTS_SHOWN = 10


@login_required
@require_GET
def calendar_list(request: HttpRequest) -> HttpResponse:
    """Each calendar and the years it knows."""
    require(request.user, "calendar.view")
    this_year = _today().year
    rows = []
    for found in Calendar.objects.select_related("current__created_by"):
        confirmed = found.current.data["confirmed_years"] if found.current else []
        missing = [year for year in (this_year, this_year + 1) if year not in confirmed]
        rows.append((found, years_in(found.current) if found.current else [], confirmed, missing))
    return render(request, "deadlines/calendars.html", {"rows": rows})


def _calendar(pk: int) -> tuple[Calendar, CalendarVersion]:
    found = get_object_or_404(Calendar.objects.select_related("current"), pk=pk)
    if found.current is None:
        raise Http404(_("This calendar has no content yet."))
    return found, found.current


def _today() -> date:
    return now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


@login_required
@require_GET
def calendar_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A year by months, the pattern of the week, and the versions."""
    require(request.user, "calendar.view")
    found, current = _calendar(pk)
    work, today = current.work_calendar(), _today()
    year = _year(request, today.year)
    versions = found.versions.select_related("created_by").defer("data").order_by("-number")
    context = {
        "calendar": found,
        "version": current,
        "year": year,
        "today": today,
        "months": year_of(work, year),
        "confirmed": year in work.confirmed_years,
        "bundled": year in confirmed_years(),
        "previous": year - 1 if year > FIRST_YEAR else None,
        "next": year + 1 if year < LAST_YEAR else None,
        "week": [(word, " ".join(str(p) for p in work.week[n])) for n, word in enumerate(WEEKDAYS)],
        "makeup": " ".join(str(period) for period in work.makeup_periods),
        "special": stretches(work, year),
        "versions": versions[:_VERSIONS_SHOWN],
        "may_edit": can(request.user, "calendar.edit", found),
        "rollouts": _rollouts(request, found),
    }
    return render(request, "deadlines/calendar.html", context)


def _year(request: HttpRequest, otherwise: int) -> int:
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else otherwise
    return year if FIRST_YEAR <= year <= LAST_YEAR else otherwise


def _rollouts(request: HttpRequest, calendar: Calendar) -> list[Rollout]:
    if not can(request.user, "rollout.view"):
        return []
    found = Rollout.objects.filter(calendar=calendar).select_related("made_by", "confirmed_by", "version")
    return list(found.defer("lines", "skipped", "again", "draft", "version__data").order_by("-id")[:_ROLLOUTS_SHOWN])


@login_required
@require_http_methods(["GET", "POST"])
def calendar_day(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a day, or several in a row; `?day=` fills in what holds now."""
    found, current = _editable(request, pk)
    if request.method == "POST":
        return _drafted(request, found, current, DayForm(request.POST), "deadlines/calendar_day.html")
    initial: dict[str, Any] = {"base": current.pk, "kind": "free"}
    try:
        day = date.fromisoformat(request.GET.get("day", "")[:10])
    except ValueError:
        day = None
    if day is not None:
        special = current.work_calendar().exceptions.get(day)
        initial["day"] = day
        if special is not None:
            initial |= {"kind": "work" if special.is_working else "free", "name": special.name}
            initial["hours"] = " ".join(str(period) for period in special.periods or ())
    return _form_page(request, found, DayForm(initial=initial), "deadlines/calendar_day.html")


@login_required
@require_http_methods(["GET", "POST"])
def calendar_week(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the pattern of the week."""
    found, current = _editable(request, pk)
    if request.method == "POST":
        return _drafted(request, found, current, WeekForm(request.POST), "deadlines/calendar_week.html")
    form = WeekForm(initial=WeekForm.initial_of(current))
    return _form_page(request, found, form, "deadlines/calendar_week.html")


@login_required
@require_http_methods(["GET", "POST"])
def calendar_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a year's file; what it would change and move is shown before anything is applied."""
    found, current = _editable(request, pk)
    if request.method == "POST":
        form = ImportForm(request.POST, request.FILES)
        return _drafted(request, found, current, form, "deadlines/calendar_import.html")
    form = ImportForm(initial={"base": current.pk})
    return _form_page(request, found, form, "deadlines/calendar_import.html")


def _editable(request: HttpRequest, pk: int) -> tuple[Calendar, CalendarVersion]:
    found, current = _calendar(pk)
    require(request.user, "calendar.edit", found)
    return found, current


def _drafted(
    request: HttpRequest, calendar: Calendar, current: CalendarVersion, form: DraftForm, template: str
) -> HttpResponse:
    """On to the list of what the change would move; or the form again with what to mend."""
    if not form.is_valid():
        return _form_page(request, calendar, form, template, status=422)
    try:
        rollout = applying.preview_calendar(
            calendar=calendar,
            draft=form.draft(current),
            note=form.cleaned_data["note"],
            base=form.cleaned_data["base"],
            actor=request.user,
        )
    except Stale:
        data = request.POST.copy()
        data["base"] = str(current.pk)
        form.data = data
        return _form_page(request, calendar, form, template, status=412, overtaken=current)
    except Invalid as refusal:
        form.add_error(None, str(refusal.message))
        return _form_page(request, calendar, form, template, status=422)
    return redirect("rollout-detail", pk=rollout.pk)


def _form_page(
    request: HttpRequest, calendar: Calendar, form: DraftForm, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    return render(request, template, {"calendar": calendar, "form": form, **more}, status=status)


@login_required
@require_GET
def calendar_export(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    """A year's special days in the form that the import reads."""
    require(request.user, "calendar.view")
    found, current = _calendar(pk)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Http404
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["date", "is_working", "name"])
    for day, working, name in as_file(current.work_calendar(), year):
        writer.writerow([day, working, harmless(name)])
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="calendar-{found.pk}-{year}.csv"'
    return response
