"""The engine's page: which doors are alive, what is due, what is broken, what could not be delivered (D13)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from service_desk.dashboard import health
from service_desk.deadlines.models import Incident
from service_desk.people.access import require, rule
from service_desk.people.rules import LEADING_ROLES, Role

INCIDENTS = 30


@rule("engine.view")
def may_view_engine(user: Any, _thing: Any) -> bool:
    """Whoever leads, administers or audits sees how the engine does."""
    return bool(user.has_role(*LEADING_ROLES, Role.ADMINISTRATOR, Role.AUDITOR, Role.QUALITY_INSPECTOR))


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
        "incidents": Incident.objects.order_by("-found_at", "-id")[:INCIDENTS],
    }
    live = request.headers.get("HX-Request") == "true"
    return render(request, "dashboard/engine_live.html" if live else "dashboard/engine.html", context)
