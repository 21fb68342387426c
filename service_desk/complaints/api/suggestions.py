"""The doors of customers' suggestions: sent to a unit, answered by it, the answer returned (P11)."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases.models import Case
from service_desk.complaints import actions
from service_desk.complaints.api import scopes
from service_desk.complaints.models import Suggestion
from service_desk.people.models import Unit
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import (
    FilterSerializer,
    IdField,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
    nothing_there,
)


class SuggestionRequest(StrictSerializer):
    """A suggestion to be sent; its text names no customer."""

    case = serializers.CharField(max_length=24, help_text="The number of the case it came with.")
    unit = IdField()
    text = serializers.CharField(max_length=2000)
    due_at = Moment(help_text="Until when the customer was promised the answer (C11).")


class WordsRequest(StrictSerializer):
    """What was said."""

    text = serializers.CharField(max_length=2000)
    override = serializers.CharField(
        max_length=200, required=False, help_text="A supervisor's reason why it is sent all the same (K3)."
    )


class SuggestionSerializer(serializers.Serializer[Suggestion]):
    """A suggestion; `case` only for those who may know of it."""

    id = serializers.IntegerField(source="pk")
    unit = NamedSerializer()
    text = serializers.CharField()
    at = Moment()
    answer = serializers.CharField()
    answered_at = Moment(allow_null=True)
    returned_at = Moment(allow_null=True)


@extend_schema_view(
    list=extend_schema(
        summary="Suggestions of customers, newest first",
        responses=SuggestionSerializer(many=True),
    ),
    retrieve=extend_schema(summary="One suggestion", responses=SuggestionSerializer),
)
class SuggestionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Suggestions of customers."""

    queryset = Suggestion.objects.none()
    serializer_class = SuggestionSerializer
    lookup_value_regex = "[0-9]{1,18}"
    keyset_order: tuple[str, ...] = ("-id",)
    required_scopes = {
        **dict.fromkeys(("list", "retrieve"), scopes.READ),
        **dict.fromkeys(("create", "answer", "return_answer"), scopes.WRITE),
    }

    def get_queryset(self) -> QuerySet[Suggestion]:
        if self.action == "list":
            checked(FilterSerializer, self.request.query_params)
        return Suggestion.objects.visible_to(self.request.user).select_related("unit")

    @extend_schema(summary="Send a suggestion", request=SuggestionRequest, responses={201: SuggestionSerializer})
    def create(self, request: Request) -> Response:
        """To the unit concerned, with the time until which the answer was promised."""
        given = checked(SuggestionRequest, request.data)
        case = Case.objects.visible_to(request.user).filter(number=given["case"]).first()
        unit = Unit.objects.filter(pk=given["unit"]).first()
        if case is None or unit is None:
            raise nothing_there("case" if case is None else "unit")
        made = actions.suggest(case=case, actor=request.user, unit=unit, text=given["text"], due_at=given["due_at"])
        return self._shown(made, status.HTTP_201_CREATED)

    @extend_schema(summary="Answer a suggestion", request=WordsRequest, responses=SuggestionSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str) -> Response:
        """Who leads the unit answers."""
        given = checked(WordsRequest, request.data)
        return self._shown(actions.answer(suggestion=self.get_object(), actor=request.user, **given))

    @extend_schema(summary="The answer was returned", request=WordsRequest, responses=SuggestionSerializer)
    @action(detail=True, methods=["post"], url_path="return")
    def return_answer(self, request: Request, pk: str) -> Response:
        """The customer was told; the promise is kept."""
        given = checked(WordsRequest, request.data)
        return self._shown(actions.return_answer(suggestion=self.get_object(), actor=request.user, **given))

    @staticmethod
    def _shown(made: Suggestion, code: int = status.HTTP_200_OK) -> Response:
        return Response(SuggestionSerializer(made).data, code)
