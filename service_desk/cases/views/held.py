"""A reminder on the page of one's absence: which open cases one holds, and the way to hand them over (C5, D10)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from service_desk.cases.models import Case

_SHOWN = 10


@login_required
@require_GET
def held(request: HttpRequest) -> HttpResponse:
    """The open cases of this person, the oldest first, as a fragment; two queries."""
    user: Any = request.user
    mine = Case.objects.visible_to(user).open().filter(handler=user)
    cases = list(mine.order_by("id").values_list("number", "subject")[: _SHOWN + 1])
    context = {
        "cases": cases[:_SHOWN],
        "count": mine.count() if len(cases) > _SHOWN else len(cases),
    }
    return render(request, "people/account_held.html", context)
