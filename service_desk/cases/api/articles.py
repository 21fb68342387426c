"""Articles beside a case for programs, and one search over articles and cases (K6)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases import listing
from service_desk.cases.actions.articles import link_article, unlink_article
from service_desk.cases.api import scopes
from service_desk.cases.api.answers import CaseLineSerializer
from service_desk.cases.api.reports import CASE_IN_PATH, ROW_IN_PATH, OfCase
from service_desk.cases.listing import Sort
from service_desk.cases.models import Case, CaseArticle
from service_desk.knowledge.articles.rules import ArticleState
from service_desk.knowledge.articles.search import search
from service_desk.knowledge.articles.words import LONGEST_QUESTION
from service_desk.knowledge.shapes_articles import FoundSerializer, found_as_data
from service_desk.people.access import require
from service_desk.rest.base import DeskViewSet
from service_desk.rest.errors import NotFound
from service_desk.rest.serializers import IdField, Moment, NamedSerializer, StrictSerializer, checked


class CaseArticleSerializer(serializers.Serializer[CaseArticle]):
    """An article beside a case."""

    article = serializers.IntegerField(source="article_id")
    title = serializers.CharField(source="article.__str__")
    state = serializers.ChoiceField(source="article.state", choices=ArticleState.choices)
    solved = serializers.BooleanField(help_text="Whether the case was solved with it.")
    linked_by = NamedSerializer()
    linked_at = Moment()


class LinkSerializer(StrictSerializer):
    """Which article, and whether it solved the case."""

    article = IdField()
    solved = serializers.BooleanField(required=False, default=False)


class EverythingQuestionSerializer(StrictSerializer):
    """What is looked for."""

    q = serializers.CharField(max_length=LONGEST_QUESTION)


class EverythingSerializer(serializers.Serializer[Any]):
    """Articles, the most telling first, and cases, newest first; at most twenty of each."""

    articles = FoundSerializer()
    cases = CaseLineSerializer(many=True)


@extend_schema_view(list=extend_schema(summary="Articles beside a case", parameters=[CASE_IN_PATH]))
class CaseArticleViewSet(mixins.ListModelMixin, OfCase):
    """Articles beside a case."""

    queryset = CaseArticle.objects.none()
    serializer_class = CaseArticleSerializer
    keyset_order = ("-id",)
    required_scopes = {"list": scopes.READ, "create": scopes.WRITE, "destroy": scopes.WRITE}

    def get_queryset(self) -> QuerySet[CaseArticle]:
        rows = CaseArticle.objects.filter(case=self.case())
        return rows.select_related("article__published", "linked_by")

    @extend_schema(
        summary="Put an article beside a case",
        parameters=[CASE_IN_PATH],
        request=LinkSerializer,
        responses={200: CaseArticleSerializer},
    )
    def create(self, request: Request, number: str) -> Response:
        """Again for one that is there says whether the case was solved with it."""
        link = link_article(case=self.case(), actor=request.user, **checked(LinkSerializer, request.data))
        whole = CaseArticle.objects.select_related("article__published", "linked_by").get(pk=link.pk)
        return Response(CaseArticleSerializer(whole).data)

    @extend_schema(
        summary="Take an article away from a case", parameters=[CASE_IN_PATH, ROW_IN_PATH], responses={204: None}
    )
    def destroy(self, request: Request, number: str, pk: str) -> Response:
        """By the article's id; the timeline keeps that it stood there."""
        case = self.case()
        if not CaseArticle.objects.filter(case=case, article=int(pk)).exists():
            raise NotFound(_("The article does not stand beside this case."))
        unlink_article(case=case, actor=request.user, article=int(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SearchViewSet(DeskViewSet):
    """One search over what the house knows and what has happened."""

    queryset = Case.objects.none()
    pagination_class = None
    required_scopes = {"list": scopes.READ}

    @extend_schema(
        summary="Search articles and cases",
        parameters=[EverythingQuestionSerializer],
        responses=forced_singular_serializer(EverythingSerializer),  # type: ignore[no-untyped-call]
        filters=False,
    )
    def list(self, request: Request) -> Response:
        """Words, a number, a telephone number or a customer; what the desk takes for the same is found too."""
        require(request.user, "case.view")
        asked = checked(EverythingQuestionSerializer, request.query_params)["q"]
        cases: Any = listing.one_page(listing.find(request.user, {"q": asked}), Sort.NEWEST).items
        found = found_as_data(search(asked))
        return Response({"articles": FoundSerializer(found).data, "cases": CaseLineSerializer(cases, many=True).data})
