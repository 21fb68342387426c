"""The roster: who is on duty now, this week and the gaps ahead; planning shifts and absences; finding people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.people import actions
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.people.finding import suggested
from service_desk.people.forms import AbsenceForm, ShiftForm
from service_desk.people.models import Absence, DutyShift, Staff
from service_desk.people.names import mask_number
from service_desk.people.roster import AHEAD, database_now, on_duty_now, upcoming_gaps, week_of
from service_desk.people.rules import DutyRole
from service_desk.people.second_step import proved_lately
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Conflict, Invalid

_GAPS_SHOWN = 20
_ABSENCES_SHOWN = 50
_WEEKS = 520


@login_required
@require_GET
def roster(request: HttpRequest) -> HttpResponse:
    """The page."""
    return _page(request)


@login_required
@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """Put somebody on duty; the page again with what to mend when it cannot be."""
    require(request.user, "roster.plan")
    form = ShiftForm(request.POST, now=database_now())
    if form.is_valid():
        try:
            shift = actions.plan_shift(actor=request.user, **form.cleaned_data)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            messages.success(
                request,
                _("%(name)s is on duty for: %(role)s.") % {"name": shift.staff, "role": shift.get_role_display()},
            )
            return _back(shift.starts_at)
    return _page(request, shift_form=form, status=422)


@login_required
@require_POST
def absent(request: HttpRequest) -> HttpResponse:
    """Enter an absence with its deputy."""
    form = AbsenceForm(request.POST, now=database_now())
    if form.is_valid():
        data: dict[str, Any] = {**form.cleaned_data, "staff": form.cleaned_data["staff"] or request.user}
        try:
            absence = actions.set_absence(actor=request.user, **data)
        except Invalid as refusal:
            add_refusal(form, refusal.errors)
        else:
            messages.success(
                request,
                _("%(deputy)s stands in for %(name)s.") % {"deputy": absence.deputy, "name": absence.staff},
            )
            return redirect(f"{reverse('roster')}#absences")
    return _page(request, absence_form=form, status=422)


@login_required
@require_http_methods(["GET", "POST"])
def shift(request: HttpRequest, pk: int) -> HttpResponse:
    """One shift; a POST takes it off the roster."""
    require(request.user, "roster.view")
    found = get_object_or_404(DutyShift.objects.select_related("staff__unit"), pk=pk)
    refusal: Conflict | None = None
    if request.method == "POST":
        try:
            actions.remove_shift(actor=request.user, shift=found)
        except Conflict as error:
            refusal = error
        else:
            messages.success(request, _("The shift is taken off the roster."))
            return _back(found.starts_at)
    context = {
        "shift": found,
        "mobile": mask_number(found.staff.mobile),
        "may_plan": can(request.user, "roster.plan", found),
        "refusal": refusal,
        "over": found.ends_at <= database_now(),
    }
    return render(request, "people/shift.html", context, status=409 if refusal else 200)


@login_required
@require_POST
def back_again(request: HttpRequest, pk: int) -> HttpResponse:
    """End an absence."""
    absence = get_object_or_404(Absence.objects.select_related("staff"), pk=pk)
    actions.end_absence(actor=request.user, absence=absence)
    messages.success(request, _("The absence of %(name)s is ended.") % {"name": absence.staff})
    return redirect(f"{reverse('roster')}#absences")


@login_required
@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """People for a type-ahead: by name, pinyin initials or user name."""
    require(request.user, "staff.view")
    text = request.GET.get("q", "").strip()
    found = suggested(text) if is_clean(text) and len(text) <= 200 else []
    return JsonResponse(
        {
            "results": [
                {
                    "id": person.pk,
                    "label": person.full_name or person.username,
                    "detail": " · ".join(str(part) for part in (person.unit, person.username) if part),
                }
                for person in found
            ]
        }
    )


@login_required
@require_POST
@proved_lately
def reveal_mobile(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague's mobile in full, in the place of the masked one; the look is recorded."""
    staff = get_object_or_404(Staff, pk=pk, is_active=True)
    mobile = actions.reveal_mobile(actor=request.user, staff=staff)
    return render(request, "people/mobile.html", {"mobile": mobile})


def _back(moment: datetime) -> HttpResponse:
    """To the week of `moment`."""
    day = moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return HttpResponseRedirect(f"{reverse('roster')}?week={_monday(day).isoformat()}")


def _page(
    request: HttpRequest,
    *,
    shift_form: ShiftForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    require(request.user, "roster.view")
    now = database_now()
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    monday = _week_asked(request, today)
    duties = on_duty_now()
    gaps = upcoming_gaps()
    may_plan = can(request.user, "roster.plan")
    absences = [
        (absence, absence.starts_at <= now, bool(can(request.user, "absence.set", absence.staff)))
        for absence in Absence.objects.filter(ends_at__gt=Now())
        .select_related("staff__unit", "deputy")
        .order_by("starts_at")[:_ABSENCES_SHOWN]
    ]
    context = {
        "duties": [(duty, _told(duty.person)) for duty in duties],
        "gaps": [(gap, DutyRole(gap.role).label) for gap in gaps[:_GAPS_SHOWN]],
        "gap_count": len(gaps),
        "days_ahead": AHEAD,
        "rows": week_of(monday),
        "week": [monday + timedelta(days=n) for n in range(7)],
        "today": today,
        "previous_week": (monday - timedelta(days=7)).isoformat(),
        "next_week": (monday + timedelta(days=7)).isoformat(),
        "this_week": monday == _monday(today),
        "may_plan": may_plan,
        "shift_form": shift_form or (ShiftForm(now=now, initial=_wanted(request)) if may_plan else None),
        "absence_form": absence_form or AbsenceForm(now=now),
        "absences": absences,
    }
    return render(request, "people/roster.html", context, status=status)


def _told(person: Staff | None) -> tuple[Staff, str] | None:
    return (person, mask_number(person.mobile)) if person is not None else None


def _wanted(request: HttpRequest) -> dict[str, str]:
    """What the link of a gap fills in."""
    names = {"role": "role", "from": "starts_at", "until": "ends_at"}
    return {
        field: request.GET[name][:40]
        for name, field in names.items()
        if name in request.GET and is_clean(request.GET[name])
    }


def _week_asked(request: HttpRequest, today: date) -> date:
    """The Monday of `?week=` (any day of it), within ten years of today; else of this week."""
    try:
        asked = date.fromisoformat(request.GET.get("week", ""))
    except ValueError:
        asked = today
    return _monday(asked if abs((asked - today).days) < _WEEKS * 7 else today)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
