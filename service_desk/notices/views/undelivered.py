"""What did not arrive, in sight of those who can do something about it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.notices.actions import redrive
from service_desk.notices.kinds import render as words_of
from service_desk.notices.models import Delivery
from service_desk.notices.rules import error_words
from service_desk.people.access import require
from service_desk.rest.keyset import BadCursor, page

_SIZE = 50


@require_GET
@login_required
def undelivered(request: HttpRequest) -> HttpResponse:
    """Given-up deliveries, newest first; of private matters only that there is one."""
    require(request.user, "notice.undelivered")
    rows = Delivery.objects.undelivered().select_related("notice__recipient", "address")
    cursors = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
    try:
        found = page(rows, order=("-id",), size=_SIZE, **cursors)
    except (BadCursor, TypeError):
        return redirect("notice-undelivered")
    context = {
        "rows": [_row(delivery) for delivery in found.items],
        "previous_url": f"?before={found.previous}" if found.previous else "",
        "next_url": f"?after={found.next}" if found.next else "",
    }
    return render(request, "notices/undelivered.html", context)


def _row(delivery: Delivery) -> dict[str, object]:
    notice = delivery.notice
    hidden = notice.private
    return {
        "delivery": delivery,
        "subject": _("A confidential matter") if hidden else words_of(notice.kind, notice.facts).subject,
        "link": "" if hidden else notice.link,
        "recipient": notice.recipient or _("Nobody could be found"),
        "error": error_words(delivery.last_error),
    }


@require_POST
@login_required
def redrive_delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Try again from the start."""
    require(request.user, "notice.undelivered")
    redrive(delivery=get_object_or_404(Delivery, pk=pk), actor=request.user)  # type: ignore[arg-type]
    messages.success(request, _("It is sent again."))
    return redirect("notice-undelivered")
