"""The engine's page: which doors are alive, what is due, what is broken, what could not be delivered (D13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from service_desk.audit import chain
from service_desk.dashboard import health
from service_desk.deadlines.clock_watch import KIND, confirm_clock
from service_desk.deadlines.models import Calendar, Incident
from service_desk.people.access import can, require, rule
from service_desk.people.rules import LEADING_ROLES, Role

INCIDENTS = 30


@rule("engine.view")
def may_view_engine(user: Any, _thing: Any) -> bool:
    """Whoever leads, administers or audits sees how the engine does."""
    return bool(user.has_role(*LEADING_ROLES, Role.ADMINISTRATOR, Role.AUDITOR, Role.QUALITY_INSPECTOR))


def calendar_warnings(moment: datetime) -> list[str]:
    """Calendars whose holidays are not officially known: this year's always, next year's from 15 November (D2)."""
    today = moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    years = [today.year] + ([today.year + 1] if (today.month, today.day) >= (11, 15) else [])
    warnings = []
    for calendar in Calendar.objects.exclude(current=None).select_related("current"):
        known = calendar.current.work_calendar().confirmed_years if calendar.current else frozenset()
        missing = [str(year) for year in years if year not in known]
        if missing:
            text = _(
                "%(calendar)s: the holidays of %(years)s are not confirmed; week-ends and statutory days are used."
            )
            warnings.append(text % {"calendar": calendar.name, "years": ", ".join(missing)})
    return warnings


@login_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Somebody has looked at a watch: the database's clock is right."""
    confirm_clock(actor=request.user)
    messages.success(request, _("The time is confirmed; steps fire again."))
    return redirect("engine")


@login_required
@require_safe
def engine_page(request: HttpRequest) -> HttpResponse:
    """The whole page, or its live part for a page that refreshes itself."""
    require(request.user, "engine.view")
    state = health.measure()
    found = health.checks(state)
    context = {
        "state": state,
        "checks": found,
        "healthy": all(check.ok for check in found),
        "doors": health.doors(state),
        "warnings": calendar_warnings(state["now"]),
        "clock_jumped": Incident.objects.filter(kind=KIND, repaired_at=None).exists(),
        "may_confirm": bool(can(request.user, "engine.confirm_clock")),
        "trail_head": chain.head(),
        "trail_waits": chain.unsealed_for(),
        "incidents": Incident.objects.order_by("-found_at", "-id")[:INCIDENTS],
    }
    live = request.headers.get("HX-Request") == "true"
    return render(request, "dashboard/engine_live.html" if live else "dashboard/engine.html", context)
