"""Whose minutes they were, through REST: the same sums as on the screen (D6)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases import stage_sums
from service_desk.cases.api import scopes
from service_desk.cases.models import Case
from service_desk.cases.stage_sums import SORTS, By, Period
from service_desk.deadlines.clock import now
from service_desk.people.access import require
from service_desk.people.models import ServiceLine, Unit
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import FilterSerializer, IdField, checked, nothing_there


class PeriodSerializer(FilterSerializer):
    """The period: days in the desk's zone, both included; the last thirty days, when left out."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    unit = IdField(required=False, help_text="This unit and everything below it.")
    service_line = serializers.CharField(required=False, max_length=40)
    by = serializers.ChoiceField(choices=By.choices, required=False, default=By.PERSON)


class Seconds(serializers.FloatField):
    """A length of time."""

    def to_representation(self, value: Any) -> Any:
        return float(value.total_seconds())


class StageSumSerializer(serializers.Serializer[Any]):
    """The sums of a person or a unit; times in seconds."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    cases = serializers.IntegerField()
    first_responder = Seconds(help_text="Seconds as first responder.")
    handler = Seconds(help_text="Seconds as handler.")
    hand_over = Seconds(help_text="Seconds in which a hand-over waited for the answer.")
    customer = Seconds(help_text="Seconds of waiting for the customer.")
    others = Seconds(help_text="Seconds of waiting for a part or somebody outside.")
    whole = Seconds(help_text="Seconds, all together.")
    late_cases = serializers.IntegerField()
    late = Seconds(help_text="Seconds of the whole in late cases.")
    pauses = serializers.IntegerField()
    paused = Seconds(help_text="Seconds for which this person's pauses lasted (D3).")


class StageSumViewSet(DeskViewSet):
    """Sums of stages."""

    queryset = Case.objects.none()
    serializer_class = StageSumSerializer
    pagination_class = None
    required_scopes = {"list": scopes.READ}

    @extend_schema(
        summary="Whose minutes they were, per person or unit",
        parameters=[PeriodSerializer],
        responses=StageSumSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """For those who lead and those who inspect."""
        require(request.user, "stages.view")
        given = checked(PeriodSerializer, request.query_params)
        rows = stage_sums.sums(request.user, _period(given), given["by"], now=now())
        return Response(StageSumSerializer(stage_sums.in_order(rows, SORTS[0], down=False), many=True).data)


def _period(given: dict[str, Any]) -> Period:
    usual = stage_sums.usual_period(now())
    if "unit" in given and not Unit.objects.filter(pk=given["unit"]).exists():
        raise nothing_there("unit")
    if given.get("service_line") and not ServiceLine.objects.filter(pk=given["service_line"]).exists():
        raise nothing_there("service_line")
    return Period(
        since=given.get("since") or min(usual.since, given.get("until") or usual.since),
        until=given.get("until") or max(usual.until, given.get("since") or usual.until),
        unit=given.get("unit"),
        service_line=given.get("service_line", ""),
    ).checked()
