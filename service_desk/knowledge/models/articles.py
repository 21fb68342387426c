"""Articles, their versions from draft to replaced, their pictures, votes and words; and the desk's synonyms (K6)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from service_desk.audit.append_only import append_only
from service_desk.knowledge.articles.rules import (
    LONGEST_NOTE,
    LONGEST_TAG,
    LONGEST_TITLE,
    OPEN_VERSIONS,
    SHOWN_STATES,
    ArticleState,
    Audience,
    VersionState,
)
from service_desk.people.models import ProductType, ServiceLine
from service_desk.people.rules import READING_ROLES

_STAFF = settings.AUTH_USER_MODEL


class ArticleQuerySet(models.QuerySet["Article"]):
    """Reads as questions."""

    def visible_to(self, user: Any) -> Self:
        """Everything for everybody of the desk; who is no member of it sees what customers see."""
        if getattr(user, "is_authenticated", False) and user.is_active and user.has_role(*READING_ROLES):
            return self
        return self.for_customers()

    def for_customers(self) -> Self:
        """What anybody may read: published for customers and not past its review date, worker or no worker."""
        return self.filter(state=ArticleState.PUBLISHED, published__audience=Audience.CUSTOMERS, review_at__gt=Now())

    def about(self, line: str) -> Self:
        """Those of a service line: by the version in force, and where there is none yet by what is being written."""
        written = ArticleVersion.objects.open().filter(article__published=None, lines__contains=[line])
        return self.filter(Q(lines=line) | Q(pk__in=written.values("article")))

    def shown(self) -> Self:
        """Those with a version in force."""
        return self.filter(state__in=SHOWN_STATES)

    def whole(self) -> Self:
        """With what a line of a list shows."""
        return self.select_related("published", "owner")


class Article(models.Model):
    """One article; what it says is in its versions, of which `published` is the one in force."""

    state = models.CharField(_("State"), max_length=10, choices=ArticleState.choices, default=ArticleState.NEW)
    owner = models.ForeignKey(_STAFF, verbose_name=_("Owner"), on_delete=models.PROTECT, related_name="+")
    published = models.OneToOneField(
        "ArticleVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    #: What the version in force says it is about, as the search asks it; the database alone keeps both in step.
    lines: Any = models.ManyToManyField(
        ServiceLine, verbose_name=_("Service lines"), through="ArticleLine", related_name="+", editable=False
    )
    products: Any = models.ManyToManyField(
        ProductType, verbose_name=_("Product types"), through="ArticleProduct", related_name="+", editable=False
    )
    review_at = models.DateTimeField(_("To be reviewed by"), null=True)
    reminded_at = models.DateTimeField(null=True, editable=False)
    expired_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(_("Published"), null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    useful = models.PositiveIntegerField(db_default=0, editable=False)
    not_useful = models.PositiveIntegerField(db_default=0, editable=False)
    revision = models.PositiveIntegerField(db_default=1, editable=False)

    objects: ClassVar[Any] = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("Article")
        verbose_name_plural = _("Articles")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ArticleState.values), name="article_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=SHOWN_STATES)
                | Q(published__isnull=False, published_at__isnull=False, review_at__isnull=False),
                name="article_shown_has_version_and_review",
            ),
            models.CheckConstraint(
                condition=Q(state=ArticleState.RETIRED, retired_at__isnull=False)
                | (~Q(state=ArticleState.RETIRED) & Q(retired_at=None)),
                name="article_retired_at_some_time",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_at", "-id"], name="article_by_state"),
            models.Index(fields=["-id"], condition=Q(state=ArticleState.NEW), name="article_new"),
            models.Index(fields=["review_at"], condition=Q(state__in=SHOWN_STATES), name="article_to_review"),
        ]
        triggers = [
            pgtrigger.Protect(name="article_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="article_is_about",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                IF TG_OP = 'UPDATE' THEN
                    IF NEW.published_id IS NOT DISTINCT FROM OLD.published_id THEN
                        RETURN NEW;
                    END IF;
                END IF;
                IF NEW.published_id IS NOT NULL AND NOT EXISTS (
                    SELECT FROM knowledge_articleversion v
                    WHERE v.id = NEW.published_id AND v.article_id = NEW.id AND v.state = 'published'
                ) THEN
                    RAISE EXCEPTION 'K6: in force is a version of the article that somebody has published'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'article_is_about', TABLE = 'knowledge_article';
                END IF;
                DELETE FROM knowledge_article_lines WHERE article_id = NEW.id;
                DELETE FROM knowledge_article_products WHERE article_id = NEW.id;
                INSERT INTO knowledge_article_lines (article_id, serviceline_id)
                    SELECT NEW.id, s.code FROM people_serviceline s
                    JOIN knowledge_articleversion v ON s.code = ANY (v.lines) WHERE v.id = NEW.published_id;
                INSERT INTO knowledge_article_products (article_id, producttype_id)
                    SELECT NEW.id, p.id FROM people_producttype p
                    JOIN knowledge_articleversion v ON p.id = ANY (v.products) WHERE v.id = NEW.published_id;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.published.title if self.published else f"#{self.pk}"

    def get_absolute_url(self) -> str:
        """Where staff read it."""
        return reverse("article", args=[self.pk])


class VersionQuerySet(models.QuerySet["ArticleVersion"]):
    """Reads as questions."""

    def open(self) -> Self:
        """Drafts and what waits for a reviewer."""
        return self.filter(state__in=OPEN_VERSIONS)

    def whole(self) -> Self:
        """With the people of a line."""
        return self.select_related("author", "reviewer")


class ArticleVersion(models.Model):
    """What an article says: drafted by one, reviewed by another; unchangeable once it has left its author's hands."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("Version"))
    state = models.CharField(_("State"), max_length=10, choices=VersionState.choices, default=VersionState.DRAFT)
    title = models.CharField(_("Title"), max_length=LONGEST_TITLE)
    body = models.TextField(_("Text"))
    tags: Any = ArrayField(models.CharField(max_length=LONGEST_TAG), default=list, verbose_name=_("Tags"))
    audience = models.CharField(_("For"), max_length=10, choices=Audience.choices, default=Audience.STAFF)
    lines: Any = ArrayField(  # codes; none means all
        models.CharField(max_length=30), default=list, db_default=[], verbose_name=_("Service lines")
    )
    products: Any = ArrayField(models.BigIntegerField(), default=list, db_default=[], verbose_name=_("Product types"))
    note = models.CharField(_("What changed"), max_length=LONGEST_NOTE, blank=True)
    author = models.ForeignKey(_STAFF, verbose_name=_("Author"), on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(
        _STAFF, verbose_name=_("Reviewed by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    answer = models.CharField(_("Answer"), max_length=LONGEST_NOTE, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("Version of an article")
        verbose_name_plural = _("Versions of articles")
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_version_number_once"),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state=VersionState.PUBLISHED), name="article_one_version_in_force"
            ),
            models.UniqueConstraint(
                fields=["article"], condition=Q(state__in=OPEN_VERSIONS), name="article_one_open_version"
            ),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="article_version_state_known"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="article_audience_known"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="article_says_something"),
            models.CheckConstraint(
                condition=Q(reviewer=None) | ~Q(reviewer=F("author")), name="article_reviewer_is_not_author"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[VersionState.PUBLISHED, VersionState.REPLACED])
                | Q(reviewer__isnull=False, decided_at__isnull=False),
                name="article_published_by_a_reviewer",
            ),
        ]
        indexes = [models.Index(fields=["-id"], condition=Q(state__in=OPEN_VERSIONS), name="article_version_open")]
        triggers = [
            pgtrigger.Trigger(
                name="article_version_written_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                IF OLD.state <> 'draft' AND (NEW.title, NEW.body, NEW.tags, NEW.audience, NEW.lines, NEW.products,
                        NEW.note) IS DISTINCT FROM (OLD.title, OLD.body, OLD.tags, OLD.audience, OLD.lines,
                        OLD.products, OLD.note)
                    OR OLD.state IN ('published', 'replaced', 'discarded') AND (NEW.reviewer_id, NEW.answer,
                        NEW.submitted_at, NEW.decided_at) IS DISTINCT FROM (OLD.reviewer_id, OLD.answer,
                        OLD.submitted_at, OLD.decided_at)
                    OR OLD.state = 'published' AND NEW.state NOT IN ('published', 'replaced')
                    OR OLD.state IN ('replaced', 'discarded') AND NEW.state <> OLD.state
                    OR OLD.state = 'draft' AND NEW.state = 'published'
                    OR (NEW.article_id, NEW.number, NEW.author_id, NEW.created_at)
                        IS DISTINCT FROM (OLD.article_id, OLD.number, OLD.author_id, OLD.created_at) THEN
                    RAISE EXCEPTION 'K6: a version is written once and goes one way; make another'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'article_version_written_once',
                    TABLE = 'knowledge_articleversion';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="article_version_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"


class ArticleWords(models.Model):
    """What an article in force is found by: its words, and pairs of characters for what no dictionary knows.

    Written with the article's state in one transaction; who is allowed to read it stands here too, so that the index
    answers alone.
    """

    article = models.OneToOneField(Article, primary_key=True, on_delete=models.DO_NOTHING, related_name="words")
    title_words = SearchVectorField()
    words = SearchVectorField()
    for_customers = models.BooleanField()
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("Words of an article")
        verbose_name_plural = _("Words of articles")
        indexes = [
            GinIndex(fields=["title_words"], name="article_title_found", fastupdate=False),
            GinIndex(fields=["words"], name="article_words_found", fastupdate=False),
        ]

    def __str__(self) -> str:
        return str(self.article_id)


class ArticlePicture(models.Model):
    """A picture of an article, drawn anew; in the database, so that a backup and a roll-back know of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="pictures")
    name = models.CharField(_("Name"), max_length=120)
    content_type = models.CharField(max_length=20)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    sent_sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(_STAFF, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Picture of an article")
        verbose_name_plural = _("Pictures of articles")
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["article", "sent_sha256"], name="article_picture_once"),
            models.CheckConstraint(
                condition=Q(content_type__in=["image/png", "image/jpeg", "image/webp"]), name="article_picture_kind"
            ),
        ]
        triggers = append_only("article_picture")

    def __str__(self) -> str:
        return self.name


class ArticleVote(models.Model):
    """Somebody's answer to 'was this useful': one a person, one a visitor; it may be changed."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="votes")
    staff = models.ForeignKey(_STAFF, on_delete=models.PROTECT, null=True, related_name="+")
    visitor = models.CharField(max_length=40, blank=True)
    useful = models.BooleanField()
    comment = models.CharField(_("What is missing?"), max_length=LONGEST_NOTE, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("Answer to 'was this useful'")
        verbose_name_plural = _("Answers to 'was this useful'")
        constraints = [
            models.UniqueConstraint(
                fields=["article", "staff"], condition=Q(staff__isnull=False), name="article_vote_once_a_person"
            ),
            models.UniqueConstraint(
                fields=["article", "visitor"], condition=~Q(visitor=""), name="article_vote_once_a_visitor"
            ),
            models.CheckConstraint(
                condition=Q(staff__isnull=False, visitor="") | (Q(staff=None) & ~Q(visitor="")),
                name="article_vote_is_somebodys",
            ),
        ]
        indexes = [models.Index(fields=["article", "-id"], name="article_vote_newest")]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.useful}"


class SynonymListQuerySet(models.QuerySet["SynonymList"]):
    """Reads as questions."""

    def newest(self) -> Self:
        """Newest first; the first one is in force."""
        return self.order_by("-number")


class SynonymList(models.Model):
    """What the desk's search takes for the same, as one numbered snapshot; the highest number is in force."""

    number = models.PositiveIntegerField(_("Number"), primary_key=True)
    groups: Any = models.JSONField(_("Groups"))
    note = models.CharField(_("Note"), max_length=LONGEST_NOTE, blank=True)
    made_by = models.ForeignKey(_STAFF, verbose_name=_("By"), on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(_("Since"), db_default=Now(), editable=False)

    objects: ClassVar[Any] = SynonymListQuerySet.as_manager()

    class Meta:
        verbose_name = _("Synonyms")
        verbose_name_plural = _("Synonyms")
        constraints = [models.CheckConstraint(condition=Q(number__gt=0), name="synonyms_number_positive")]
        triggers = append_only("synonymlist")

    def __str__(self) -> str:
        return str(self.number)
