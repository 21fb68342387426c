"""Reading articles at the desk: the list with its search, an article, its versions side by side, its pictures (K6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from service_desk.deadlines.clock import now
from service_desk.knowledge.actions.articles import open_version
from service_desk.knowledge.actions.articles_telling import is_soon
from service_desk.knowledge.articles import beside
from service_desk.knowledge.articles.about import changes, lines_of, products_of
from service_desk.knowledge.articles.compare import side_by_side
from service_desk.knowledge.articles.rules import OPEN_VERSIONS, SHOWN_STATES, VersionState
from service_desk.knowledge.articles.sayable import found_in
from service_desk.knowledge.articles.search import PAGE_SIZE, search, suggest
from service_desk.knowledge.articles.text import as_html, pictures_in
from service_desk.knowledge.forms.articles import ArticleFilters, VoteForm
from service_desk.knowledge.language.check import Finding
from service_desk.knowledge.models import Article, ArticlePicture, ArticleVersion, ArticleVote
from service_desk.knowledge.rules import Category
from service_desk.people.access import can, require
from service_desk.people.models import ProductType
from service_desk.rest.keyset import BadCursor, Page, page

_LONGEST_PAGE = 6
DEEDS = ("submit", "publish", "send-back", "confirm", "retire", "discard")


@login_required
@require_GET
def article_list(request: HttpRequest) -> HttpResponse:
    """Articles in force, newest first; with words the most telling first; or the drafts that wait."""
    require(request.user, "article.view")
    form = ArticleFilters(request.GET)
    form.is_valid()
    chosen = form.chosen
    context: dict[str, Any] = {
        "form": form,
        "filtered": bool(chosen),
        "may_draft": bool(can(request.user, "article.draft")),
        "asked": chosen.get("q", ""),
        "to_review": _to_review(request.user),
    }
    if context["asked"]:
        number = page_number(request)
        line = chosen["line"].pk if "line" in chosen else ""
        found = search(context["asked"], line=line, number=number)
        context |= {
            "found": found,
            "previous_url": _address(request, page=str(number - 1)) if found.number > 1 else "",
            "next_url": _address(request, page=str(found.number + 1)) if found.has_next else "",
        }
    else:
        rows, lost = _rows(request, form)
        context |= {
            "articles": rows.items,
            "lost": lost,
            "next_url": _address(request, after=rows.next) if rows.next else "",
            "previous_url": _address(request, before=rows.previous) if rows.previous else "",
        }
    return render(request, "knowledge/articles.html", context)


def _to_review(user: Any) -> int:
    """How many versions wait for this reader's review; none for who reviews nothing."""
    if not can(user, "article.review"):
        return 0
    seen = Article.objects.visible_to(user)
    return (
        ArticleVersion.objects.open()
        .filter(state=VersionState.IN_REVIEW, article__in=seen)
        .exclude(author=user)
        .count()
    )


def _rows(request: HttpRequest, form: ArticleFilters) -> tuple[Page[Article], bool]:
    drafts = Prefetch(
        "versions",
        queryset=ArticleVersion.objects.filter(state__in=OPEN_VERSIONS).select_related("author").defer("body"),
        to_attr="open_versions",
    )
    rows = Article.objects.visible_to(request.user).whole().defer("published__body").prefetch_related(drafts)
    rows = form.narrow(rows)
    after, before = request.GET.get("after") or None, request.GET.get("before") or None
    try:
        return page(rows, order=("-id",), size=PAGE_SIZE, after=after, before=before), False
    except BadCursor:
        return page(rows, order=("-id",), size=PAGE_SIZE), True


def page_number(request: HttpRequest) -> int:
    """The page that the address names; the first one for anything else."""
    wanted = request.GET.get("page", "")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < _LONGEST_PAGE else 1


