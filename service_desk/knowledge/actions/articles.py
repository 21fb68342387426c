"""The verbs of articles: write, send for review, send back, publish, confirm, retire; each with its trail (K6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.deadlines.clock import now
from service_desk.knowledge.actions.articles_telling import tell
from service_desk.knowledge.actions.findings import hear
from service_desk.knowledge.articles import index
from service_desk.knowledge.articles.rules import (
    LONGEST_BODY,
    LONGEST_NOTE,
    LONGEST_TAG,
    LONGEST_TITLE,
    MOST_TAGS,
    SHOWN_STATES,
    ArticleState,
    Audience,
    VersionState,
    review_within,
)
from service_desk.knowledge.articles.sayable import said
from service_desk.knowledge.models import Article, ArticleVersion
from service_desk.people.access import require
from service_desk.people.directory import Directory
from service_desk.people.models import ProductType, ServiceLine
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, FieldError, Invalid, NotFound, Stale

#: What a version says and what it is about: all of it is reviewed, and seen when it is published.
_WRITTEN = ("title", "body", "tags", "audience", "lines", "products", "note")


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody writes: the text, whom it is for, and what it is about."""

    title: str
    body: str
    tags: Sequence[str] = ()
    audience: str = Audience.STAFF
    note: str = ""
    lines: Sequence[str] = field(default_factory=tuple)  # codes of service lines; none means all
    products: Sequence[int] = field(default_factory=tuple)


def begin(*, actor: Any, words: Words) -> Article:
    """Write the first draft of an article; its writer answers for it from now on."""
    with transaction.atomic():
        require(actor, "article.draft")
        clean = _clean(words)
        article: Article = Article.objects.create(owner=actor)
        _write(article, actor, clean, None)
        record(verb="article.draft", thing=f"article:{article.pk}", actor=actor, detail={"title": clean.title})
    return article


def write(*, actor: Any, article: Article, words: Words, revision: int | None = None) -> Article:
    """Go on with one's open draft, or begin the next version of the article."""
    with _locked(article, revision) as found:
        draft = open_version(found)
        require(actor, "article.draft", draft)
        if draft is not None and draft.state != VersionState.DRAFT:
            raise Conflict(
                _("The version waits for its review."), code="in_review", remedy=_("Have it sent back first.")
            )
        clean = _clean(words)
        _write(found, actor, clean, draft)
        record(verb="article.draft", thing=f"article:{found.pk}", actor=actor, detail={"title": clean.title})
    return found


def submit(*, actor: Any, article: Article, revision: int | None = None) -> Article:
    """Send one's draft for review; the author's superior is told, any editor may do it."""
    with _locked(article, revision) as found:
        draft = _demand(found, VersionState.DRAFT)
        require(actor, "article.draft", draft)
        draft.state, draft.submitted_at, draft.answer = VersionState.IN_REVIEW, now(), ""
        draft.save(update_fields=["state", "submitted_at", "answer"])
        _record("article.submit", draft, actor)
        above = Directory.load().superior(actor.pk)
        tell("article_submitted", found, draft, [above], by=actor)
    return found


def send_back(*, actor: Any, article: Article, answer: str, revision: int | None = None) -> Article:
    """The reviewer says what is to be mended; the author may write on."""
    with _locked(article, revision) as found:
        version = _demand(found, VersionState.IN_REVIEW)
        require(actor, "article.review", version)
        version.state, version.answer = VersionState.DRAFT, _said(answer, "answer")
        version.save(update_fields=["state", "answer"])
        _record("article.send_back", version, actor, answer=version.answer)
        tell("article_sent_back", found, version, [version.author_id], by=actor, answer=version.answer)
    return found


def publish(
    *,
    actor: Any,
    article: Article,
    review_at: datetime | None = None,
    answer: str = "",
    override: str = "",
    revision: int | None = None,
) -> Article:
    """Put what was reviewed in force in place of the version before; words for customers must be sayable (K3).

    Of an article for staff what is found is kept for inspection, and stops nothing.
    """
    with _locked(article, revision) as found:
        version = _demand(found, VersionState.IN_REVIEW)
        require(actor, "article.review", version)
        moment = now()
        found.review_at = _review_date(review_at, moment)
        hear(
            actor=actor,
            text=said(version),
            thing=f"article:{found.pk}",
            field="body",
            to_customer=version.audience == Audience.CUSTOMERS,
            override=override,
        )
        if found.published is not None:
            before = found.published
            before.state = VersionState.REPLACED
            before.save(update_fields=["state"])
        version.state, version.reviewer, version.decided_at = VersionState.PUBLISHED, actor, moment
        version.answer = _said(answer, "answer", optional=True)
        version.save(update_fields=["state", "reviewer", "decided_at", "answer"])
        found.published, found.published_at, found.state = version, moment, ArticleState.PUBLISHED
        found.reminded_at = found.expired_at = found.retired_at = None
        index.keep(found)
        _record("article.publish", version, actor, audience=version.audience)
        tell("article_published", found, version, [version.author_id], by=actor)
    return found


def discard(*, actor: Any, article: Article, revision: int | None = None) -> Article:
    """Throw the open version away; it stays in the list of versions as what it was."""
    with _locked(article, revision) as found:
        version = open_version(found)
        if version is None:
            raise Conflict(_("There is no draft."), code="no_draft")
        require(actor, "article.discard", version)
        version.state, version.decided_at = VersionState.DISCARDED, now()
        version.save(update_fields=["state", "decided_at"])
        _record("article.discard", version, actor)
    return found


