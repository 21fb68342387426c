"""What is kept beside the text of an article: pictures, answers to 'was this useful', and the synonyms (K6)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Now
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.knowledge.articles import synonyms
from service_desk.knowledge.articles.current import look_again
from service_desk.knowledge.articles.rules import LONGEST_NOTE, MOST_PICTURES
from service_desk.knowledge.models import Article, ArticlePicture, ArticleVote, SynonymList
from service_desk.people.access import require
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Conflict, FieldError, Invalid, NotFound, Stale
from service_desk.rest.filetypes import IMAGES, BadFile, Taken, examined

_LOCK = 7_340_412  # one list of synonyms is made at a time


# --- Pictures ---------------------------------------------------------------------------------------------------------
def add_picture(*, actor: Any, article: Article, content: bytes, name: str) -> ArticlePicture:
    """Keep a picture for the article's text, drawn anew; the same one twice is the same. Invalid on `file`."""
    from_open = article.versions.open().select_related("author").first()
    require(actor, "article.draft", from_open)  # before any work is spent on it
    taken = _picture(content, name)
    sent = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        if not Article.objects.select_for_update(of=("self",)).filter(pk=article.pk).exists():
            raise NotFound(_("There is no such article."))
        before = article.pictures.filter(sent_sha256=sent).defer("content").first()
        if before is not None:
            return before
        if article.pictures.count() >= MOST_PICTURES:
            raise Invalid(
                _("An article holds at most %(most)s pictures.") % {"most": MOST_PICTURES},
                field="file",
                code="too_many",
            )
        made: ArticlePicture = ArticlePicture.objects.create(
            article=article,
            name=taken.name,
            content_type=taken.content_type,
            content=taken.content,
            size=len(taken.content),
            sent_sha256=sent,
            uploaded_by=actor,
        )
        detail = {"picture": str(made.pk), "sha256": sent}
        record(verb="article.picture", thing=f"article:{article.pk}", actor=actor, detail=detail)
    return made


def demand_picture_size(size: int) -> None:
    """Raise Invalid on `file` for what is too large to be a picture of an article."""
    most = settings.ARTICLE_PICTURE_BYTES
    if size > most:
        raise Invalid(
            _("The file is too large: %(size)s.") % {"size": filesizeformat(size)},
            field="file",
            code="too_large",
            remedy=_("At most %(most)s; make it smaller and send it again.") % {"most": filesizeformat(most)},
        )


def _picture(content: bytes, name: str) -> Taken:
    demand_picture_size(len(content))
    remedy = _("Send a picture: PNG, JPEG, GIF or WebP.")
    try:
        taken = examined(content, name)
    except BadFile as bad:
        raise Invalid(bad.message, field="file", code=bad.code, remedy=remedy) from bad
    if taken.content_type not in IMAGES:
        raise Invalid(_("This is no picture."), field="file", code="not_allowed", remedy=remedy)
    demand_picture_size(len(taken.content))
    return taken


# --- Was this useful --------------------------------------------------------------------------------------------------
def vote(*, article: Article, actor: Any, visitor: str = "", useful: bool, comment: str = "") -> ArticleVote:
    """Keep the answer of a person or of a visitor; a second one takes the place of the first."""
    demand_clean({"comment": comment})
    words = " ".join(comment.split())
    if len(words) > LONGEST_NOTE:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": LONGEST_NOTE},
            field="comment",
            code="max_length",
        )
    if actor is not None:
        require(actor, "article.vote", article)
    with transaction.atomic():
        shown = Article.objects.shown() if actor is not None else Article.objects.for_customers()
        if not shown.select_for_update(of=("self",)).filter(pk=article.pk).exists():
            raise NotFound(_("There is no such article."))
        who = {"staff": actor} if actor is not None else {"visitor": visitor}
        before = ArticleVote.objects.filter(article=article, **who).first()
        _count(article, before, useful)
        given = {"useful": useful, "comment": words}
        if before is None:
            return ArticleVote.objects.create(article=article, **who, **given)
        before.useful, before.comment, before.at = useful, words, Now()
        before.save(update_fields=["useful", "comment", "at"])
    return before


def _count(article: Article, before: ArticleVote | None, useful: bool) -> None:
    up, down = int(useful), int(not useful)
    if before is not None:
        up, down = up - int(before.useful), down - int(not before.useful)
    if up or down:
        Article.objects.filter(pk=article.pk).update(useful=_sum("useful", up), not_useful=_sum("not_useful", down))


def _sum(name: str, change: int) -> Any:
    return Case(
        When(**{f"{name}__gte": max(0, -change)}, then=F(name) + change), default=Value(0), output_field=IntegerField()
    )


# --- Synonyms ---------------------------------------------------------------------------------------------------------
def change_synonyms(*, actor: Any, text: str, based_on: int | None = None, note: str = "") -> SynonymList:
    """Put another list in force, as the next number; Invalid names each line that is no group."""
    demand_clean({"text": text, "note": note})
    if len(note) > LONGEST_NOTE:
        raise Invalid(
            _("Please write at most %(limit)s characters.") % {"limit": LONGEST_NOTE}, field="note", code="max_length"
        )
    groups, wrong = synonyms.parse(text)
    if wrong:
        raise Invalid.of([FieldError("text", _told(each), each.code) for each in wrong[:20]])
    with transaction.atomic():
        require(actor, "synonyms.change")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        newest = SynonymList.objects.newest().first()
        number, held = (newest.number, newest.groups) if newest else (0, [])
        if based_on is not None and based_on != number:
            raise Stale
        if held == groups:
            raise Conflict(_("Nothing has changed."), code="unchanged")
        made = SynonymList(number=number + 1, groups=groups, note=note.strip(), made_by=actor)
        made.save(force_insert=True)
        changed: Sequence[tuple[str, str]] = list(synonyms.differences(held, groups))
        record(
            verb="synonyms.change",
            thing=f"synonymlist:{made.number}",
            actor=actor,
            detail={"changed": [f"{sign} {line}" for sign, line in changed[:100]]},
        )
        transaction.on_commit(look_again)
    return made


def _told(wrong: synonyms.Wrong) -> str:
    messages = {
        "one_word": _("Line %(line)s: write at least two words, as 退服 = 断站."),
        "too_many_words": _("Line %(line)s: at most %(most)s words mean the same."),
        "too_long": _("Line %(line)s: “%(word)s” is longer than %(longest)s characters."),
        "too_short": _("Line %(line)s: “%(word)s” has one character only, which stands in too many words."),
        "blank": _("Line %(line)s: “%(word)s” holds a blank."),
        "twice": _("Line %(line)s: “%(word)s” stands in the list already; put it into one group."),
        "too_many": _("At most %(groups)s groups."),
    }
    return messages[wrong.code] % {
        "line": wrong.line,
        "word": wrong.word[:40],
        "most": synonyms.MOST_WORDS,
        "longest": synonyms.LONGEST_WORD,
        "groups": synonyms.MOST_GROUPS,
    }
