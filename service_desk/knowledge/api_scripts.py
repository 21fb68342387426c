"""REST: call scripts, as the desk keeps them and as they are to be said now (K5)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.knowledge.actions.scripting import add_line, remove_line
from service_desk.knowledge.api import READ, WRITE
from service_desk.knowledge.listed import ListedViewSet
from service_desk.knowledge.models import ScriptLine
from service_desk.knowledge.offers import facts_for, script
from service_desk.knowledge.rules import DayPart, Situation
from service_desk.people.access import require
from service_desk.people.models import ServiceLine
from service_desk.rest.serializers import WHOLE_NUMBER, FilterSerializer, StrictSerializer, checked, nothing_there

_LINE = "The code of a service line."


class ScriptLineSerializer(serializers.Serializer[Any]):
    """A line of the script: the phrase as it is approved now, with its slots open."""

    id = serializers.IntegerField()
    situation = serializers.ChoiceField(choices=Situation.choices)
    service_line = serializers.CharField(source="service_line_id", allow_null=True, help_text="None means every line.")
    day_part = serializers.ChoiceField(choices=DayPart.choices, allow_blank=True)
    position = serializers.IntegerField()
    code = serializers.CharField()
    text = serializers.CharField(source="words")


class ScriptFilterSerializer(FilterSerializer):
    """The filters of the list."""

    situation = serializers.ChoiceField(choices=Situation.choices, required=False)
    service_line = serializers.CharField(max_length=30, required=False, help_text=_LINE)


class ScriptDraftSerializer(StrictSerializer):
    """An approved phrase for a situation."""

    situation = serializers.ChoiceField(choices=Situation.choices)
    code = serializers.CharField(max_length=20, help_text="Of an approved phrase to use.")
    service_line = serializers.CharField(max_length=30, required=False, allow_null=True, default=None, help_text=_LINE)
    day_part = serializers.ChoiceField(choices=DayPart.choices, required=False, allow_blank=True, default="")
    position = serializers.IntegerField(min_value=1, max_value=99, required=False, default=1)


class SayingSerializer(StrictSerializer):
    """What is known of the call; a slot of which nothing is known stays open."""

    service_line = serializers.CharField(max_length=30, required=False, allow_null=True, default=None, help_text=_LINE)
    customer = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    number = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class SpokenSerializer(serializers.Serializer[Any]):
    """A phrase with its slots filled."""

    code = serializers.CharField()
    text = serializers.CharField()


class SceneSerializer(serializers.Serializer[Any]):
    """A situation of the call and what to say in it."""

    situation = serializers.CharField(source="code")
    label = serializers.CharField()  # type: ignore[assignment]
    lines = SpokenSerializer(many=True)


@extend_schema_view(
    list=extend_schema(summary="Lines of the call script", parameters=[ScriptFilterSerializer]),
    retrieve=extend_schema(summary="A line of the call script"),
)
class ScriptViewSet(ListedViewSet):
    """Which approved phrase is said in which situation; a script has no words of its own."""

    queryset = ScriptLine.objects.none()
    serializer_class = ScriptLineSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("id",)
    filters = ScriptFilterSerializer
    required_scopes = {"list": READ, "retrieve": READ, "say": READ, "*": WRITE}

    def get_queryset(self) -> QuerySet[ScriptLine]:
        require(self.request.user, "phrase.view")
        found: QuerySet[ScriptLine] = ScriptLine.objects.with_words().select_related("phrase")
        return found

    @extend_schema(
        summary="Put a phrase into the script", request=ScriptDraftSerializer, responses={201: ScriptLineSerializer}
    )
    def create(self, request: Request) -> Response:
        """Only a phrase that is approved now."""
        given = checked(ScriptDraftSerializer, request.data)
        made = add_line(actor=request.user, **{**given, "service_line": _service_line(given["service_line"])})
        return self.made(made.pk)

    @extend_schema(summary="Take a line out of the script", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """The phrase itself stays in the book."""
        remove_line(actor=request.user, line=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="What to say now", request=SayingSerializer, responses=SceneSerializer(many=True))
    @action(detail=False, methods=["post"], pagination_class=None)
    def say(self, request: Request) -> Response:
        """The script of a call, names filled in; posted, so that no name stands in an address. Nothing is kept."""
        require(request.user, "phrase.view")
        given = checked(SayingSerializer, request.data)
        line = _service_line(given["service_line"])
        facts = facts_for(request.user, customer=given["customer"], number=given["number"])
        return Response(SceneSerializer(script(line.pk if line else None, facts), many=True).data)


def _service_line(code: str | None) -> ServiceLine | None:
    if code is None:
        return None
    found = ServiceLine.objects.filter(pk=code).first()
    if found is None:
        raise nothing_there("service_line")
    return found


router_entries = [("scripts", ScriptViewSet, "script")]
