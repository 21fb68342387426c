"""Writing articles: the editor with its preview and pictures, the deeds of an article's life, votes, synonyms (K6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from service_desk.audit.actions import record_refusal
from service_desk.knowledge.actions import articles as verbs
from service_desk.knowledge.actions.articles_beside import add_picture, change_synonyms, demand_picture_size, vote
from service_desk.knowledge.articles import synonyms
from service_desk.knowledge.articles.rules import LONGEST_BODY, VersionState
from service_desk.knowledge.articles.sayable import found_in
from service_desk.knowledge.articles.text import as_html, in_text
from service_desk.knowledge.forms.articles import (
    AnswerForm,
    ArticleForm,
    PlainForm,
    PublishForm,
    ReasonForm,
    ReviewDateForm,
    SynonymForm,
    VoteForm,
    initial_of,
)
from service_desk.knowledge.models import Article, ArticlePicture, ArticleVersion, SynonymList
from service_desk.knowledge.rules import Weight
from service_desk.knowledge.views.articles import article_for
from service_desk.people.access import can, require
from service_desk.people.fields import add_refusal
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import FieldError, NotAllowed, Refusal

_LISTS_SHOWN = 20
_PHRASES_SHOWN, _PHRASE_SHOWN = 5, 40


@dataclass(frozen=True)
class Deed:
    """Something done to an article: its words, its form, the right it needs, its verb."""

    label: str | Promise
    form: Callable[..., Any]
    right: str
    verb: Callable[..., Article]
    of_draft: bool = True


DEEDS: Mapping[str, Deed] = {
    "submit": Deed(gettext_lazy("Send for review"), PlainForm, "article.draft", verbs.submit),
    "publish": Deed(gettext_lazy("Publish"), PublishForm, "article.review", verbs.publish),
    "send-back": Deed(gettext_lazy("Send back"), AnswerForm, "article.review", verbs.send_back),
    "confirm": Deed(gettext_lazy("Still right"), ReviewDateForm, "article.confirm", verbs.confirm, of_draft=False),
    "retire": Deed(gettext_lazy("Retire"), ReasonForm, "article.retire", verbs.retire, of_draft=False),
    "discard": Deed(gettext_lazy("Throw the draft away"), PlainForm, "article.discard", verbs.discard),
}


# --- The text ---------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def article_new(request: HttpRequest) -> HttpResponse:
    """Begin an article."""
    require(request.user, "article.draft")
    return _edit(request, None)


@login_required
@require_http_methods(["GET", "POST"])
def article_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with a draft, or begin the next version."""
    article = article_for(request, pk)
    draft = verbs.open_version(article)
    require(request.user, "article.draft", draft)
    if draft is not None and draft.state == VersionState.IN_REVIEW:
        messages.info(request, _("The version waits for its review."))
        return redirect(article)
    return _edit(request, article)


def _edit(request: HttpRequest, article: Article | None) -> HttpResponse:
    user: Any = request.user
    source = _source(request, article) if article is not None else None
    form = ArticleForm(request.POST or None, initial=initial_of(article, source) if article else None)
    if request.method == "POST" and form.is_valid():
        try:
            if article is None:
                saved = verbs.begin(actor=user, words=form.words)
            else:
                revision = form.cleaned_data["revision"]
                saved = verbs.write(actor=user, article=article, words=form.words, revision=revision)
        except Refusal as refusal:
            _refused(request, form, refusal)
        else:
            messages.success(request, _("The draft is saved."))
            _warn(request, saved)
            if "stay" in request.POST:
                return redirect("article-edit", saved.pk)
            return redirect(f"{saved.get_absolute_url()}?draft=1")
    pictures = article.pictures.defer("content") if article else []
    context = {
        "form": form,
        "article": article,
        "pictures": [(each, in_text(each.name, each.pk)) for each in pictures],
        "largest": settings.ARTICLE_PICTURE_BYTES,
    }
    return render(request, "knowledge/article_edit.html", context, status=422 if form.errors else 200)


def _source(request: HttpRequest, article: Article) -> ArticleVersion | None:
    """What the form begins with: the open draft; else the version the address names, which is how one goes back."""
    draft = verbs.open_version(article)
    if draft is not None:
        return draft
    wanted = request.GET.get("from", "")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0
    newest: ArticleVersion | None = article.versions.order_by("-number").first()
    return article.versions.filter(number=number).first() or article.published or newest


def _warn(request: HttpRequest, article: Article) -> None:
    """Say at saving what publishing will ask about (K3)."""
    draft = verbs.open_version(article)
    found = found_in(draft) if draft is not None else []
    if not found:
        return
    phrases = ", ".join(f"“{one.phrase[:_PHRASE_SHOWN]}”" for one in found[:_PHRASES_SHOWN])
    if any(one.severity == Weight.BLOCK for one in found):
        messages.warning(
            request, _("It will not be published for customers as it is: %(phrases)s.") % {"phrases": phrases}
        )
    else:
        messages.warning(request, _("Not the language of the house: %(phrases)s.") % {"phrases": phrases})


