"""One's own notices: the bell, the list, reading and acknowledging."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from service_desk.notices.actions import acknowledge, may_acknowledge, read, read_everything
from service_desk.notices.models import Notice, NoticeQuerySet
from service_desk.notices.rules import AckVia, Level
from service_desk.notices.shown import shown_all
from service_desk.people.access import can
from service_desk.rest.errors import NotFound
from service_desk.rest.keyset import BadCursor, page

_SIZE = 30
_UNREAD_AT_ONCE = 50


@require_GET
@login_required
def bell(request: HttpRequest) -> HttpResponse:
    """The fragment with the number of unread notices; counting ends at 100."""
    unread = Notice.objects.of(request.user).unread()[:100].count()
    return render(request, "components/bell.html", {"unread": unread})


@require_GET
@login_required
def notice_list(request: HttpRequest) -> HttpResponse:
    """Mine: the unread ones on top of the first page, then the others by age."""
    show, level = request.GET.get("show", ""), request.GET.get("level", "")
    mine = _filtered(Notice.objects.of(request.user), show, level).select_related("recipient", "instead_of", "acked_by")
    seen = Q(read_at__isnull=False) | Q(acked_at__isnull=False) | Q(stopped_at__isnull=False)
    cursors = {name: request.GET[name] for name in ("after", "before") if request.GET.get(name)}
    split = show == "" and not cursors
    try:
        older = page(mine.filter(seen) if show == "" else mine, order=("-id",), size=_SIZE, **cursors)
    except (BadCursor, TypeError):
        return redirect("notice-list")
    unread = list(mine.unread().order_by("-id")[:_UNREAD_AT_ONCE]) if split else []
    return render(
        request,
        "notices/list.html",
        {
            "unread": shown_all(unread, user=request.user, with_deliveries=False),
            "older": shown_all(older.items, user=request.user, with_deliveries=False),
            "chips": _chips(show, level),
            "may_see_undelivered": can(request.user, "notice.undelivered"),
            "clear_url": request.path if show or level else "",
            "previous_url": _link(show, level, before=older.previous),
            "next_url": _link(show, level, after=older.next),
        },
    )


def _filtered(mine: NoticeQuerySet, show: str, level: str) -> Any:
    if show == "waiting":
        mine = mine.waiting()
    elif show == "unread":
        mine = mine.unread()
    return mine.filter(level=level) if level in Level.values else mine


def _link(show: str, level: str, **cursor: str | None) -> str:
    parts = {"show": show, "level": level, **cursor}
    if cursor and not any(cursor.values()):
        return ""
    return "?" + urlencode({name: value for name, value in parts.items() if value})


def _chips(show: str, level: str) -> list[dict[str, Any]]:
    """Filters of the address; an active one leads to the address without it."""
    shows = [("unread", _("Unread")), ("waiting", _("To be acknowledged"))]
    chips = [
        {"label": label, "on": show == code, "url": _link("" if show == code else code, level)} for code, label in shows
    ]
    return chips + [
        {"label": each.label, "on": level == each, "url": _link(show, "" if level == each else each.value)}
        for each in Level
    ]


@require_POST
@login_required
def acknowledge_notice(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The button, in the list and on a case's page."""
    notice = get_object_or_404(Notice, key=key)
    if notice.recipient_id != request.user.pk and not may_acknowledge(request.user, notice):
        raise NotFound
    if acknowledge(notice=notice, actor=request.user, via=AckVia.SCREEN):  # type: ignore[arg-type]
        messages.success(request, _("Acknowledged."))
    else:
        messages.info(request, _("This has been acknowledged before, or is over."))
    return _back(request)


@require_POST
@login_required
def read_notice(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Mark one as read, then go to what it is about."""
    notice = get_object_or_404(Notice.objects.of(request.user), key=key)
    read(notice=notice, actor=request.user)  # type: ignore[arg-type]
    return redirect(notice.link) if notice.link else _back(request)


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all of mine as read; what is to be acknowledged stays to be acknowledged."""
    read_everything(actor=request.user)  # type: ignore[arg-type]
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the button was on."""
    came_from = request.POST.get("next") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return redirect(came_from if safe else "notice-list")
