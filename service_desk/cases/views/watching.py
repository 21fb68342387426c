"""Watching a case with one press, and the colleagues whom a note of it may name."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.cases import actions
from service_desk.cases.models import Case
from service_desk.cases.models.watching import who_may_see
from service_desk.cases.views.common import case_for, person, way_back
from service_desk.people.finding import suggested
from service_desk.people.models import Staff
from service_desk.rest.clean import is_clean

_ASKED, _SUGGESTED = 30, 8


@login_required
@require_POST
def watch(request: HttpRequest, number: str) -> HttpResponse:
    """Watch the case, or (`on=0`) stop watching; a repeat changes nothing."""
    case = case_for(request, number)
    if request.POST.get("on") == "0":
        actions.unwatch(case=case, actor=person(request))
        messages.success(request, _("You are no longer told of what happens to this case."))
    else:
        actions.watch(case=case, actor=person(request))
        messages.success(request, _("You are told of what happens to this case."))
    return redirect(way_back(request) or case)


@login_required
@require_GET
def suggest_people(request: HttpRequest, number: str) -> JsonResponse:
    """Colleagues by name, pinyin initials or user name, those alone who may see the case; unasked, who holds it."""
    case, user = case_for(request, number), person(request)
    asked = request.GET.get("q", "").strip()
    if len(asked) > 80 or not is_clean(asked):
        return JsonResponse({"results": []})
    found = suggested(asked, _ASKED) if asked else _concerned(case)
    found = [each for each in found if each.pk != user.pk]
    seeing = who_may_see(case, found)
    shown = [each for each in found if each.pk in seeing][:_SUGGESTED]
    several = _called_alike(shown)
    results = [
        {
            "id": each.pk,
            "label": str(each),
            "detail": " · ".join(str(part) for part in (each.unit, each.username) if part),
            "data": {"text": f"@{each.username if str(each) in several else each} "},
        }
        for each in shown
    ]
    return JsonResponse({"results": results})


def _concerned(case: Case) -> list[Staff]:
    return [case.handler] if case.handler_id == case.first_responder_id else [case.handler, case.first_responder]


def _called_alike(people: list[Staff]) -> set[str]:
    """The names among these that mean several people: those are written by user name."""
    names = [str(each) for each in people]
    known = Staff.objects.filter(is_active=True, full_name__in=names).values_list("full_name", flat=True)
    counted = list(known)
    return {name for name in names if counted.count(name) > 1}