def confirm(*, actor: Any, article: Article, review_at: datetime | None = None, revision: int | None = None) -> Article:
    """Say that the article is still right, and when it is to be looked at next; an overdue one is shown again."""
    with _locked(article, revision) as found:
        _demand_shown(found)
        require(actor, "article.confirm", found)
        found.review_at = _review_date(review_at, now())
        found.state, found.reminded_at, found.expired_at = ArticleState.PUBLISHED, None, None
        index.keep(found)
        record(
            verb="article.confirm",
            thing=f"article:{found.pk}",
            actor=actor,
            detail={"review_at": found.review_at.isoformat()},
        )
    return found


def retire(*, actor: Any, article: Article, reason: str, revision: int | None = None) -> Article:
    """Take the article out of force; its versions and its cases stay, and a new version brings it back."""
    with _locked(article, revision) as found:
        _demand_shown(found)
        require(actor, "article.retire", found)
        words = _said(reason, "reason")
        found.state, found.retired_at, found.expired_at = ArticleState.RETIRED, now(), None
        index.keep(found)
        record(verb="article.retire", thing=f"article:{found.pk}", actor=actor, detail={"reason": words})
    return found


def open_version(article: Article) -> ArticleVersion | None:
    """The draft, or what waits for its reviewer; an article has one at most."""
    found: ArticleVersion | None = article.versions.open().select_related("author").first()
    return found


# --- Inside the verbs -------------------------------------------------------------------------------------------------
@contextmanager
def _locked(article: Article, revision: int | None) -> Iterator[Article]:
    """Lock the article for one change, which is a new revision of it."""
    with transaction.atomic():
        found = (
            Article.objects.select_for_update(of=("self",)).select_related("published").filter(pk=article.pk).first()
        )
        if found is None:
            raise NotFound(_("There is no such article."))
        if revision is not None and found.revision != revision:
            raise Stale
        yield found
        found.revision += 1
        found.save()


def _write(article: Article, actor: Any, words: Words, draft: ArticleVersion | None) -> None:
    said = {name: getattr(words, name) for name in _WRITTEN}
    if draft is None:
        last = article.versions.aggregate(last=Max("number"))["last"] or 0
        ArticleVersion.objects.create(article=article, number=last + 1, author=actor, **said)
    else:
        for name, value in said.items():
            setattr(draft, name, value)
        draft.save(update_fields=list(said))


def _clean(words: Words) -> Words:
    """The words as they are kept; raises Invalid naming each field."""
    demand_clean({"title": words.title, "body": words.body, "note": words.note, "tags": list(words.tags)})
    title, body = " ".join(words.title.split()), words.body.replace("\r\n", "\n").replace("\r", "\n").strip()
    tags = list(dict.fromkeys(" ".join(tag.split()) for tag in words.tags if tag.strip()))
    note = " ".join(words.note.split())
    problems = [
        FieldError(name, _("Please fill this in."), "required")
        for name, value in (("title", title), ("body", body))
        if not value
    ]
    too_long = (("title", title, LONGEST_TITLE), ("body", body, LONGEST_BODY), ("note", note, LONGEST_NOTE))
    problems += [
        FieldError(name, _("Please write at most %(limit)s characters.") % {"limit": most}, "max_length")
        for name, value, most in too_long
        if len(value) > most
    ]
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        problems.append(
            FieldError(
                "tags",
                _("At most %(most)s tags of at most %(limit)s characters.") % {"most": MOST_TAGS, "limit": LONGEST_TAG},
                "max_length",
            )
        )
    if words.audience not in Audience.values:
        problems.append(FieldError("audience", _("Please choose one of the values."), "invalid_choice"))
    lines, products = list(dict.fromkeys(words.lines)), list(dict.fromkeys(words.products))
    if len(lines) > ServiceLine.objects.filter(pk__in=lines).count():
        problems.append(FieldError("lines", _("There is none with this value."), "does_not_exist"))
    if len(products) > ProductType.objects.filter(pk__in=products).count():
        problems.append(FieldError("products", _("There is none with this value."), "does_not_exist"))
    if problems:
        raise Invalid.of(problems)
    return Words(title, body, tags, words.audience, note, sorted(lines), sorted(products))


def _demand(article: Article, state: VersionState) -> ArticleVersion:
    version = open_version(article)
    if version is None or version.state != state:
        raise Conflict(
            _("There is no draft.") if state == VersionState.DRAFT else _("Nothing waits for a review here."),
            code="no_draft" if state == VersionState.DRAFT else "not_in_review",
        )
    return version


def _demand_shown(article: Article) -> None:
    if article.state not in SHOWN_STATES:
        raise Conflict(_("The article is not in force."), code="not_in_force")


def _review_date(wanted: datetime | None, moment: datetime) -> datetime:
    if wanted is None:
        return moment + timedelta(days=settings.ARTICLE_REVIEW_DAYS)
    if not review_within(moment, wanted):
        raise Invalid(_("Choose a day within the next three years."), field="review_at", code="out_of_range")
    return wanted


def _said(text: str, name: str, *, optional: bool = False) -> str:
    demand_clean({name: text})
    said = text.strip()
    if not said and not optional:
        raise Invalid(_("Please fill this in."), field=name, code="required")
    if len(said) > LONGEST_NOTE:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": LONGEST_NOTE}, field=name, code="max_length"
        )
    return said


def _record(verb: str, version: ArticleVersion, actor: Any, **detail: Any) -> None:
    detail = {"version": version.number, **detail}
    record(verb=verb, thing=f"article:{version.article_id}", actor=actor, detail=detail)
