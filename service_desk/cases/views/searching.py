"""One search over articles and cases: what the house knows, and what has happened (K6)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from service_desk.cases import addresses, board, columns, listing
from service_desk.cases.listing import Sort
from service_desk.cases.matches import marked
from service_desk.cases.models import Case
from service_desk.cases.views.common import person
from service_desk.cases.views.listing import Drawn
from service_desk.knowledge.articles.search import search
from service_desk.rest.clean import is_clean

#: So many of each stand here; a press leads to all of them.
ARTICLES_SHOWN, CASES_SHOWN = 6, 10


@login_required
@require_GET
def search_everything(request: HttpRequest) -> HttpResponse:
    """The most telling articles, and the newest cases that this person may know of."""
    user = person(request)
    asked = request.GET.get("q", "").strip()[:200]
    if is_clean(asked) and (named := Case.objects.visible_to(user).filter(number=asked.upper()).first()):
        return redirect(named)  # whoever types a number wants that case
    context: dict[str, Any] = {"asked": asked if is_clean(asked) else ""}
    if context["asked"]:
        shown, _unknown = columns.chosen("")
        asked_for = listing.find(user, {"q": asked})
        cases = listing.one_page(
            asked_for.dressed(lambda rows: columns.needed(rows, shown).annotate(read_at=Now())), Sort.NEWEST
        ).items
        read: Any = cases[0] if cases else None
        rows = board.rows_of(cases[:CASES_SHOWN], read.read_at) if cases else []
        context |= {
            "found": search(asked, size=ARTICLES_SHOWN),
            "rows": marked(rows, asked, shown, Drawn().cells),
            "more_cases": addresses.with_changes(QueryDict(mutable=True), {"q": asked})
            if len(cases) > CASES_SHOWN
            else "",
        }
    return render(request, "cases/search.html", context)
