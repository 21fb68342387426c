"""What REST takes and answers of articles and synonyms: the shapes of requests and rows (K6)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from service_desk.knowledge.articles import synonyms
from service_desk.knowledge.articles.compare import Row
from service_desk.knowledge.articles.rules import (
    LONGEST_BODY,
    LONGEST_NOTE,
    LONGEST_TAG,
    LONGEST_TITLE,
    MOST_TAGS,
    ArticleState,
    Audience,
    VersionState,
)
from service_desk.knowledge.articles.sayable import found_in
from service_desk.knowledge.articles.search import Found
from service_desk.knowledge.articles.text import as_html, in_text
from service_desk.knowledge.articles.words import LONGEST_QUESTION
from service_desk.knowledge.models import Article, ArticlePicture, ArticleVersion, SynonymList
from service_desk.knowledge.rules import Category, Weight
from service_desk.rest.serializers import FilterSerializer, IdField, Moment, NamedSerializer, StrictSerializer


def _line() -> serializers.CharField:
    return serializers.CharField(max_length=30, required=False, default="", help_text="The code of a service line.")


class ArticleVersionSerializer(serializers.Serializer[ArticleVersion]):
    """One version, without its text."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=VersionState.choices)
    title = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    audience = serializers.ChoiceField(choices=Audience.choices)
    lines = serializers.ListField(child=serializers.CharField(), help_text="Codes of service lines; none means all.")
    products = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of product types.")
    note = serializers.CharField()
    author = NamedSerializer()
    reviewer = NamedSerializer(allow_null=True)
    answer = serializers.CharField(help_text="What the reviewer wrote to the author.")
    created_at = Moment()
    submitted_at = Moment(allow_null=True)
    decided_at = Moment(allow_null=True)


class WholeVersionSerializer(ArticleVersionSerializer):
    """One version with its text."""

    body = serializers.CharField(help_text="Markdown.")
    html = serializers.SerializerMethodField(help_text="As it is shown; nothing in it runs.")

    def get_html(self, version: ArticleVersion) -> str:
        """The cleaned text."""
        return str(as_html(version.body))


class ArticleSerializer(serializers.Serializer[Article]):
    """An article; its text is in its versions."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ArticleState.choices)
    title = serializers.SerializerMethodField(help_text="Of the version in force, else of the draft; so are lines.")
    published = serializers.IntegerField(
        source="published.number", default=None, allow_null=True, help_text="The version in force."
    )
    draft = serializers.SerializerMethodField(help_text="The open version, if there is one.")
    owner = NamedSerializer()
    lines = serializers.SerializerMethodField(help_text="Codes of service lines; none means all.")
    review_at = Moment(allow_null=True)
    published_at = Moment(allow_null=True)
    useful = serializers.IntegerField()
    not_useful = serializers.IntegerField()

    def get_title(self, article: Article) -> str:
        """What it is called."""
        return version.title if (version := _told_by(article)) else ""

    def get_draft(self, article: Article) -> int | None:
        """The number of the open version."""
        held: list[ArticleVersion] = getattr(article, "open_versions", [])
        return held[0].number if held else None

    def get_lines(self, article: Article) -> list[str]:
        """The codes."""
        return list(version.lines) if (version := _told_by(article)) else []


def _told_by(article: Article) -> ArticleVersion | None:
    """The version in force; of what was never published the open one."""
    held: list[ArticleVersion] = getattr(article, "open_versions", [])
    return article.published or (held[0] if held else None)


class SaidSerializer(serializers.Serializer[Any]):
    """What the open version says that must not be said; what blocks stops the publishing for customers."""

    phrase = serializers.CharField()
    entry = serializers.CharField()
    category = serializers.ChoiceField(choices=Category.choices)
    severity = serializers.ChoiceField(choices=Weight.choices)
    suggestions = serializers.ListField(child=serializers.CharField())


class WholeArticleSerializer(ArticleSerializer):
    """An article with the version in force and the open one."""

    version = WholeVersionSerializer(source="published", allow_null=True)
    open_version = serializers.SerializerMethodField()
    findings = serializers.SerializerMethodField(help_text="Of the language check, for the open version.")
    products = serializers.SerializerMethodField(help_text="Ids of product types.")

    @extend_schema_field(WholeVersionSerializer(allow_null=True))
    def get_open_version(self, article: Article) -> Any:
        """The draft or what waits for its review."""
        held: list[ArticleVersion] = getattr(article, "open_versions", [])
        return WholeVersionSerializer(held[0]).data if held else None

    @extend_schema_field(SaidSerializer(many=True))
    def get_findings(self, article: Article) -> Any:
        """What publishing will ask about."""
        held: list[ArticleVersion] = getattr(article, "open_versions", [])
        return SaidSerializer(found_in(held[0]) if held else [], many=True).data

    def get_products(self, article: Article) -> list[int]:
        """The ids."""
        return list(version.products) if (version := _told_by(article)) else []


class ArticleDraftSerializer(StrictSerializer):
    """What an article says; the whole of it, each time."""

    title = serializers.CharField(max_length=LONGEST_TITLE)
    body = serializers.CharField(max_length=LONGEST_BODY, trim_whitespace=False, help_text="Markdown.")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_TAG), max_length=MOST_TAGS, required=False, default=list
    )
    audience = serializers.ChoiceField(choices=Audience.choices, required=False, default=Audience.STAFF)
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    lines = serializers.ListField(
        child=serializers.CharField(max_length=30), max_length=50, required=False, default=list
    )
    products = serializers.ListField(child=IdField(), max_length=100, required=False, default=list)


class ArticleFilterSerializer(FilterSerializer):
    """The filters of the list."""

    state = serializers.ChoiceField(choices=ArticleState.choices, required=False)
    line = serializers.CharField(max_length=30, required=False)


class QuestionSerializer(StrictSerializer):
    """What is looked for."""

    q = serializers.CharField(max_length=LONGEST_QUESTION)
    line = _line()
    page = serializers.IntegerField(min_value=1, max_value=99_999, required=False, default=1)


class SuggestSerializer(StrictSerializer):
    """What somebody is writing about."""

    q = serializers.CharField(max_length=LONGEST_QUESTION)
    line = _line()
    product = IdField(required=False)


class PieceSerializer(serializers.Serializer[Any]):
    """A stretch of text, and whether it is one of the words."""

    text = serializers.CharField()
    marked = serializers.BooleanField()


class HitSerializer(serializers.Serializer[Any]):
    """An article that was found."""

    article = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ArticleState.choices)
    title = PieceSerializer(many=True)
    snippet = PieceSerializer(many=True)


class FoundSerializer(serializers.Serializer[Any]):
    """What a search found, the most telling first."""

    total = serializers.IntegerField(help_text="At most 100.")
    more = serializers.BooleanField(help_text="Whether others hold the words too; these are the newest, in order.")
    relaxed = serializers.BooleanField(help_text="Whether the last ones hold only some of the words.")
    page = serializers.IntegerField()
    results = HitSerializer(many=True)


class PublishSerializer(StrictSerializer):
    """Until when it is believed, and a word to the author."""

    review_at = Moment(required=False)
    answer = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")
    override = serializers.CharField(
        max_length=LONGEST_NOTE,
        required=False,
        allow_blank=True,
        default="",
        help_text="A supervisor's reason why words that the language check stops may stay.",
    )


class ConfirmSerializer(StrictSerializer):
    """Until when it is believed."""

    review_at = Moment(required=False)


class SendBackSerializer(StrictSerializer):
    """What is to be mended."""

    answer = serializers.CharField(max_length=LONGEST_NOTE)


class RetireSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_NOTE)


class PictureUploadSerializer(StrictSerializer):
    """One picture: PNG, JPEG, GIF or WebP."""

    file = serializers.FileField(allow_empty_file=True, max_length=400)


class PictureSerializer(serializers.Serializer[ArticlePicture]):
    """A picture of an article."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="By its content.")
    size = serializers.IntegerField(help_text="In bytes, as it was drawn anew.")
    uploaded_at = Moment()
    markdown = serializers.SerializerMethodField(help_text="The words that put it into a text.")
    url = serializers.SerializerMethodField(help_text="Where it is shown, to whoever may read a text that names it.")

    def get_markdown(self, picture: ArticlePicture) -> str:
        """As the editor writes it."""
        return in_text(picture.name, picture.pk)

    def get_url(self, picture: ArticlePicture) -> str:
        """Its address at this desk."""
        return reverse("article-picture", args=[picture.pk])


