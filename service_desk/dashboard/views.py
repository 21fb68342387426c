"""Pages of the frame itself: the theme, the server's clock, and all components at a glance."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from service_desk.dashboard.context import THEME_COOKIE, THEMES
from service_desk.dashboard.samples import samples
from service_desk.deadlines import clock
from service_desk.people.models import Staff

_YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of light, dark or auto: in a cookie, and with the person who is logged in."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        chosen = "auto"
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    if request.user.is_authenticated:
        # The person's own wish about their own screen: nothing to decide, nothing to audit.
        Staff.objects.filter(pk=request.user.pk).update(theme=chosen)
    response = HttpResponseRedirect(back)
    response.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR, secure=settings.SECURE, samesite="Lax", httponly=True)
    return response


@require_GET
def server_time(request: HttpRequest) -> JsonResponse:
    """The database's time, for the count-downs after a machine slept."""
    response = JsonResponse({"now": clock.now().isoformat()})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Every component in every state; for those who build the desk."""
    if not (settings.DEBUG or getattr(request.user, "is_superuser", False)):
        raise Http404
    return render(request, "dashboard/design.html", samples(clock.now()))
