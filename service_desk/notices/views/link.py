"""Acknowledging by the signed link of an e-mail: a page with one button, because mail scanners follow links."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from service_desk.audit.context import acting
from service_desk.notices.actions import acknowledge
from service_desk.notices.kinds import render as words_of
from service_desk.notices.links import Expired, Forged, unsign
from service_desk.notices.models import Notice
from service_desk.notices.rules import AckVia
from service_desk.people.models import Staff


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is to be acknowledged, POST does it; without a log-in, in the recipient's language."""
    try:
        claim = unsign(token)
    except Expired:
        return _say(request, _("This link is too old. Please log in and acknowledge the notice there."), status=410)
    except Forged:
        return _say(request, _("This link is not complete. Please copy the whole link from the e-mail."), status=404)
    notice = Notice.objects.filter(pk=claim.notice_id).select_related("recipient", "acked_by").first()
    person = Staff.objects.filter(pk=claim.staff_id, is_active=True).first()
    if notice is None or person is None or notice.recipient_id != person.pk:
        return _say(request, _("This link is no longer valid."), status=410)
    with translation.override(person.language or translation.get_language()):
        return _answer(request, notice, person)


def _answer(request: HttpRequest, notice: Notice, person: Staff) -> HttpResponse:
    if request.method == "POST" and notice.is_open:
        with acting(door="link"):
            acknowledge(notice=notice, actor=person, via=AckVia.LINK)
        notice.refresh_from_db()
    shown = words_of(notice.kind, notice.facts)
    context = {"notice": notice, "shown": shown, "person": person, "done": request.method == "POST"}
    return render(request, "notices/link.html", context)


def _say(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    return render(request, "notices/link.html", {"message": message}, status=status)
