"""REST: articles through their whole life, their search, and the synonyms (K6)."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.knowledge.actions import articles as verbs
from service_desk.knowledge.actions.articles import Words
from service_desk.knowledge.actions.articles_beside import add_picture, change_synonyms, demand_picture_size, vote
from service_desk.knowledge.articles import synonyms
from service_desk.knowledge.articles.about import changes
from service_desk.knowledge.articles.compare import Row, side_by_side
from service_desk.knowledge.articles.rules import OPEN_VERSIONS
from service_desk.knowledge.articles.search import search, suggest
from service_desk.knowledge.listed import ListedViewSet
from service_desk.knowledge.models import Article, ArticleVersion, SynonymList
from service_desk.knowledge.shapes_articles import (
    AgainstSerializer,
    ArticleDraftSerializer,
    ArticleFilterSerializer,
    ArticleSerializer,
    ArticleVersionSerializer,
    ConfirmSerializer,
    FeedbackSerializer,
    FoundSerializer,
    PictureSerializer,
    PictureUploadSerializer,
    PublishSerializer,
    QuestionSerializer,
    RetireSerializer,
    RowSerializer,
    SendBackSerializer,
    SuggestSerializer,
    SynonymsChangeSerializer,
    SynonymsSerializer,
    WholeArticleSerializer,
    WholeVersionSerializer,
    found_as_data,
    row_as_data,
)
from service_desk.people.access import require
from service_desk.rest.clean import CleanMultiPartParser, DeskJSONParser
from service_desk.rest.errors import NotFound
from service_desk.rest.etags import EtagMixin
from service_desk.rest.scopes import register
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    StrictSerializer,
    checked,
    nothing_there,
)

READ = register("articles:read", _("Read and search articles, and the synonyms"))
WRITE = register("articles:write", _("Write, review, publish and retire articles, and keep the synonyms"))
_VERSIONS = 200
_NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="The number of the version.")


@extend_schema_view(
    list=extend_schema(summary="Articles, newest first", parameters=[ArticleFilterSerializer]),
    retrieve=extend_schema(summary="An article with its text", responses=WholeArticleSerializer),
)
class ArticleViewSet(EtagMixin, ListedViewSet):
    """Articles: written by one, reviewed and published by another."""

    queryset = Article.objects.none()
    serializer_class = ArticleSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("-id",)
    filters = ArticleFilterSerializer
    version_field = "revision"
    if_match_actions = frozenset({"draft", "submit", "send_back", "publish", "discard", "confirm", "retire"})
    required_scopes = {
        **dict.fromkeys(("list", "retrieve", "search", "suggest", "versions", "version", "diff", "pictures"), READ),
        **dict.fromkeys(("create", "feedback", "send_picture", *if_match_actions), WRITE),
    }

    def get_parsers(self) -> list[Any]:
        # Asked for before DRF knows the action.
        wanted = getattr(self, "action_map", {}).get((getattr(self.request, "method", None) or "").lower())
        return [CleanMultiPartParser() if wanted == "send_picture" else DeskJSONParser()]

    def get_queryset(self) -> QuerySet[Article]:
        require(self.request.user, "article.view")
        opened = ArticleVersion.objects.filter(state__in=OPEN_VERSIONS).whole()
        found: QuerySet[Article] = (
            Article.objects.visible_to(self.request.user)
            .select_related("published__author", "published__reviewer", "owner")
            .prefetch_related(Prefetch("versions", queryset=opened, to_attr="open_versions"))
        )
        return found

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        wanted = checked(self.filters, self.request.query_params)
        line = wanted.pop("line", None)
        rows = queryset.filter(**wanted)
        return rows if line is None else rows.about(line)

    def get_serializer_class(self) -> Any:
        return WholeArticleSerializer if self.action == "retrieve" else ArticleSerializer

    @extend_schema(summary="Begin an article", request=ArticleDraftSerializer, responses={201: WholeArticleSerializer})
    def create(self, request: Request) -> Response:
        """The first draft; it is in force once somebody else has published it."""
        made = verbs.begin(actor=request.user, words=Words(**checked(ArticleDraftSerializer, request.data)))
        there = self.reverse_action("detail", [made.pk])
        return self._answer(made, status.HTTP_201_CREATED, Location=there)

    @extend_schema(summary="Write the draft", request=ArticleDraftSerializer, responses=WholeArticleSerializer)
    @action(detail=True, methods=["put"])
    def draft(self, request: Request, pk: str) -> Response:
        """The whole of one's open draft anew; where there is none, the next version begins."""
        words = Words(**checked(ArticleDraftSerializer, request.data))
        return self._done(verbs.write, words=words)

    @extend_schema(summary="Send the draft for review", request=None, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """From now on its text cannot be changed."""
        return self._done(verbs.submit)

    @extend_schema(summary="Send it back", request=SendBackSerializer, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"], url_path="send-back", url_name="send-back")
    def send_back(self, request: Request, pk: str) -> Response:
        """The reviewer says what is to be mended."""
        return self._done(verbs.send_back, **checked(SendBackSerializer, request.data))

    @extend_schema(summary="Publish it", request=PublishSerializer, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """By somebody other than its author; words for customers pass the language check."""
        return self._done(verbs.publish, **checked(PublishSerializer, request.data))

    @extend_schema(summary="Throw the open version away", request=None, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """What is in force stays."""
        return self._done(verbs.discard)

    @extend_schema(summary="Say that it is still right", request=ConfirmSerializer, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """By somebody other than its author; an overdue one is shown to customers again."""
        return self._done(verbs.confirm, **checked(ConfirmSerializer, request.data))

    @extend_schema(summary="Retire it", request=RetireSerializer, responses=WholeArticleSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """The search does not find it any more; versions and cases stay."""
        return self._done(verbs.retire, **checked(RetireSerializer, request.data))

    @extend_schema(summary="Versions, newest first", responses=ArticleVersionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def versions(self, request: Request, pk: str) -> Response:
        """At most the newest 200, without their texts."""
        checked(StrictSerializer, request.query_params)
        rows = self.get_object().versions.whole().defer("body").order_by("-number")[:_VERSIONS]
        return Response(ArticleVersionSerializer(rows, many=True).data)

    @extend_schema(summary="One version with its text", parameters=[_NUMBER], responses=WholeVersionSerializer)
    @action(
        detail=True,
        methods=["get"],
        url_path="versions/(?P<number>[0-9]{1,9})",
        url_name="version",
        pagination_class=None,
    )
    def version(self, request: Request, pk: str, number: str) -> Response:
        """As it was written."""
        return Response(WholeVersionSerializer(self._version(self.get_object(), int(number))).data)

    @extend_schema(
        summary="What a version changed",
        parameters=[_NUMBER, AgainstSerializer],
        responses=RowSerializer(many=True),
        filters=False,
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="versions/(?P<number>[0-9]{1,9})/diff",
        url_name="version-diff",
        pagination_class=None,
    )
    def diff(self, request: Request, pk: str, number: str) -> Response:
        """Line by line, in words, against the version before or another one; first what else it says differently."""
        article = self.get_object()
        version = self._version(article, int(number))
        wanted = checked(AgainstSerializer, request.query_params).get("against")
        other = article.versions.filter(number=wanted or version.number - 1).first()
        if wanted is not None and other is None:
            raise nothing_there("against")
        heads = changes(other, version) if other is not None else []
        rows = [row_as_data(Row("changed", [(each.before, True)], [(each.after, True)]), each.field) for each in heads]
        rows += [row_as_data(row) for row in side_by_side(other.body if other else "", version.body)]
        return Response(RowSerializer(rows, many=True).data)

    @extend_schema(summary="Pictures of an article", responses=PictureSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def pictures(self, request: Request, pk: str) -> Response:
        """All of them, of whichever version; at most thirty."""
        checked(StrictSerializer, request.query_params)
        return Response(PictureSerializer(self.get_object().pictures.defer("content"), many=True).data)

    @extend_schema(
        summary="Add a picture to an article",
        request={"multipart/form-data": PictureUploadSerializer},
        responses={201: PictureSerializer},
    )
    @pictures.mapping.post
    def send_picture(self, request: Request, pk: str) -> Response:
        """Drawn anew, without place and camera; seen once a text that names it is published."""
        sent = checked(PictureUploadSerializer, request.data)["file"]
        demand_picture_size(sent.size)
        made = add_picture(actor=request.user, article=self.get_object(), content=sent.read(), name=sent.name)
        return Response(PictureSerializer(made).data, status.HTTP_201_CREATED)

    @extend_schema(summary="Was this useful?", request=FeedbackSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def feedback(self, request: Request, pk: str) -> Response:
        """One answer a person; a second takes the place of the first."""
        vote(article=self.get_object(), actor=request.user, **checked(FeedbackSerializer, request.data))
        self._shown_version = None
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Search articles", parameters=[QuestionSerializer], responses=FoundSerializer, filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def search(self, request: Request) -> Response:
        """Words inside a sentence, and what the desk takes for the same; the most telling first, twenty a page."""
        require(request.user, "article.view")
        wanted = checked(QuestionSerializer, request.query_params)
        found = search(wanted["q"], line=wanted["line"], number=wanted["page"])
        return Response(FoundSerializer(found_as_data(found)).data)

    @extend_schema(
        summary="Articles that fit a subject",
        parameters=[SuggestSerializer],
        responses=ArticleSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def suggest(self, request: Request) -> Response:
        """At most five, by title, tags and product."""
        require(request.user, "article.view")
        wanted = checked(SuggestSerializer, request.query_params)
        found = suggest(wanted["q"], product=wanted.get("product"), line=wanted["line"])
        rows = self.get_queryset().in_bulk([each.pk for each in found])
        ordered: Any = [rows[each.pk] for each in found if each.pk in rows]
        return Response(ArticleSerializer(ordered, many=True).data)

    def _version(self, article: Article, number: int) -> ArticleVersion:
        found: ArticleVersion | None = article.versions.whole().filter(number=number).first()
        if found is None:
            raise NotFound(_("There is no such version."))
        return found

    def _done(self, verb: Any, **given: Any) -> Response:
        article = self.get_object()
        expected = self.expected_version
        revision = None if expected is None else int(expected)
        return self._answer(verb(actor=self.request.user, article=article, revision=revision, **given))

    def _answer(self, article: Article, code: int = status.HTTP_200_OK, **headers: str) -> Response:
        whole = self.get_queryset().get(pk=article.pk)
        self.show_version(whole.revision)
        return Response(WholeArticleSerializer(whole).data, code, headers=headers)


@extend_schema_view(
    list=extend_schema(summary="Lists of synonyms, newest first; the first is in force"),
    retrieve=extend_schema(summary="A list of synonyms"),
)
class SynonymViewSet(ListedViewSet):
    """What the search takes for the same, as numbered lists."""

    queryset = SynonymList.objects.none()
    serializer_class = SynonymsSerializer
    lookup_value_regex = "[0-9]{1,9}"
    keyset_order = ("-number",)
    required_scopes = {"list": READ, "retrieve": READ, "create": WRITE}

    def get_queryset(self) -> QuerySet[SynonymList]:
        require(self.request.user, "synonyms.view")
        found: QuerySet[SynonymList] = SynonymList.objects.select_related("made_by")
        return found

    @extend_schema(
        summary="Put another list in force", request=SynonymsChangeSerializer, responses={201: SynonymsSerializer}
    )
    def create(self, request: Request) -> Response:
        """The whole list; refused if another was put in force since the one it was made from."""
        given = checked(SynonymsChangeSerializer, request.data)
        text = synonyms.as_text(given.pop("groups"))
        made = change_synonyms(actor=request.user, text=text, **given)
        return self.made(made.pk)


router_entries = [
    ("articles", ArticleViewSet, "article"),
    ("synonyms", SynonymViewSet, "synonym"),
]
