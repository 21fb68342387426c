"""The pages for customers under /help/: list, search, article, one answer each; no log-in, nothing but what is public.

The pages hold no token and set no cookie, so that any cache may keep them for a minute; what is withdrawn is gone
after that. Questions are counted by address, and each page forbids being framed or run by others like every page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_GET, require_http_methods

from service_desk.knowledge.actions.articles_beside import vote
from service_desk.knowledge.articles.search import PAGE_SIZE, search
from service_desk.knowledge.articles.text import as_html
from service_desk.knowledge.articles.words import LONGEST_QUESTION
from service_desk.knowledge.forms.articles import VoteForm
from service_desk.knowledge.models import Article
from service_desk.knowledge.views.articles import page_number
from service_desk.people.middleware import client_ip
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import Refusal
from service_desk.rest.keyset import BadCursor, page
from service_desk.telephony.limiter import key_of, wait

_VISITOR, _YEAR = "desk_visitor", 365 * 86400
View = Callable[..., HttpResponse]


def _public(view: View) -> View:
    """Counted, switchable, kept by caches for a minute, and listed by search engines only where that is wanted."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.HELP_PAGES:
            raise Http404
        seconds = wait(key_of("help", client_ip(request) or "-"), settings.HELP_PER_SECOND)
        if seconds > 0:
            response = render(request, "knowledge/public_wait.html", {"seconds": int(seconds) + 1}, status=429)
            response.headers["Retry-After"] = str(int(seconds) + 1)
            return response
        response = view(request, *args, **kwargs)
        if not settings.HELP_INDEXED:
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        if response.status_code in (200, 304) and not response.has_header("Cache-Control"):
            known = request.user.is_authenticated  # somebody's own look is nobody else's
            response.headers["Cache-Control"] = "private, max-age=60" if known else "public, max-age=60"
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return guarded


@require_GET
@_public
def help_list(request: HttpRequest) -> HttpResponse:
    """The articles for customers, newest first, or those that hold the words."""
    asked = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    context: dict[str, Any] = {"asked": asked if is_clean(asked) else "", "indexed": settings.HELP_INDEXED}
    if asked:
        found = search(asked, public=True, number=page_number(request))
        context |= {
            "found": found,
            "previous_url": _address(q=asked, page=found.number - 1) if found.number > 1 else "",
            "next_url": _address(q=asked, page=found.number + 1) if found.has_next else "",
        }
    else:
        rows = Article.objects.for_customers().select_related("published").defer("published__body")
        after, before = request.GET.get("after") or None, request.GET.get("before") or None
        try:
            shown = page(rows, order=("-id",), size=PAGE_SIZE, after=after, before=before)
        except BadCursor:
            shown = page(rows, order=("-id",), size=PAGE_SIZE)
        context |= {
            "articles": shown.items,
            "next_url": _address(after=shown.next) if shown.next else "",
            "previous_url": _address(before=shown.previous) if shown.previous else "",
        }
    return render(request, "knowledge/public_list.html", context)


def _address(**query: Any) -> str:
    return f"{reverse('help')}?{urlencode(query)}"


def _tag(request: HttpRequest, pk: int) -> str | None:
    """Which look of which version this is: whoever has it already need not be sent it again."""
    revision = Article.objects.for_customers().filter(pk=pk).values_list("revision", flat=True).first()
    theme = request.COOKIES.get("desk_theme", "")[:5]
    who = getattr(request.user, "pk", None) or ""
    return f'"{pk}-{revision}-{get_language()}-{theme}-{who}"' if revision and theme.isalpha() | (not theme) else None


@require_GET
@_public
@condition(etag_func=_tag)
def help_article(request: HttpRequest, pk: int) -> HttpResponse:
    """One article for customers."""
    article = _article(pk)
    version: Any = article.published
    context = {"article": article, "version": version, "html": as_html(version.body), "indexed": settings.HELP_INDEXED}
    return render(request, "knowledge/public_article.html", context)


def _article(pk: int) -> Article:
    found: Article | None = Article.objects.for_customers().select_related("published").filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such article."))
    return found


@require_http_methods(["GET", "POST"])
@_public
def help_vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Was this useful? One answer a visitor, known again by a signed cookie that says nothing else."""
    article = _article(pk)
    chosen = request.GET.get("useful", "")
    form = VoteForm(request.POST or None, initial={"useful": chosen if chosen in ("yes", "no") else None})
    done, visitor, status = False, "", 200
    if request.method == "POST":
        status = 422
        visitor = request.get_signed_cookie(_VISITOR, default="", salt="help") or secrets.token_hex(16)
        if form.is_valid():
            try:
                vote(article=article, actor=None, visitor=visitor, **form.cleaned_data)
                done, status = True, 200
            except Refusal as refusal:
                form.add_error("comment", str(refusal.message))
    context = {"article": article, "form": form, "done": done, "indexed": False}
    response = render(request, "knowledge/public_vote.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    if done:
        response.set_signed_cookie(
            _VISITOR,
            visitor,
            salt="help",
            max_age=_YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SECURE,
            path=reverse("help"),
        )
    return response


@require_GET
@_public
def help_language(request: HttpRequest, code: str) -> HttpResponse:
    """Read on in another language."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = redirect(wanted if safe and wanted.startswith(reverse("help")) else reverse("help"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=_YEAR, samesite="Lax", secure=settings.SECURE, httponly=True
    )
    response.headers["Cache-Control"] = "no-store"
    return response
