"""What an open page of a case says and hears by itself: who else is there, and what has changed under an open form."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from service_desk.cases import presence
from service_desk.cases.models import Case
from service_desk.cases.views.changes import changes_since
from service_desk.cases.views.common import person

_PAGE = re.compile(r"[A-Za-z0-9-]{1,40}")
_LARGEST_ID = 18
#: What decides whose pages hear of it.
_ASKED = ("pk", "number", "kind", "confidential", "handler", "first_responder")


@login_required
@require_http_methods(["GET", "POST"])
def here(request: HttpRequest, number: str) -> HttpResponse:
    """POST says that this page is open, and what is written on it; both answer who else is there, as a fragment."""
    case, user = _case(request, number), person(request)
    if request.method == "GET":
        found = presence.others(case, user.pk)
    else:
        page = request.POST.get("page", "")
        if not _PAGE.fullmatch(page):
            return HttpResponse(_("The request cannot be read."), status=400, content_type="text/plain; charset=utf-8")
        found = presence.say(
            case, user.pk, page, writing=request.POST.get("writing", ""), gone=request.POST.get("gone") == "1"
        )
    return render(request, "cases/presence.html", {"here": found})


@login_required
@require_GET
def since(request: HttpRequest, number: str) -> HttpResponse:
    """What others did to the case after the event that an open form was shown with; 204 when nothing."""
    given = request.GET.get("event", "")
    if not (given.isascii() and given.isdigit() and len(given) <= _LARGEST_ID):
        return HttpResponse(status=204)
    changes = changes_since(_case(request, number), int(given))
    if not changes:
        return HttpResponse(status=204)
    return render(request, "cases/presence_changes.html", {"changes": changes})


def _case(request: HttpRequest, number: str) -> Case:
    found: Case | None = Case.objects.visible_to(request.user).filter(number=number).only(*_ASKED).first()
    if found is None:
        raise Http404(_("There is no such case."))
    return found
