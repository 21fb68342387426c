"""Articles beside a case: a part of its page, asked for after the page so that it costs the page nothing (K6)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from service_desk.audit.actions import record_refusal
from service_desk.cases.actions.articles import link_article, unlink_article
from service_desk.cases.helping import articles_of, offered_for
from service_desk.cases.models import Case
from service_desk.cases.views.common import case_for, person, wants_part
from service_desk.knowledge.articles.search import search
from service_desk.people.access import can
from service_desk.rest.errors import NotAllowed, Refusal

_DEEDS = frozenset({"link", "solved", "unsolved", "unlink"})
_FOUND = 8


@login_required
@require_http_methods(["GET", "POST"])
def case_articles(request: HttpRequest, number: str) -> HttpResponse:
    """What stands beside the case and what may help; with words, what they find."""
    case = case_for(request, number)
    if request.method == "POST":
        return _do(request, case)
    links = articles_of(case)
    asked = request.GET.get("q", "").strip()[:200]
    known = {link.article_id for link in links}
    found = [hit.article for hit in search(asked, size=_FOUND).hits] if asked else offered_for(case, links)
    context = {
        "case": case,
        "links": links,
        "offered": [article for article in found if article.pk not in known],
        "asked": asked,
        "may": can(request.user, "case.article", case),
    }
    template = "cases/articles_part.html" if wants_part(request) else "cases/articles.html"
    return render(request, template, context)


def _do(request: HttpRequest, case: Case) -> HttpResponse:
    deed, wanted = request.POST.get("deed", ""), request.POST.get("article", "")
    article = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18 else 0
    user = person(request)
    if deed not in _DEEDS:
        raise Http404(_("There is no such action."))
    try:
        if deed == "unlink":
            unlink_article(case=case, actor=user, article=article)
        else:
            link_article(case=case, actor=user, article=article, solved=deed == "solved")
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            record_refusal(verb=refusal.verb, thing=refusal.thing, actor=user, reason=str(refusal.message))
        messages.error(request, f"{refusal.message} {refusal.remedy}".strip())
    return redirect(f"{case.get_absolute_url()}#articles")
