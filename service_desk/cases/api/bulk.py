"""The door for one move on many cases: every case answers for itself."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases.actions.bulk import MOST, VERBS, bulk
from service_desk.cases.api.requests import REQUESTS
from service_desk.cases.rules import MOVES, CaseState
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import StrictSerializer, checked


class BulkSerializer(StrictSerializer):
    """Which move, for which cases, with which words."""

    verb = serializers.ChoiceField(choices=[(verb, MOVES[verb].label) for verb in VERBS])
    numbers = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=MOST)
    answers = serializers.DictField(
        required=False, help_text="What the verb takes, as at its own address; the same for every case."
    )
    each = serializers.DictField(
        required=False,
        child=serializers.DictField(),
        help_text="What differs from case to case, by number: the facts of a hand-over.",
    )
    versions = serializers.DictField(
        required=False,
        child=serializers.IntegerField(min_value=0, max_value=2**31 - 1),
        help_text="The version of each case that the caller has seen, by number; a case changed since is refused.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if strange := sorted(set(attrs.get("each", {})) - set(attrs["numbers"])):
            words = _("%(number)s is none of the numbers.") % {"number": strange[0][:40]}
            raise serializers.ValidationError({"each": [words]}, code="unknown")
        return attrs


class BulkItemSerializer(serializers.Serializer[Any]):
    """What became of one case."""

    number = serializers.CharField()
    done = serializers.BooleanField()
    state = serializers.ChoiceField(choices=CaseState.choices, allow_blank=True)
    version = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(help_text="Of the refusal; empty when it was done.")
    detail = serializers.CharField()
    remedy = serializers.CharField()
    found = serializers.CharField(help_text="What the language check found in words that were saved all the same.")


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """How many were done and refused, and each of them in the order asked for."""

    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    items = BulkItemSerializer(many=True)


class BulkMixin(DeskViewSet):
    """`POST /cases/bulk/`."""

    @extend_schema(summary="One move for many cases", request=BulkSerializer, responses=BulkAnswerSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Each case in a transaction of its own; a refusal stops no other, so the answer is 200 and lists each."""
        given = checked(BulkSerializer, request.data)
        verb, shared, each = given["verb"], given.get("answers", {}), given.get("each", {})
        complete = {number: checked(REQUESTS[verb], {**shared, **own}) for number, own in each.items()}
        alone = [number for number in given["numbers"] if number not in complete]
        items = bulk(
            verb=verb,
            numbers=given["numbers"],
            actor=request.user,
            answers=checked(REQUESTS[verb], shared) if alone else {},
            each=complete,
            versions=given.get("versions"),
        )
        done = sum(item.done for item in items)
        answer = {"done": done, "refused": len(items) - done, "items": items}
        return Response(BulkAnswerSerializer(answer).data)