def _address(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before", "page"):
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"{reverse('article-list')}?{query.urlencode()}"


def article_for(request: HttpRequest, pk: int) -> Article:
    """The article, as this person may know of it; 404 alike for any other."""
    require(request.user, "article.view")
    found: Article | None = Article.objects.visible_to(request.user).whole().filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such article."))
    return found


@login_required
@require_GET
def article_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The version in force, or the draft where there is none; what may be done; where it helped."""
    article = article_for(request, pk)
    user: Any = request.user
    draft = open_version(article)
    shown = article.published if article.state in SHOWN_STATES else draft or article.published
    if request.GET.get("draft") == "1" and draft is not None:
        shown = draft
    if shown is None:
        shown = article.versions.order_by("-number").first()
    mine = ArticleVote.objects.filter(article=article, staff=user).first()
    initial = {"useful": "yes" if mine.useful else "no", "comment": mine.comment} if mine else {}
    context = {
        "article": article,
        "version": shown,
        "draft": draft,
        "found": [(one, _category(one)) for one in found_in(draft)] if draft is not None and shown == draft else [],
        "html": as_html(shown.body) if shown else "",
        "lines": lines_of(shown),
        "products": products_of(shown),
        "uses": beside.uses(user, article.pk),
        "deeds": deeds_for(user, article, draft),
        "may_write": bool(can(user, "article.draft", draft)) and (draft is None or draft.state == VersionState.DRAFT),
        "review_is_near": is_soon(article, now()),
        "voted": mine,
        "vote_form": VoteForm(initial=initial),
        "is_public": shown == article.published and Article.objects.for_customers().filter(pk=article.pk).exists(),
    }
    return render(request, "knowledge/article.html", context)


def _category(found: Finding) -> str:
    return str(Category(found.category).label)


def deeds_for(user: Any, article: Article, draft: ArticleVersion | None) -> list[dict[str, Any]]:
    """What may be done now, with the reason where somebody else has to do it."""
    in_review = draft is not None and draft.state == VersionState.IN_REVIEW
    shown = article.state in SHOWN_STATES
    possible = {
        "submit": (draft is not None and not in_review, "article.draft", draft, _("Send for review"), "paper-airplane"),
        "publish": (in_review, "article.review", draft, _("Publish"), "check"),
        "send-back": (in_review, "article.review", draft, _("Send back"), "arrow-uturn-left"),
        "confirm": (shown, "article.confirm", article, _("Still right"), "check-badge"),
        "retire": (shown, "article.retire", article, _("Retire"), "archive-box"),
        "discard": (draft is not None, "article.discard", draft, _("Throw the draft away"), "trash"),
    }
    deeds = []
    for name in DEEDS:
        now_possible, verb, thing, label, symbol = possible[name]
        if not now_possible:
            continue
        may = can(user, verb, thing)
        if may or name == "publish":
            deeds.append({"name": name, "label": label, "symbol": symbol, "why_not": "" if may else may.reason})
    return deeds


@login_required
@require_GET
def article_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One version, and what it changed against the one before or any other."""
    article = article_for(request, pk)
    versions = list(article.versions.whole().order_by("-number").defer("body")[:200])
    version = article.versions.whole().filter(number=number).first()
    if version is None:
        raise Http404(_("There is no such version."))
    wanted = request.GET.get("against", "")
    against = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else number - 1
    other = article.versions.filter(number=against).first()
    whole = request.GET.get("all") == "1"
    rows = side_by_side(other.body, version.body, whole=whole) if other is not None else []
    context = {
        "article": article,
        "version": version,
        "versions": versions,
        "other": other,
        "rows": rows,
        "changes": changes(other, version) if other is not None else [],
        "same_text": other is not None and other.body == version.body,
        "lines": lines_of(version),
        "products": products_of(version),
        "may_write": bool(can(request.user, "article.draft")) and open_version(article) is None,
        "html": as_html(version.body),
    }
    return render(request, "knowledge/article_version.html", context)


@login_required
@require_GET
def suggest_articles(request: HttpRequest) -> HttpResponse:
    """Articles that fit what is being typed, as a fragment beside the register form."""
    require(request.user, "article.view")
    words, product = request.GET.get("fault", "")[:200], request.GET.get("product_type", "")
    pk = int(product) if product.isascii() and product.isdigit() and len(product) <= 18 else None
    kind = ProductType.objects.filter(pk=pk).first() if pk else None
    said = f"{kind.name} {words}" if kind else words
    found = suggest(said, product=pk, line=kind.service_line_id if kind else "") if len(words.strip()) > 1 else []
    return render(request, "knowledge/article_suggested.html", {"suggested": found})


@require_GET
def article_picture(request: HttpRequest, key: UUID) -> HttpResponse:
    """A picture, for whoever may read its article: the desk all of them, customers those of what is published."""
    picture = ArticlePicture.objects.select_related("article__published").filter(pk=key).first()
    if picture is None or not _may_look(request.user, picture):
        raise Http404(_("There is no such picture."))
    response = HttpResponse(bytes(picture.content), content_type=picture.content_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=300"  # asked again soon: the article may be withdrawn
    return response


def _may_look(user: Any, picture: ArticlePicture) -> bool:
    if can(user, "article.view"):
        return True
    article = picture.article
    shown = Article.objects.for_customers().filter(pk=article.pk).exists()
    return shown and article.published is not None and picture.pk in pictures_in(article.published.body)
