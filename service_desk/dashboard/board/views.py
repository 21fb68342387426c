"""The pages of the board: now, the list behind each figure, the wall, and answering all that waits for oneself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from service_desk.cases.views.common import way_back
from service_desk.dashboard.board import asking, sharing
from service_desk.dashboard.board import lines as drawn
from service_desk.dashboard.board.columns import listing
from service_desk.dashboard.board.figures import FIGURES, Figure
from service_desk.dashboard.board.parts import Parts, parts_of
from service_desk.deadlines import clock
from service_desk.notices.actions import acknowledge
from service_desk.notices.models import Notice
from service_desk.notices.rules import AckVia
from service_desk.people.access import can, require
from service_desk.people.rules import LEADING_ROLES
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import NotAllowed
from service_desk.rest.keyset import BadCursor

PAGE_SIZE = 50
#: So many answers are given at a press; a storm takes several.
_MOST_ANSWERS = 200
_MOST_TOLD = 5


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _parts(request: HttpRequest, page: str, age: float) -> Parts:
    user: Any = request.user
    require(user, "board.view")
    return parts_of(user, sharing.board_of(user, time.monotonic() - age), page)


def _part(request: HttpRequest, page: str, template: str) -> HttpResponse:
    """The moving part for a page that refreshes itself; nothing, if it shows just that (204: htmx leaves it)."""
    has, heard = request.headers.get("Board-Mark", ""), "Board-Heard" in request.headers
    found = _parts(request, page, sharing.SHARED_SECONDS if heard or not has else sharing.UNHEARD_SECONDS)
    if has == found.mark:
        return HttpResponse(status=204)
    html = render_to_string(template, {"parts": found.whole(get_token(request))})
    return HttpResponse(html, headers={"Board-Mark": found.mark})


@login_required
@require_safe
def board_now(request: HttpRequest) -> HttpResponse:
    """The board, or for a page that refreshes itself its moving part."""
    if _is_part(request):
        return _part(request, "board", "dashboard/board_live.html")
    found = _parts(request, "board", sharing.SHARED_SECONDS)
    context = {
        "board": found.board,
        "parts": found.whole(get_token(request)),
        "may_see_team": bool(can(request.user, "board.team")),
    }
    return render(request, "dashboard/board.html", context)


@login_required
@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    """The same on a screen that everybody in the room reads: large, without the names of customers."""
    if _is_part(request):
        return _part(request, "wall", "dashboard/wall_live.html")
    found = _parts(request, "wall", sharing.SHARED_SECONDS)
    return render(request, "dashboard/wall.html", {"board": found.board, "parts": found.whole(get_token(request))})


@login_required
@require_safe
def board_list(request: HttpRequest, key: str) -> HttpResponse:
    """The rows behind one figure; their number is the figure's."""
    user: Any = request.user
    require(user, "board.view")
    figure = FIGURES.get(key)
    if figure is None:
        raise Http404(_("There is no such figure."))
    moment, lost = clock.now(), False
    found = listing(figure, user, request.GET.get("sort", ""))
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    try:
        shown = found.page(size=PAGE_SIZE, after=after, before=before)
    except BadCursor:
        shown, lost = found.page(size=PAGE_SIZE), True
    rows = drawn.lines(figure.kind, _whole(figure, shown.items), user, moment)
    context = {
        "figure": figure,
        "at": moment,
        "found": found,
        "number": found.number,
        "counted": asking.COUNTED,
        "rows": rows,
        "mine": list(dict.fromkeys(key for row in rows if row.answers for key in row.answers.mine)),
        "lost": lost,
        "next_url": _address(request, after=shown.next) if shown.next else "",
        "previous_url": _address(request, before=shown.previous) if shown.previous else "",
        "may_register": bool(can(user, "case.register")),
        "may_call_in": bool(user.has_role(*LEADING_ROLES)),
        "of_cases": any(row.case for row in rows),
        "here": request.get_full_path(),
    }
    template = "dashboard/board_list_live.html" if _is_part(request) else "dashboard/board_list.html"
    return render(request, template, context)


def _address(request: HttpRequest, **place: str) -> str:
    """Another page of the same list in the same order."""
    sort = request.GET.get("sort", "")
    return "?" + urlencode(({"sort": sort[:20]} if is_clean(sort) and sort else {}) | place)


def _whole(figure: Figure, rows: Sequence[Any]) -> list[Any]:
    """The rows of one page with what is drawn of each, in the same order (see now.first_lines)."""
    if not rows:
        return []
    found = type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows])
    whole = {row.pk: row for row in drawn.dressed(figure.kind, found)}
    return [whole[row.pk] for row in rows if row.pk in whole]


@login_required
@require_POST
def answer_all(request: HttpRequest) -> HttpResponse:
    """Acknowledge the notices that were ticked or shown; what was refused is said with its reason."""
    user: Any = request.user
    require(user, "board.view")
    keys = [key for text in request.POST.getlist("key")[:_MOST_ANSWERS] if (key := _uuid(text)) is not None]
    done, refused = 0, []
    for notice in Notice.objects.filter(key__in=keys).order_by("id"):
        try:
            done += acknowledge(notice=notice, actor=user, via=AckVia.SCREEN)
        except NotAllowed as refusal:
            refused.append(str(refusal))
    if done:
        told = ngettext("%(n)s notice acknowledged.", "%(n)s notices acknowledged.", done)
        messages.success(request, told % {"n": done})
    elif not refused:
        messages.info(request, _("There was nothing left to acknowledge."))
    for reason, number in _together(refused)[:_MOST_TOLD]:
        messages.warning(request, _("%(n)s refused: %(reason)s") % {"n": number, "reason": reason})
    return redirect(way_back(request) or "board")


def _together(reasons: list[str]) -> list[tuple[str, int]]:
    return [(reason, reasons.count(reason)) for reason in dict.fromkeys(reasons)]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
