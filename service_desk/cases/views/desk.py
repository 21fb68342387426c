"""My desk: what I hold, nearest deadline first, and what waits for my acknowledgement."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.cases import board, parts
from service_desk.cases.views.common import person, wants_part
from service_desk.deadlines.clock import now
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from service_desk.notices.rules import AckVia
from service_desk.people.access import can


@login_required
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks for its moving part alone."""
    user, moment = person(request), now()
    mine, more_mine = board.my_cases(user, moment)
    unit, more_unit = board.unit_cases(user, moment) if user.leads else ([], False)
    context = {
        "next_promise": parts.next_promise(user),
        "offers": parts.offered_to(user),
        "questions": parts.asked_of(user),
        "rows": mine,
        "more_rows": more_mine,
        "unit_rows": unit,
        "more_unit_rows": more_unit,
        "notices": board.open_notices(user),
        "emergencies": [row for row in mine if row.case.emergency_is_running],
        "may_register": bool(can(user, "case.register")),
    }
    return render(request, "cases/desk_part.html" if wants_part(request) else "cases/desk.html", context)


@login_required
@require_POST
def acknowledge_notice(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Acknowledge one notice and go back to where the button stood; a second press says the same."""
    notice = Notice.objects.filter(key=key).first()
    if notice is None:
        raise Http404(_("There is no such notice."))
    fresh = acknowledge(notice=notice, actor=person(request), via=AckVia.SCREEN)
    if fresh:
        messages.success(request, _("Acknowledged."))
    else:
        messages.info(request, _("This had been acknowledged already."))
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "desk"
    return redirect(back)
