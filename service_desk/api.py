"""The REST interface as one list of doors: each room names its own, this file gives them their addresses.

Whatever else is asked for under /api/ is answered as a problem, never as a page.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework.routers import SimpleRouter

from service_desk.calls import api as calls
from service_desk.cases import api as cases
from service_desk.complaints import api as complaints
from service_desk.customers import api as customers
from service_desk.deadlines import api as deadlines
from service_desk.knowledge import api as knowledge
from service_desk.knowledge import api_articles as articles
from service_desk.knowledge import api_check as check
from service_desk.knowledge import api_scripts as scripts
from service_desk.notices import api as notices
from service_desk.people import api as people
from service_desk.quality import api as quality
from service_desk.rest import problems, views
from service_desk.telephony import api as telephony
from service_desk.webhooks import api as webhooks

PREFIX = "/api/"

router = SimpleRouter()
for room in (
    articles,
    calls,
    cases,
    complaints,
    customers,
    deadlines,
    knowledge,
    notices,
    people,
    quality,
    scripts,
    webhooks,
):
    for prefix, viewset, basename in room.router_entries:
        # The pages of the rooms have names like case-list too.
        router.register(prefix, viewset, f"api-{basename}")


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Any other path under /api/."""
    return problems.not_found(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is refused before it comes to a view, such as a host that is not ours."""
    if not request.path.startswith(PREFIX):
        return defaults.bad_request(request, exception)
    return problems.ProblemResponse(400, _("The request cannot be read."), code="bad_request")


def server_error(request: HttpRequest) -> HttpResponse:
    """A defect: a problem for programs, a page for people."""
    return problems.server_error(request) if request.path.startswith(PREFIX) else defaults.server_error(request)


urlpatterns: list[Any] = [
    path("v1/", include(check.urlpatterns)),  # first: on the way of everybody who types
    path("v1/", include(telephony.urlpatterns)),  # and these on that of every call's event
    path("v1/", include(webhooks.urlpatterns)),
    path("v1/", include(router.urls)),
    path("v1/me/", people.MeView.as_view(), name="api-me"),
    path("v1/schema/", views.SchemaView.as_view(), name="api-schema"),
    path("v1/docs/", views.docs, name="api-docs"),
    re_path("", unknown),
]