def _refused(request: HttpRequest, form: Any, refusal: Refusal) -> None:
    if isinstance(refusal, NotAllowed):
        record_refusal(verb=refusal.verb, thing=refusal.thing, actor=request.user, reason=str(refusal.message))
    add_refusal(form, refusal.errors or [FieldError("", refusal.message, refusal.code, refusal.remedy)])


@login_required
@require_POST
def article_preview(request: HttpRequest) -> HttpResponse:
    """The text as it will be shown."""
    require(request.user, "article.draft")
    body = request.POST.get("body", "")[:LONGEST_BODY]
    html = as_html(body) if is_clean(body) else ""
    return render(
        request, "knowledge/article_preview.html", {"html": html, "title": request.POST.get("title", "")[:120]}
    )


def _picture_of(request: HttpRequest, article: Article) -> ArticlePicture:
    sent: Any = request.FILES.get("file")
    if sent is None:
        raise Refusal(_("Choose a picture."), status=400)
    demand_picture_size(sent.size)  # a larger one is not even read
    return add_picture(actor=request.user, article=article, content=sent.read(), name=sent.name)


@login_required
@require_POST
def article_pictures(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a picture; a script is answered with the words that put it into the text."""
    article = article_for(request, pk)
    asked_by_script = "application/json" in request.headers.get("Accept", "")
    user: Any = request.user
    try:
        made = _picture_of(request, article)
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            record_refusal(verb=refusal.verb, thing=refusal.thing, actor=user, reason=str(refusal.message))
        words = f"{refusal.message} {refusal.remedy}".strip()
        if asked_by_script:
            return JsonResponse({"message": words}, status=422)
        messages.error(request, words)
        return redirect("article-edit", article.pk)
    if asked_by_script:
        return JsonResponse({"words": in_text(made.name, made.pk), "name": made.name})
    messages.success(request, _("Added: %(names)s.") % {"names": made.name})
    return redirect("article-edit", article.pk)


# --- The deeds --------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def article_do(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """The form of a deed, or the deed."""
    if deed not in DEEDS:
        raise Http404(_("There is no such action."))
    article, chosen = article_for(request, pk), DEEDS[deed]
    draft = verbs.open_version(article)
    require(request.user, chosen.right, draft if chosen.of_draft else article)
    form = chosen.form(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        revision = request.POST.get("revision", "")
        known = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else None
        if form.is_valid():
            try:
                chosen.verb(actor=request.user, article=article, revision=known, **form.cleaned_data)
            except Refusal as refusal:
                _refused(request, form, refusal)
                status = 422 if refusal.status == 400 else refusal.status
            else:
                messages.success(request, _("Saved: %(move)s.") % {"move": chosen.label})
                return redirect(article)
    context = {
        "article": article,
        "version": draft if chosen.of_draft else article.published,
        "form": form,
        "label": chosen.label,
        "deed": deed,
    }
    return render(request, "knowledge/article_deed.html", context, status=status)


@login_required
@require_POST
def article_vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Was this useful?"""
    article = article_for(request, pk)
    form = VoteForm(request.POST)
    if form.is_valid():
        vote(article=article, actor=request.user, **form.cleaned_data)
        messages.success(request, _("Thank you; your answer is counted."))
    else:
        messages.error(request, _("Please choose yes or no."))
    return redirect(article)


# --- Synonyms ---------------------------------------------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "POST"])
def synonym_list(request: HttpRequest) -> HttpResponse:
    """The words that mean the same to the search, for editors to change; every list before stays readable."""
    require(request.user, "synonyms.view")
    may = can(request.user, "synonyms.change")
    newest = SynonymList.objects.newest().first()
    held = newest.groups if newest else []
    initial = {"text": synonyms.as_text(held), "based_on": newest.number if newest else 0}
    form = SynonymForm(request.POST or None, initial=initial)
    if request.method == "POST":
        require(request.user, "synonyms.change")
        if form.is_valid():
            try:
                change_synonyms(actor=request.user, **form.cleaned_data)
            except Refusal as refusal:
                _refused(request, form, refusal)
            else:
                messages.success(request, _("The search uses these words from now on."))
                return redirect("synonyms")
    lists = list(SynonymList.objects.newest().select_related("made_by")[: _LISTS_SHOWN + 1])
    history = [
        (made, list(synonyms.differences(before.groups if before else [], made.groups)))
        for made, before in zip(lists[:_LISTS_SHOWN], [*lists[1:], None], strict=False)
    ]
    context = {"form": form, "may": may, "groups": held, "history": history, "test_url": reverse("article-list")}
    return render(request, "knowledge/article_synonyms.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def synonym_version(request: HttpRequest, number: int) -> HttpResponse:
    """An older list as text, to be copied from."""
    require(request.user, "synonyms.view")
    found = SynonymList.objects.filter(number=number).select_related("made_by").first()
    if found is None:
        raise Http404(_("There is no such list."))
    context = {"made": found, "text": synonyms.as_text(found.groups)}
    return render(request, "knowledge/article_synonyms_old.html", context)