class FeedbackSerializer(StrictSerializer):
    """Was this useful?"""

    useful = serializers.BooleanField()
    comment = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")


class RowSerializer(serializers.Serializer[Any]):
    """A line of two versions side by side; of the fields beside the text one row each."""

    field = serializers.CharField(help_text="title, tags, audience, lines, products; body: a line of the text")
    kind = serializers.CharField(help_text="same, changed, added, gone or skipped")
    before = PieceSerializer(many=True)
    after = PieceSerializer(many=True)
    skipped = serializers.IntegerField()


class AgainstSerializer(StrictSerializer):
    """The other version; the one before by default."""

    against = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class SynonymsSerializer(serializers.Serializer[SynonymList]):
    """A list of words that mean the same to the search."""

    number = serializers.IntegerField()
    groups = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    note = serializers.CharField()
    made_by = NamedSerializer(allow_null=True)
    made_at = Moment()


class SynonymsChangeSerializer(StrictSerializer):
    """The whole list anew."""

    groups = serializers.ListField(
        child=serializers.ListField(
            child=serializers.CharField(max_length=synonyms.LONGEST_WORD), max_length=synonyms.MOST_WORDS
        ),
        max_length=synonyms.MOST_GROUPS,
    )
    based_on = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="The number it was made from.")
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, allow_blank=True, default="")


def found_as_data(found: Found) -> dict[str, Any]:
    """What was found as REST answers it."""
    return {
        "total": found.total,
        "more": found.more,
        "relaxed": found.relaxed,
        "page": found.number,
        "results": [
            {
                "article": hit.article.pk,
                "state": hit.article.state,
                "title": pieces_as_data(hit.title),
                "snippet": pieces_as_data(hit.snippet),
            }
            for hit in found.hits
        ],
    }


def pieces_as_data(pieces: list[tuple[str, bool]]) -> list[dict[str, Any]]:
    """A text in pieces, as REST answers it."""
    return [{"text": text, "marked": lit} for text, lit in pieces]


def row_as_data(row: Row, field: str = "body") -> dict[str, Any]:
    """A line of two versions, as REST answers it."""
    return {
        "field": field,
        "kind": row.kind,
        "before": pieces_as_data(row.before),
        "after": pieces_as_data(row.after),
        "skipped": row.skipped,
    }
